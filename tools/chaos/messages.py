"""Injects messages that arrive twice, at two workers at once, or late."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.pubsub_v1 import types

from local.stack import HOPS, Stack, subscription_path, topic_path
from tools.chaos.mix import Mix
from tools.chaos.uploads import Uploads
from tools.support.pushes import authorisation, pushed

_COPY = "chaos-copy"
_PUSH_SECONDS = 60
"""Timeout of a push. Chosen by hand: it must exceed SAM2_DEADLINE in `run`."""

_PAUSE = 0.2
"""Seconds between two attempts of a push. Chosen by hand."""


class Copies(threading.Thread):
    """Receives all messages of both hops, and sends a share of them again."""

    def __init__(self, stack: Stack, mix: Mix) -> None:
        super().__init__(daemon=True)
        self.injected: Counter[str] = Counter()
        self._stack = stack
        self._mix = mix
        self._dice = random.Random(mix.seed + 2)
        self._over = threading.Event()
        self._seen: list[tuple[str, types.PubsubMessage]] = []
        self._pool = ThreadPoolExecutor(8)
        for hop in HOPS:
            stack.subscriber.create_subscription(
                request=types.Subscription(name=_subscription(hop), topic=topic_path(hop))
            )

    def run(self) -> None:
        while not self._over.is_set():
            for hop in HOPS:
                with suppress(GoogleAPICallError, RetryError):  # the broker may be restarting
                    self._repeat_some(hop)
            self._over.wait(0.1)

    def stop(self) -> None:
        """Stops, and waits until the functions have accepted all pushes."""
        self._over.set()
        self.join()
        self._pool.shutdown()

    def send_late(self, uploads: Uploads) -> None:
        """Sends all messages about overwritten generations again."""
        for hop, message in self._seen:
            generation, _ = uploads.newest[message.attributes["objectId"]]
            if message.attributes["objectGeneration"] != str(generation):
                self._publish(hop, message)
                self.injected["messages sent late"] += 1

    def _repeat_some(self, hop: str) -> None:
        response = self._stack.subscriber.pull(
            subscription=_subscription(hop),
            max_messages=100,
            return_immediately=True,
            timeout=10,
        )
        for received in response.received_messages:
            message = received.message
            if _COPY in message.attributes:
                continue
            self._seen.append((hop, message))
            if self._dice.random() < self._mix.duplicates:
                self._publish(hop, message)
                self.injected["messages duplicated"] += 1
            if self._dice.random() < self._mix.twins:
                self._push_twins(hop, message)
                self.injected["messages pushed twice at once"] += 1
        if response.received_messages:
            ids = [received.ack_id for received in response.received_messages]
            self._stack.subscriber.acknowledge(subscription=_subscription(hop), ack_ids=ids)

    def _publish(self, hop: str, message: types.PubsubMessage) -> None:
        attributes = {**message.attributes, _COPY: "true"}
        self._stack.publisher.publish(topic_path(hop), message.data, **attributes).result(
            timeout=30
        )

    def _push_twins(self, hop: str, message: types.PubsubMessage) -> None:
        """Pushes a message twice at the same time; each push is retried until it is accepted."""
        url = f"http://127.0.0.1:{self._stack.processes.port(HOPS[hop])}/"
        together = threading.Barrier(2)
        for _ in range(2):
            self._pool.submit(self._push, url, message, together.wait)

    def _push(self, url: str, message: types.PubsubMessage, ready: Callable[[], object]) -> None:
        body = pushed(message.data, message.attributes)
        with suppress(threading.BrokenBarrierError):
            ready()
        attempt = 0
        while True:
            attempt += 1
            with suppress(requests.RequestException):  # the function may have been killed
                response = requests.post(
                    url,
                    json=body | {"deliveryAttempt": min(attempt, 9)},
                    headers=authorisation(self._stack, url),
                    timeout=_PUSH_SECONDS,
                )
                if response.ok:
                    return
            time.sleep(_PAUSE)


def _subscription(hop: str) -> str:
    return subscription_path(f"{hop}-{_COPY}")
