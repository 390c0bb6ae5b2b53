"""Log lines about one upload: from Cloud Logging, or from the files of `make up`."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import google.auth
import requests
from google.auth.transport.requests import AuthorizedSession
from pydantic import BaseModel, ConfigDict, Field

from shared.gcp.gcs import ObjectRef

ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"
"""Environment variable with another root URL for the Logging API. gcloud reads it too:
https://cloud.google.com/sdk/docs/properties."""

_ROOT = "https://logging.googleapis.com/"
_SCOPE = "https://www.googleapis.com/auth/logging.read"
_TIMEOUT_SECONDS = 30
_MOST_LINES = 10
"""Chosen by hand: two deliveries of an upload log about as many lines."""

_MOST_PAGES = 5
"""Limit for the requests of one search. A page can be empty before the search has ended:
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list. Chosen by hand: a larger
value finds entries that are indexed late, a smaller one answers earlier."""

_SHOWN_FIELDS = ("attempt", "state", "outcome", "why", "reason")
"""Fields of the functions' lines that tell how far an upload came, and what went wrong."""


class _Resource(BaseModel):
    labels: dict[str, str] = {}


class _Request(BaseModel):
    method: str = Field("", alias="requestMethod")
    status: int = 0


class LogEntry(BaseModel):
    """An entry of Cloud Logging, with the fields that are used here.

    https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
    """

    model_config = ConfigDict(validate_by_name=True)

    timestamp: datetime
    severity: str = "DEFAULT"
    resource: _Resource = _Resource()
    payload: dict[str, Any] = Field({}, alias="jsonPayload")
    text: str = Field("", alias="textPayload")
    request: _Request | None = Field(None, alias="httpRequest")

    @property
    def service(self) -> str:
        """The Cloud Run service that logged the entry, or that the request was sent to."""
        return self.resource.labels.get("service_name", "")

    def __str__(self) -> str:
        """The entry as one printable line."""
        parts = [f"{self.timestamp:%H:%M:%S}", self.service, self.severity]
        if self.request:
            parts.append(f"{self.request.method} answered {self.request.status}")
        parts += [str(self.payload.get("message", "")), self.text]
        parts += [f"{name}={self.payload[name]}" for name in _SHOWN_FIELDS if name in self.payload]
        parts += str(self.payload.get("exc_info", "")).splitlines()[-1:]
        line = " ".join(part for part in parts if part)
        return "".join(character if character.isprintable() else " " for character in line)


class Logs(Protocol):
    """Where log lines are found. Both methods return the newest lines, in order of time."""

    def of_upload(self, ref: ObjectRef, since: datetime) -> list[LogEntry]:
        """Returns lines of the functions about an upload."""
        ...

    def failures(self, service: str, since: datetime) -> list[LogEntry]:
        """Returns failed requests to a service, and its errors, about whatever upload."""
        ...


class LocalLogs:
    """The log files of the system that `make up` keeps running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of_upload(self, ref: ObjectRef, since: datetime) -> list[LogEntry]:
        """Returns lines of the functions about an upload. Its name is unique, so `since` is not
        needed.
        """
        del since
        found = sorted(self._entries(ref), key=lambda entry: entry.timestamp)
        return found[-_MOST_LINES:]

    def failures(self, service: str, since: datetime) -> list[LogEntry]:
        """Returns nothing: no server here logs requests."""
        del service, since
        return []

    def _entries(self, ref: ObjectRef) -> Iterator[LogEntry]:
        for file in self._folder.glob("*.log"):
            with file.open(errors="replace") as lines:
                for line in lines:
                    if ref.log_fields["upload"] in line and line.endswith("}\n"):
                        yield _local_entry(file.stem, json.loads(line))


def _local_entry(service: str, payload: dict[str, Any]) -> LogEntry:
    """Returns a line as Cloud Logging stores it."""
    return LogEntry(
        timestamp=payload["time"],
        severity=payload["severity"],
        resource=_Resource(labels={"service_name": service}),
        payload=payload,
    )


class _Page(BaseModel):
    """A response of entries:list."""

    entries: list[LogEntry] = []
    next_page_token: str = Field("", alias="nextPageToken")


class CloudLogs:
    """Cloud Logging in one project.

    Raises:
        GoogleAuthError: there are no credentials. Both methods can raise it too.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        self._session = AuthorizedSession(credentials)
        self._url = f"{os.environ.get(ENDPOINT, _ROOT)}v2/entries:list"

    def of_upload(self, ref: ObjectRef, since: datetime) -> list[LogEntry]:
        """Returns lines of the functions about an upload.

        Raises:
            requests.RequestException: the Logging API refuses, or does not answer.
        """
        return self._newest(f'jsonPayload.upload="{ref.log_fields["upload"]}"', since)

    def failures(self, service: str, since: datetime) -> list[LogEntry]:
        """Returns failed requests to a service, and its errors.

        Raises:
            requests.RequestException: as in `of_upload`.
        """
        scope = f'resource.type="cloud_run_revision" AND resource.labels.service_name="{service}"'
        failed = f"httpRequest.status>={HTTPStatus.BAD_REQUEST.value} OR severity>=ERROR"
        return self._newest(f"{scope} AND ({failed})", since)

    def _newest(self, condition: str, since: datetime) -> list[LogEntry]:
        query = {
            "resourceNames": [f"projects/{self._project}"],
            "filter": f'{condition} AND timestamp>="{since.isoformat()}"',
            "orderBy": "timestamp desc",
            "pageSize": _MOST_LINES,
        }
        page = self._page(query)
        for _ in range(_MOST_PAGES - 1):
            if page.entries or not page.next_page_token:
                break
            page = self._page({**query, "pageToken": page.next_page_token})
        return page.entries[::-1]

    def _page(self, query: dict[str, Any]) -> _Page:
        response = self._session.post(self._url, json=query, timeout=_TIMEOUT_SECONDS)
        if not response.ok:
            raise requests.HTTPError(f"{response.status_code}: {response.text}", response=response)
        return _Page.model_validate_json(response.content)
