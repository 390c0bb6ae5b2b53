"""Authorisation of calls to a SAM2 service: Google identity tokens, a key, or none."""

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import google.auth
import google.auth.transport.requests
from google.auth import impersonated_credentials, jwt
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from google.oauth2 import credentials as user
from google.oauth2 import id_token

from shared.schemas.errors import Transient

_RENEW_BEFORE = timedelta(minutes=5)
"""Time before its expiry at which a token is renewed. Chosen by hand: a shorter one risks a token
that expires during a call, a longer one renews more often."""


class Authorisation(Protocol):
    """A source of headers that authorise calls."""

    def headers(self) -> "Future[dict[str, str]]":
        """A future of the headers for one attempt; Transient if they are not available now."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether headers that the server answered with 401 can be replaced by new ones."""
        ...

    def remedy(self, status: int) -> str:
        """Returns a sentence for users that says how to fix a 401 or 403 response."""
        ...


class NoAuthorisation:
    """No authorisation, for a server that accepts anonymous calls."""

    def headers(self) -> "Future[dict[str, str]]":
        """Returns no headers."""
        return _completed({})

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Returns False: there are no headers to renew."""
        del refused
        return False

    def remedy(self, status: int) -> str:
        """Returns the advice to configure credentials."""
        del status
        return (
            "the call carried no credentials (SAM2_AUTH=none). A private Cloud Run service takes "
            "SAM2_AUTH=identity from callers with roles/run.invoker on it, other servers "
            "SAM2_AUTH=api-key."
        )


class BearerKey:
    """A fixed key as a bearer token."""

    def __init__(self, key: str) -> None:
        self._key = key

    def headers(self) -> "Future[dict[str, str]]":
        """Returns the key as a bearer token."""
        return _completed(_bearer(self._key))

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Returns False: there is only one key."""
        del refused
        return False

    def remedy(self, status: int) -> str:
        """Returns the advice to use another key."""
        del status
        return "it does not accept the key in SAM2_API_KEY."


class IdentityToken:
    """An identity token for one audience, renewed before it expires. Safe to share.

    The token belongs to the service account of the Google Cloud workload, or to the account of the
    key file in GOOGLE_APPLICATION_CREDENTIALS. In development it belongs to the login made with
    `gcloud auth application-default login`, or to the account of its option
    `--impersonate-service-account`.
    """

    def __init__(self, audience: str) -> None:
        self._audience = audience
        self._lock = threading.Lock()
        self._credentials: Any = None
        self._renewal: Future[dict[str, str]] | None = None
        self._refused: dict[str, str] = {}

    def headers(self) -> "Future[dict[str, str]]":
        """Returns the token as a bearer token. All callers share one renewal in the background.

        So each caller can limit how long it waits for a slow metadata server.
        """
        with self._lock:
            if self._is_fresh():
                return _completed(_bearer(self._credentials.token))
            if self._renewal is None or self._renewal.done():
                self._renewal = Future()
                self._renewal.set_running_or_notify_cancel()  # no waiter cancels it for the others
                threading.Thread(target=self._renew, args=(self._renewal,), daemon=True).start()
            return self._renewal

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Marks the refused token as stale, unless a new one has replaced it. Returns True."""
        with self._lock:
            self._refused = dict(refused)
        return True

    def remedy(self, status: int) -> str:
        """Returns the advice to grant the missing role (403) or to correct the audience (401)."""
        claims = jwt.decode(self._credentials.token, verify=False)
        account = claims.get("email", claims.get("sub"))
        if status == 401:
            return (
                f"it does not accept the identity token of {account}, made out to "
                f"{claims['aud']}. SAM2_AUDIENCE must be the service's own run.app address; a "
                "person's own login is accepted by few services, that of an impersonated service "
                "account by all."
            )
        return (
            f"{account} lacks roles/run.invoker on the Cloud Run service at {self._audience}. "
            "Grant it "
            "with `gcloud run services add-iam-policy-binding SERVICE --region=REGION "
            f"--member=serviceAccount:{account} --role=roles/run.invoker`, or with sam2_service in "
            "Terraform."
        )

    def _is_fresh(self) -> bool:
        if self._credentials is None or not self._credentials.token:
            return False
        if _bearer(self._credentials.token) == self._refused:
            return False
        # google-auth keeps its expiries as naive UTC.
        left = self._credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)
        return bool(left > _RENEW_BEFORE)

    def _renew(self, renewal: "Future[dict[str, str]]") -> None:
        request = google.auth.transport.requests.Request()
        try:
            credentials = self._credentials or _credentials(self._audience, request)
            credentials.refresh(request)
        except GoogleAuthError as error:
            renewal.set_exception(Transient(f"no identity token for {self._audience}: {error}"))
        except Exception as error:  # noqa: BLE001 callers wait for this future, so every error must reach them
            renewal.set_exception(error)
        else:
            self._credentials = credentials
            renewal.set_result(_bearer(credentials.token))


class _UserIdentity:
    """The identity token of a user login. Google sets its audience to the OAuth client."""

    def __init__(self, login: user.Credentials) -> None:
        self._login = login

    @property
    def token(self) -> str | None:
        return self._login.id_token

    @property
    def expiry(self) -> Any:
        return self._login.expiry

    def refresh(self, request: google.auth.transport.requests.Request) -> None:
        self._login.refresh(request)
        if not self._login.id_token:
            raise RefreshError("the login gives no identity token: it lacks the scope openid")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _completed(headers: dict[str, str]) -> "Future[dict[str, str]]":
    future: Future[dict[str, str]] = Future()
    future.set_result(headers)
    return future


def _credentials(audience: str, request: google.auth.transport.requests.Request) -> Any:
    """Returns the default credentials that can issue identity tokens.

    google-auth's own lookup supports only service accounts (googleapis/google-auth-library-python
    issues 590 and 1331).
    """
    try:
        return id_token.fetch_id_token_credentials(audience, request)
    except DefaultCredentialsError:
        found, _ = google.auth.default()
        if isinstance(found, impersonated_credentials.Credentials):
            return impersonated_credentials.IDTokenCredentials(found, audience, include_email=True)
        if isinstance(found, user.Credentials):
            return _UserIdentity(found)
        raise
