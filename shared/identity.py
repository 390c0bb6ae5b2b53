"""What authorises calls to a SAM2 service: Google identity tokens, a key, or nothing."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import google.auth
import google.auth.transport.requests
from google.auth import impersonated_credentials, jwt
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from google.oauth2 import credentials as user
from google.oauth2 import id_token

from shared.errors import Transient

_RENEW_BEFORE = timedelta(minutes=5)


class Authorisation(Protocol):
    """Where the headers that authorise a call come from."""

    def headers(self) -> dict[str, str]:
        """Raises Transient where they cannot be had at the moment."""
        ...

    def remedy(self, status: int) -> str:
        """What to do about an answer of 401 or 403, in a sentence."""
        ...


class NoAuthorisation:
    """For a server that lets everyone in."""

    def headers(self) -> dict[str, str]:
        """None."""
        return {}

    def remedy(self, status: int) -> str:
        """It does not let everyone in."""
        del status
        return (
            "the call carried no credentials (SAM2_AUTH=none). A private Cloud Run service takes "
            "SAM2_AUTH=identity from callers with roles/run.invoker on it, other servers "
            "SAM2_AUTH=api-key."
        )


class BearerKey:
    """A fixed key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def headers(self) -> dict[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {self._key}"}

    def remedy(self, status: int) -> str:
        """Another key."""
        del status
        return "it does not accept the key in SAM2_API_KEY."


class IdentityToken:
    """An identity token for one audience, renewed before it expires. Safe to share.

    Of the service account that runs this on Google Cloud, of the one whose key file
    GOOGLE_APPLICATION_CREDENTIALS names, or, for development, of whoever logged in with `gcloud
    auth application-default login`, with `--impersonate-service-account` as that account.
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

    def remedy(self, status: int) -> str:
        """The role that is missing, on what and for whom; or the audience."""
        claims = jwt.decode(self._credentials.token, verify=False)
        who = claims.get("email", claims.get("sub"))
        if status == 401:
            return (
                f"it does not accept the identity token of {who}, made out to "
                f"{claims['aud']}. SAM2_AUDIENCE must be the service's own run.app address; a "
                "person's own login is accepted by few services, that of an impersonated service "
                "account by all."
            )
        return (
            f"{who} lacks roles/run.invoker on the Cloud Run service at {self._audience}. Grant it "
            "with `gcloud run services add-iam-policy-binding SERVICE --region=REGION "
            f"--member=serviceAccount:{who} --role=roles/run.invoker`, or with sam2_service in "
            "Terraform."
        )

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
                self._credentials = _credentials(self._audience, request)
            self._credentials.refresh(request)
        except GoogleAuthError as error:
            raise Transient(f"no identity token for {self._audience}: {error}") from error


class _UserIdentity:
    """The identity token of a person's login. Google fixes its audience to the login's client."""

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


def _credentials(audience: str, request: google.auth.transport.requests.Request) -> Any:
    """Whatever gives identity tokens here.

    google-auth's own search knows service accounts alone (googleapis/google-auth-library-python
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
