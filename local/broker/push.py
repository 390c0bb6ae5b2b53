"""Push delivery: sends messages to the endpoints of push subscriptions with POST requests."""

import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from http import HTTPStatus
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from local.broker.messages import Delivery
from local.broker.topics import Broker, Subscription
from shared.gcp.id_tokens import Authorisation, IdentityToken, NoAuthorisation
from shared.schemas.errors import Transient

_log = logging.getLogger(__name__)

_ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
"""Status codes that acknowledge a message: https://cloud.google.com/pubsub/docs/push."""

_IN_FLIGHT = 8
"""Limit for concurrent deliveries of one subscription. Chosen by hand: more wait in the endpoint's
queue while their acknowledgement deadline passes."""

_SUBSCRIPTIONS = 4
"""Push subscriptions of the system: one for each hop, and one for its dead letters."""

_CHECK_SECONDS = 0.1
"""Interval between checks for messages that are due. Chosen by hand: a shorter one costs processor
time, a longer one delays messages."""

_CONNECT_RETRY = Retry(
    total=None, connect=300, read=0, other=0, redirect=0, backoff_factor=0.05, backoff_max=0.2
)
"""A delivery waits about a minute for an endpoint that does not listen yet, because Cloud Run also
holds requests until an instance runs. A delivery whose connection breaks has failed."""


class _Connections(threading.local):
    """A session for each thread: requests' sessions are not safe to share."""

    @cached_property
    def session(self) -> requests.Session:
        """The calling thread's session."""
        session = requests.Session()
        session.mount("http://", HTTPAdapter(max_retries=_CONNECT_RETRY))
        return session


class Pusher(threading.Thread):
    """Delivers due messages of all push subscriptions with a pool of threads."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(daemon=True, name="pusher")
        self._broker = broker
        self._pool = ThreadPoolExecutor(_SUBSCRIPTIONS * _IN_FLIGHT, thread_name_prefix="push")
        self._connections = _Connections()
        self._tokens: dict[str, IdentityToken] = {}

    def run(self) -> None:
        """Delivers messages forever."""
        while True:
            with self._broker.changed:
                self._broker.expire()
                due = self._due()
                if not due:
                    self._broker.changed.wait(_CHECK_SECONDS)
            for name, subscription, delivery in due:
                self._pool.submit(self._deliver, name, subscription, delivery)

    def _due(self) -> list[tuple[str, Subscription, Delivery]]:
        due = []
        for name, subscription in self._broker.subscriptions.items():
            if not subscription.config.push_config.push_endpoint:
                continue
            while subscription.in_flight < _IN_FLIGHT and (delivery := subscription.take()):
                due.append((name, subscription, delivery))
        return due

    def _deliver(self, name: str, subscription: Subscription, delivery: Delivery) -> None:
        if self._push(name, subscription, delivery):
            with self._broker.changed:
                subscription.acknowledge(delivery.ack_id)
                self._broker.changed.notify_all()
        else:
            self._broker.fail(name, delivery.ack_id)

    def _push(self, name: str, subscription: Subscription, delivery: Delivery) -> bool:
        """Pushes a message; returns whether the endpoint acknowledged it."""
        config = subscription.config
        body: dict[str, Any] = {"message": delivery.message.to_push_json(), "subscription": name}
        if config.dead_letter_policy.dead_letter_topic:
            body["deliveryAttempt"] = delivery.attempt
        authorisation = self._authorisation(subscription)
        try:
            headers = authorisation.headers().result()
            response = self._connections.session.post(
                config.push_config.push_endpoint,
                data=json.dumps(body),
                headers={"Content-Type": "application/json", **headers},
                timeout=subscription.ack_seconds,
            )
        except (requests.RequestException, Transient) as error:
            _log.warning("%s attempt %d: %s", name, delivery.attempt, error)
            return False
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            authorisation.renew(headers)
        if response.status_code not in _ACKNOWLEDGING:
            _log.warning("%s attempt %d: %d", name, delivery.attempt, response.status_code)
            return False
        return True

    def _authorisation(self, subscription: Subscription) -> Authorisation:
        oidc = subscription.config.push_config.oidc_token
        if not oidc.service_account_email:
            return NoAuthorisation()
        audience = oidc.audience or subscription.config.push_config.push_endpoint
        return self._tokens.setdefault(audience, IdentityToken(audience))
