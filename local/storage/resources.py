"""Builds and parses the JSON resources of the API."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from local.storage.errors import invalid
from local.storage.index import Entry

_SETTABLE = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "eventBasedHold",
    "metadata",
    "storageClass",
    "temporaryHold",
)
_MOST_PER_PAGE = 1000
"""Limit for a page of a listing, as in the JSON API:
https://cloud.google.com/storage/docs/json_api/v1/objects/list."""

_HEADERS = frozenset({"contentType", "contentEncoding", "contentLanguage", "cacheControl"})
"""Fields that become headers of downloads. `object_routes` handles contentDisposition."""

_HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
"""A valid header value without tabs: https://www.rfc-editor.org/rfc/rfc9110#section-5.5."""


def settable(fields: Mapping[str, Any]) -> dict[str, object]:
    """Returns the fields of a resource that a client may set.

    Raises:
        ApiError: a value cannot be sent in a header.
    """
    for name in _HEADERS & fields.keys():
        if fields[name] is not None and not _HEADER_VALUE.fullmatch(str(fields[name])):
            raise invalid(f"Invalid value for {name}: {str(fields[name])[:100]!r}")
    return {name: fields[name] for name in _SETTABLE if name in fields}


def merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, object]:
    """Returns `before` with a JSON merge patch applied (RFC 7396): null removes, objects merge."""
    after: dict[str, object] = dict(before)
    for name, value in changes.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, Mapping):
            existing = before.get(name)
            after[name] = merged(existing if isinstance(existing, Mapping) else {}, value)
        else:
            after[name] = value
    return after


def object_resource(entry: Entry, base: str) -> dict[str, Any]:
    """Returns an object: https://cloud.google.com/storage/docs/json_api/v1/objects#resource."""
    path = f"b/{entry.bucket}/o/{quote(entry.name, safe='')}"
    return {
        "kind": "storage#object",
        "id": f"{entry.bucket}/{entry.name}/{entry.generation}",
        "selfLink": f"{base}/storage/v1/{path}",
        "mediaLink": f"{base}/download/storage/v1/{path}?generation={entry.generation}&alt=media",
        "name": entry.name,
        "bucket": entry.bucket,
        "generation": str(entry.generation),
        "metageneration": str(entry.metageneration),
        "storageClass": "STANDARD",
        "size": str(entry.size),
        "md5Hash": entry.md5,
        "crc32c": entry.crc32c,
        "etag": etag(entry),
        "timeCreated": entry.created,
        "updated": entry.updated,
        "timeStorageClassUpdated": entry.created,
        **entry.fields,
    }


def etag(entry: Entry) -> str:
    """Returns the entity tag, which changes with every change of the object."""
    return base64.b64encode(f"{entry.generation}/{entry.metageneration}".encode()).decode()


def bucket_resource(name: str, created: str, base: str) -> dict[str, Any]:
    """Returns a bucket: https://cloud.google.com/storage/docs/json_api/v1/buckets#resource."""
    return {
        "kind": "storage#bucket",
        "id": name,
        "name": name,
        "selfLink": f"{base}/storage/v1/b/{name}",
        "projectNumber": "0",
        "metageneration": "1",
        "location": "LOCAL",
        "locationType": "region",
        "storageClass": "STANDARD",
        "etag": "CAE=",
        "timeCreated": created,
        "updated": created,
        "iamConfiguration": {
            "uniformBucketLevelAccess": {"enabled": True},
            "publicAccessPrevention": "enforced",
        },
    }


@dataclass(frozen=True)
class ListQuery:
    """The parameters of a list request: names in [start, end) with `prefix` that match `glob`."""

    prefix: str
    delimiter: str
    start: str
    end: str
    glob: str
    most: int

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "ListQuery":
        """Parses query parameters. A page token is the name at which to continue, in base64."""
        start = arguments.get("startOffset", "")
        token = arguments.get("pageToken")
        if token:
            try:
                start = max(start, base64.urlsafe_b64decode(token).decode())
            except ValueError as error:
                raise invalid("Invalid pageToken.") from error
        most = arguments.get("maxResults", "")
        return cls(
            prefix=arguments.get("prefix", ""),
            delimiter=arguments.get("delimiter", ""),
            start=start,
            end=arguments.get("endOffset", ""),
            glob=arguments.get("matchGlob", ""),
            most=min(int(most), _MOST_PER_PAGE) if most.isdigit() and int(most) else _MOST_PER_PAGE,
        )

    def folder_of(self, name: str) -> str | None:
        """Returns the folder that replaces the object in the listing; None without a delimiter."""
        if not self.delimiter:
            return None
        end = name.find(self.delimiter, len(self.prefix))
        return None if end < 0 else name[: end + len(self.delimiter)]

    def matches(self, name: str) -> bool:
        """Whether the object's name matches the glob."""
        return not self.glob or self._pattern.fullmatch(name) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The glob as a regular expression. `**` matches slashes, `*` and `?` do not."""
        wildcards = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        tokens = re.split(r"(\*\*/|\*\*|\*|\?)", self.glob)
        return re.compile(
            "".join(wildcards.get(token, re.escape(token)) for token in tokens), re.DOTALL
        )


def page_token(start: str) -> str:
    """Returns the page token that continues a listing at this name."""
    return base64.urlsafe_b64encode(start.encode()).decode()
