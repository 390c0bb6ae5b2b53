"""JSON resources as the API writes and reads them."""

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

_HEADERS = frozenset({"contentType", "contentEncoding", "contentLanguage", "cacheControl"})
"""A disposition is sent as far as it can be: `object_routes`."""

_HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
"""https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without tabs."""


def settable(fields: Mapping[str, Any]) -> dict[str, object]:
    """The part of a resource that a client decides; 400 for what could be sent in no header."""
    for name in _HEADERS & fields.keys():
        if fields[name] is not None and not _HEADER_VALUE.fullmatch(str(fields[name])):
            raise invalid(f"Invalid value for {name}: {str(fields[name])[:100]!r}")
    return {name: fields[name] for name in _SETTABLE if name in fields}


def merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, object]:
    """A patch applied (RFC 7396): null removes, objects merge."""
    after: dict[str, object] = dict(before)
    for name, value in changes.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, Mapping):
            there = before.get(name)
            after[name] = merged(there if isinstance(there, Mapping) else {}, value)
        else:
            after[name] = value
    return after


def object_resource(entry: Entry, base: str) -> dict[str, Any]:
    """https://cloud.google.com/storage/docs/json_api/v1/objects#resource."""
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
    """Changes with every change of the object."""
    return base64.b64encode(f"{entry.generation}/{entry.metageneration}".encode()).decode()


def bucket_resource(name: str, created: str, base: str) -> dict[str, Any]:
    """https://cloud.google.com/storage/docs/json_api/v1/buckets#resource."""
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
    """What a list request asks for: names in [start, end) with `prefix`, that match `glob`."""

    prefix: str
    delimiter: str
    start: str
    end: str
    glob: str
    most: int

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "ListQuery":
        """From query parameters; a page token is the name to go on from, in base64."""
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
        """The folder that stands for the object in this listing, if the delimiter makes one."""
        if not self.delimiter:
            return None
        end = name.find(self.delimiter, len(self.prefix))
        return None if end < 0 else name[: end + len(self.delimiter)]

    def matches(self, name: str) -> bool:
        """Whether the object's name fits the glob."""
        return not self.glob or self._pattern.fullmatch(name) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """`**` spans folders, `*` and `?` do not."""
        wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        tokens = re.split(r"(\*\*/|\*\*|\*|\?)", self.glob)
        return re.compile("".join(wild.get(token, re.escape(token)) for token in tokens), re.DOTALL)


def page_token(start: str) -> str:
    """The token that makes a list request go on from that name."""
    return base64.urlsafe_b64encode(start.encode()).decode()
