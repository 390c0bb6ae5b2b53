"""Trouble beside SAM2's: killed functions, a restarted broker, storage that answers 503."""

import random
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.pubsub_v1 import types

from local.stack import HOPS, Stack, subscription_path, topic_path
from tests.chaos.mix import Mix
from tests.chaos.sam2 import Server

_VICTIMS = ("landmarks", "segmentation", "segmentation", "landmarks", "sam2", "drain")
_COPY = "chaos-copy"


class Trouble:
    """Strikes when it is time: call `strike` often, from the thread that checks the stack."""

    def __init__(self, stack: Stack, mix: Mix) -> None:
        self.injected: Counter[str] = Counter()
        self._stack = stack
        self._mix = mix
        self._dice = random.Random(mix.seed + 1)
        self._next_kill = time.monotonic() + mix.kill_every
        self._broker_restarts = [
            (number + 1) / (mix.broker_restarts + 2) for number in range(mix.broker_restarts)
        ]
        self._outage_at: float | None = 0.5 if mix.storage_outage else None

    def strike(self, done: float) -> None:
        """`done` is the share of uploads that have their result."""
        if time.monotonic() >= self._next_kill:
            self._restart(self._dice.choice(_VICTIMS))
            self._next_kill = time.monotonic() + self._dice.uniform(0.5, 1.5) * self._mix.kill_every
        if self._broker_restarts and done >= self._broker_restarts[0]:
            self._broker_restarts.pop(0)
            self._restart("broker")
        if self._outage_at is not None and done >= self._outage_at:
            self._outage_at = None
            self._interrupt_storage()

    def _restart(self, name: str) -> None:
        self.injected[f"{name} killed"] += 1
        self._stack.processes.halt(name)
        self._stack.processes.resume(name)

    def _interrupt_storage(self) -> None:
        self._stack.processes.halt("storage")
        refusing = _Refusing(("127.0.0.1", self._stack.storage_port), _Refusal)
        thread = threading.Thread(target=refusing.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        time.sleep(self._mix.storage_outage)
        refusing.shutdown()
        thread.join()
        refusing.server_close()
        self.injected["503 of storage"] += refusing.count
        self._stack.processes.resume("storage")


class _Refusing(Server):
    count = 0


class _Refusal(BaseHTTPRequestHandler):
    server: _Refusing

    def _refuse(self) -> None:
        self.server.count += 1
        self.close_connection = True
        with suppress(ConnectionError):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _refuse  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


class Duplicator(threading.Thread):
    """Publishes a share of the messages of both hops a second time."""

    def __init__(self, stack: Stack, mix: Mix) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self._stack = stack
        self._share = mix.duplicates
        self._dice = random.Random(mix.seed + 2)
        self._over = threading.Event()
        for hop in HOPS:
            stack.subscriber.create_subscription(
                request=types.Subscription(name=self._subscription(hop), topic=topic_path(hop))
            )

    def run(self) -> None:
        while not self._over.is_set():
            for hop in HOPS:
                with suppress(GoogleAPICallError):  # the broker may be restarting
                    self._copy_some(hop)
            self._over.wait(0.1)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _copy_some(self, hop: str) -> None:
        subscription = self._subscription(hop)
        answer = self._stack.subscriber.pull(
            subscription=subscription, max_messages=100, return_immediately=True, timeout=10
        )
        for received in answer.received_messages:
            attributes = received.message.attributes
            if _COPY not in attributes and self._dice.random() < self._share:
                self._stack.publisher.publish(
                    topic_path(hop), received.message.data, **{**attributes, _COPY: "true"}
                ).result(timeout=30)
                self.count += 1
        if answer.received_messages:
            ids = [received.ack_id for received in answer.received_messages]
            self._stack.subscriber.acknowledge(subscription=subscription, ack_ids=ids)

    def _subscription(self, hop: str) -> str:
        return subscription_path(f"{hop}-{_COPY}")
