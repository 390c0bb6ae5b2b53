"""Whose push a request is: the identity token that Pub/Sub, and Eventarc, send with it.

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions. Cloud Run has looked at it
before, as long as nobody opened the function to others by mistake.
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
"""Both spellings: https://developers.google.com/identity/openid-connect/openid-connect."""

_SKEW_SECONDS = 10
"""Between Google's clock and ours."""

_FETCH_SECONDS = 5
_RETRIES = 2
"""Certificates are fetched once in hours: the connection that was kept is closed by then."""


class PushTokens:
    """Knows the pushes of one account. One per process; safe to share between threads."""

    def __init__(self, account: str, certs_url: str) -> None:
        self._account = account
        self._certs_url = certs_url
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, CacheControlAdapter(max_retries=_RETRIES))
        self._lock = threading.Lock()  # requests' sessions are not safe to share

    @classmethod
    def of(cls, settings: BucketSettings) -> "PushTokens | None":
        """Those of PUSH_ACCOUNT, if it is set."""
        if settings.push_account is None:
            return None
        return cls(settings.push_account, str(settings.push_certs_url))

    def refusal(self, request: Request) -> str | None:
        """Why a request is no push of the account's; None for one that is.

        The token is to be made out to the address that was called: Cloud Run leads requests here by
        their Host, and ends their TLS.

        Raises:
            Transient: the certificates cannot be had now.
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
        except Exception:  # noqa: BLE001 google-auth raises nearly anything on what is no token
            return f"its token was not signed by Google for {address}, or is not valid now"
        if claims.get("iss") not in _ISSUERS:
            return f"its token was issued by {claims.get('iss')}"
        if claims.get("email") != self._account or claims.get("email_verified") is not True:
            return f"its token is that of {claims.get('email')}, not of {self._account}"
        return None

    def _certs(self) -> Any:
        """Public keys by their ids, kept for as long as the answer that brought them says."""
        try:
            with self._lock:
                response = self._session.get(self._certs_url, timeout=_FETCH_SECONDS)
            response.raise_for_status()
            return response.json()
        except requests.RequestException as error:
            raise Transient(f"no certificates from {self._certs_url}: {error}") from error
