"""Messages that come twice, at once to two workers, or long after their time."""

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
_PAUSE = 0.2


class Copies(threading.Thread):
    """Sees all messages of both hops, and brings a share of them a second time."""

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
                    self._look_at(hop)
            self._over.wait(0.1)

    def stop(self) -> None:
        """Returns once what was brought has been taken."""
        self._over.set()
        self.join()
        self._pool.shutdown()

    def bring_late(self, uploads: Uploads) -> None:
        """Every message about what has been overwritten since comes once more."""
        for hop, message in self._seen:
            generation, _ = uploads.newest[message.attributes["objectId"]]
            if message.attributes["objectGeneration"] != str(generation):
                self._publish(hop, message)
                self.injected["messages a day late"] += 1

    def _look_at(self, hop: str) -> None:
        answer = self._stack.subscriber.pull(
            subscription=_subscription(hop),
            max_messages=100,
            return_immediately=True,
            timeout=10,
        )
        for received in answer.received_messages:
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
        if answer.received_messages:
            ids = [received.ack_id for received in answer.received_messages]
            self._stack.subscriber.acknowledge(subscription=_subscription(hop), ack_ids=ids)

    def _publish(self, hop: str, message: types.PubsubMessage) -> None:
        attributes = {**message.attributes, _COPY: "true"}
        self._stack.publisher.publish(topic_path(hop), message.data, **attributes).result(
            timeout=30
        )

    def _push_twins(self, hop: str, message: types.PubsubMessage) -> None:
        """Two pushes of the same message at the same instant, each until it is taken."""
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
            with suppress(requests.RequestException):  # it may have been killed just now
                answer = requests.post(
                    url,
                    json=body | {"deliveryAttempt": min(attempt, 9)},
                    headers=authorisation(self._stack, url),
                    timeout=_PUSH_SECONDS,
                )
                if answer.ok:
                    return
            time.sleep(_PAUSE)


def _subscription(hop: str) -> str:
    return subscription_path(f"{hop}-{_COPY}")
