"""Google identity tokens for calls to a Cloud Run service that only lets known callers in."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import google.auth.transport.requests
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import id_token

from shared.errors import Transient

_RENEW_BEFORE = timedelta(minutes=5)


class Authorisation(Protocol):
    """Where the headers that authorise a call come from."""

    def headers(self) -> dict[str, str]:
        """Raises Transient where they cannot be had at the moment."""
        ...


class NoAuthorisation:
    """For a server that lets everyone in."""

    def headers(self) -> dict[str, str]:
        """None."""
        return {}


class BearerKey:
    """A fixed key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def headers(self) -> dict[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {self._key}"}


class IdentityToken:
    """An identity token of the running service account for one audience, renewed before it expires.

    From the metadata server on Google Cloud, or from the key file that
    GOOGLE_APPLICATION_CREDENTIALS names. Safe to share between threads.
    """

    def __init__(self, audience: str) -> None:
        self._audience = audience
        self._lock = threading.Lock()
        self._credentials: Any = None

    def headers(self) -> dict[str, str]:
        """The token as a bearer token."""
        with self._lock:
            if not self._is_fresh():
                self._renew()
            return {"Authorization": f"Bearer {self._credentials.token}"}

    def _is_fresh(self) -> bool:
        if self._credentials is None or not self._credentials.token:
            return False
        # google-auth keeps its expiries as naive UTC.
        left = self._credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
        return bool(left > _RENEW_BEFORE)

    def _renew(self) -> None:
        request = google.auth.transport.requests.Request()
        try:
            if self._credentials is None:
                self._credentials = id_token.fetch_id_token_credentials(self._audience, request)
            self._credentials.refresh(request)
        except GoogleAuthError as error:
            raise Transient(f"no identity token for {self._audience}: {error}") from error
