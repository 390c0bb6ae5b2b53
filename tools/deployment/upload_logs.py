"""Log lines about one upload: from Cloud Logging, or from the files of `make up`."""

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import google.auth
from google.auth.transport.requests import AuthorizedSession
from pydantic import ConfigDict, Field

from shared.gcp.gcs import ObjectRef
from tools.deployment.google_apis import ROOT, Answer, GoogleApis

ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING"
"""Environment variable with another root URL for the Logging API. gcloud reads it too:
https://cloud.google.com/sdk/docs/properties."""

_SCOPE = "https://www.googleapis.com/auth/logging.read"
_MOST_LINES = 10
"""Chosen by hand: two deliveries of an upload log about as many lines."""

_MOST_PAGES = 5
"""Limit for the requests of one search. A page can be empty before the search has ended:
https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list. Chosen by hand: a larger
value finds entries that are indexed late, a smaller one answers earlier."""

_SHOWN_FIELDS = ("attempt", "state", "outcome", "why", "reason")
"""Fields of the functions' lines that tell how far an upload came, and what went wrong."""


class _Resource(Answer):
    labels: dict[str, str] = Field(default_factory=dict)


class _Request(Answer):
    request_method: str = ""
    status: int = 0


class LogEntry(Answer):
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
            parts.append(f"{self.request.request_method} answered {self.request.status}")
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

    def failures(self, services: Sequence[str], since: datetime) -> list[LogEntry]:
        """Returns failed requests to the services, and their errors, about whatever upload."""
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

    def failures(self, services: Sequence[str], since: datetime) -> list[LogEntry]:
        """Returns nothing: no server here logs requests."""
        del services, since
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


class _Page(Answer):
    """A response of entries:list."""

    entries: list[LogEntry] = Field(default_factory=list)
    next_page_token: str = ""


class CloudLogs:
    """Cloud Logging in one project.

    Raises:
        GoogleAuthError: there are no credentials.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        root = os.environ.get(ENDPOINT, ROOT).rstrip("/")
        self._apis = GoogleApis(AuthorizedSession(credentials), root)

    def of_upload(self, ref: ObjectRef, since: datetime) -> list[LogEntry]:
        """Returns lines of the functions about an upload.

        Raises:
            ApiError: the Logging API refuses, or does not answer.
        """
        return self._newest(f'jsonPayload.upload="{ref.log_fields["upload"]}"', since)

    def failures(self, services: Sequence[str], since: datetime) -> list[LogEntry]:
        """Returns failed requests to the services, and their errors.

        Raises:
            ApiError: as in `of_upload`.
        """
        names = " OR ".join(f'"{service}"' for service in services)
        scope = f'resource.type="cloud_run_revision" AND resource.labels.service_name=({names})'
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
        return self._apis.post("logging", "v2/entries:list", _Page, query)
