"""Calls to Google's APIs, read-only. Answers are parsed into pydantic models."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import requests
from google.auth.exceptions import GoogleAuthError, TransportError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

ROOT = "https://{service}.googleapis.com"
LOGIN = "gcloud auth application-default login"
"""The command that makes the credentials with which these tools call the APIs."""

_TIMEOUT_SECONDS = 20
"""Longest time to connect, and between two bytes of an answer. Chosen by hand: a larger value keeps
people waiting for a host that does not answer, a smaller one gives up on a slow network."""

_SHOWN_CHARACTERS = 300
"""Most characters of a foreign message in the report. Chosen by hand: a line stays readable."""

_REFUSED_BEFORE = frozenset(
    {
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "CONSUMER_INVALID",
        "CONSUMER_SUSPENDED",
        "RATE_LIMIT_EXCEEDED",
        "SERVICE_DISABLED",
        "USER_PROJECT_DENIED",
    }
)
"""Reasons of google.api.ErrorReason for which Google refuses a call, whatever it is about."""

Query = Mapping[str, str | Sequence[str]]


class Answer(BaseModel):
    """Base of the answers: camel case on the wire, unknown fields are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


AnswerT = TypeVar("AnswerT", bound=Answer)


class ErrorDetail(Answer):
    """A google.rpc.ErrorInfo, or another detail without its fields."""

    reason: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)


class ErrorStatus(Answer):
    """A google.rpc.Status in JSON."""

    message: str = ""
    details: list[ErrorDetail] = Field(default_factory=list)


class _ErrorAnswer(Answer):
    error: ErrorStatus = Field(default_factory=ErrorStatus)


class ApiError(Exception):
    """A call that brought no usable answer. Its text says why, and what to do if that is known."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status; None if it says nothing about what was asked for."""


class GoogleApis:
    """The APIs, by the first part of their host names."""

    def __init__(self, session: requests.Session, root: str = ROOT) -> None:
        """Calls through `session`; `root` holds `{service}` where the name of the API belongs."""
        self._session = session
        self._root = root

    def get(
        self, service: str, path: str, answer: type[AnswerT], query: Query | None = None
    ) -> AnswerT:
        """The answer to a GET.

        Raises:
            ApiError: There is no answer, it is an error, or it has another form than expected.
        """
        return self._call("GET", service, path, answer, params=query)

    def post(self, service: str, path: str, answer: type[AnswerT], body: object) -> AnswerT:
        """The answer to a POST, of a method that changes nothing such as testIamPermissions.

        Raises:
            ApiError: There is no answer, it is an error, or it has another form than expected.
        """
        return self._call("POST", service, path, answer, json=body)

    def _call(
        self, method: str, service: str, path: str, answer: type[AnswerT], **options: Any
    ) -> AnswerT:
        url = f"{self._root.format(service=service)}/{path}"
        try:
            response = self._session.request(method, url, timeout=_TIMEOUT_SECONDS, **options)
        except (requests.RequestException, TransportError) as error:
            raise ApiError(
                f"{service}.googleapis.com cannot be reached: {_short(error)}"
            ) from error
        except GoogleAuthError as error:
            raise ApiError(f"your login does not work: {_short(error)}. Run: {LOGIN}") from error
        if not response.ok:
            raise _refusal(service, response)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            text = f"{service}.googleapis.com answered in an unexpected form: {_short(error)}"
            raise ApiError(text, response.status_code) from error


def _refusal(service: str, response: requests.Response) -> ApiError:
    host = f"{service}.googleapis.com"
    try:
        error = _ErrorAnswer.model_validate_json(response.content).error
    except ValidationError:
        return ApiError(f"{host} answered HTTP {response.status_code}", response.status_code)
    if "requires a quota project" in error.message:
        run = "gcloud auth application-default set-quota-project PROJECT"
        return ApiError(f"{host} needs a login with a quota project. Run: {run}")
    for detail in error.details:
        if detail.reason == "SERVICE_DISABLED":
            return ApiError(_not_enabled(host, detail))
    text = f"{host} answered HTTP {response.status_code}: {_short(error.message)}"
    refused_before = any(detail.reason in _REFUSED_BEFORE for detail in error.details)
    return ApiError(text, None if refused_before else response.status_code)


def _not_enabled(host: str, detail: ErrorDetail) -> str:
    consumer = str(detail.metadata.get("consumer", "PROJECT")).removeprefix("projects/")
    return (
        f"the API {host} is not enabled in the project {consumer} that your login calls it from. "
        f"Run: gcloud services enable {host} --project={consumer} "
        "(or gcloud auth application-default set-quota-project ANOTHER)"
    )


def _short(text: object) -> str:
    """One line, not too long."""
    return " ".join(str(text).split())[:_SHOWN_CHARACTERS]
