"""Verifies the identity token that Pub/Sub and Eventarc send with a push request.

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions. Cloud Run has already checked
it. This check protects a function that was made public by mistake.
"""

import threading
from typing import Any

import requests
from cachecontrol import CacheControlAdapter
from flask import Request
from google.auth import jwt

from shared.schemas.errors import Transient
from shared.schemas.settings import BucketSettings

_ISSUERS = ("https://accounts.google.com", "accounts.google.com")
"""Both spellings occur: https://developers.google.com/identity/openid-connect/openid-connect."""

_SKEW_SECONDS = 10
"""Allowed difference between Google's clock and ours. Chosen by hand: a larger one accepts expired
tokens for longer."""

_FETCH_SECONDS = 5
"""Timeout for the certificates. Chosen by hand: all pushes wait for them."""

_RETRIES = 2
"""Chosen by hand. At least one is needed: certificates are fetched once in hours, and by then the
server has closed the kept connection."""


class PushTokens:
    """Verifies the pushes of one account. One per process; safe to share between threads."""

    def __init__(self, account: str, certs_url: str) -> None:
        self._account = account
        self._certs_url = certs_url
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, CacheControlAdapter(max_retries=_RETRIES))
        self._lock = threading.Lock()  # requests' sessions are not safe to share

    @classmethod
    def of(cls, settings: BucketSettings) -> "PushTokens | None":
        """Returns the verifier for PUSH_ACCOUNT; None if it is not set."""
        if settings.push_account is None:
            return None
        return cls(settings.push_account, str(settings.push_certs_url))

    def refusal(self, request: Request) -> str | None:
        """Returns why a request is not a push of the account; None if it is one.

        The token's audience must be the URL that was called. Its scheme comes from
        X-Forwarded-Proto, because Cloud Run terminates TLS.

        Raises:
            Transient: the certificates are not available now.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "it has no bearer token"
        address = f"{request.headers.get('X-Forwarded-Proto', request.scheme)}://{request.host}"
        certs = self._certs()
        try:
            claims = jwt.decode(
                token, certs, audience=[address, f"{address}/"], clock_skew_in_seconds=_SKEW_SECONDS
            )
        except Exception:  # noqa: BLE001 google-auth raises many types for invalid tokens
            return f"its token was not signed by Google for {address}, or is not valid now"
        if claims.get("iss") not in _ISSUERS:
            return f"its token was issued by {claims.get('iss')}"
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            return f"its token is that of {claims.get('email')}, not of {self._account}"
        return None

    def _certs(self) -> Any:
        """Returns the public keys by key ID, cached for as long as the response allows."""
        try:
            with self._lock:
                response = self._session.get(self._certs_url, timeout=_FETCH_SECONDS)
            response.raise_for_status()
            return response.json()
        except requests.RequestException as error:
            raise Transient(f"no certificates from {self._certs_url}: {error}") from error
