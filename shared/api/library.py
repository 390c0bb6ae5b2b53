"""The buckets as people look at them: uploads with their states, pages of them, their pictures."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage
from pydantic import BaseModel, ConfigDict, Field

from shared.api.problems import Refused
from shared.api.settings import ApiSettings
from shared.decoding.sandbox import Sandbox
from shared.gcp.gcs import RETRY, REVIEW_KEY, STATUS_KEY, TIMEOUT, ObjectRef, Storage
from shared.gcp.provenance import Provenance
from shared.runtime.deadline import Check
from shared.schemas import object_names
from shared.schemas.base import Record
from shared.schemas.documents import Status
from shared.schemas.errors import Rejected, Superseded

ORIGINAL = "original"
"""Name of the upload itself, beside those of the pictures in its folder."""

_SCANNED_PAGES = 10
"""Of uploads, in one answer: looking for a rare state goes on in the next."""

_MOST_LISTED = 1000
"""Results in one listing: Cloud Storage returns no more at once."""

_ASKED_AT_A_TIME = 8

_STATUSES = frozenset(status.value for status in Status)


class Working(StrEnum):
    """The state of an upload that has no result yet."""

    WORKING = "working"


State = Status | Working


class Upload(Record):
    """An object of the input bucket, its newest generation, and what became of it."""

    name: str
    generation: str
    size: int
    updated: datetime
    state: State
    to_review: bool = Field(description="whether a person should look at the result")


class UploadPage(Record):
    """Uploads in the order of their names; `next` asks for more of them, None at the end."""

    uploads: tuple[Upload, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the metadata of a result.json tells."""

    generation: int
    status: Status
    to_review: bool


class Query(BaseModel):
    """Which uploads."""

    model_config = ConfigDict(frozen=True)

    prefix: str = Field("", description="what their names begin with")
    state: State | None = Field(None, description="only those in this state")
    limit: int = Field(60, ge=1, le=200, description="as many, if there are")
    page: str | None = Field(None, description="`next` of the page before")


class Library:
    """The uploads and results of a pair of buckets. Safe to share between threads."""

    def __init__(
        self, input_bucket: str, output_bucket: str, sandbox: Sandbox, max_upload: int
    ) -> None:
        self._input = input_bucket
        self._output = output_bucket
        self._max_upload = max_upload
        self._sandbox = sandbox
        self._storage = Storage()

    @classmethod
    def of(cls, settings: ApiSettings, sandbox: Sandbox) -> "Library | None":
        """That of the buckets in the settings, if they name any."""
        if settings.input_bucket is None or settings.output_bucket is None:
            return None
        return cls(settings.input_bucket, settings.output_bucket, sandbox, settings.max_upload)

    def ref(self, name: str, generation: int) -> ObjectRef:
        """One generation of an upload."""
        return ObjectRef(self._input, name, generation)

    @property
    def origin(self) -> str:
        """Where browsers upload to."""
        return str(self._storage.client.api_endpoint)

    def page(self, query: Query) -> UploadPage:
        """At least `limit` uploads if there are so many, unless they are few among very many."""
        found: list[Upload] = []
        token = query.page
        for _ in range(_SCANNED_PAGES):
            blobs, token = self._some_uploads(query, token)
            results = self._results([blob.name for blob in blobs])
            uploads = (_upload(blob, results.get(object_names.folder(blob.name))) for blob in blobs)
            found += [one for one in uploads if query.state in (None, one.state)]
            if token is None or len(found) >= query.limit:
                break
        return UploadPage(uploads=tuple(found), next=token)

    def _some_uploads(
        self, query: Query, token: str | None
    ) -> tuple[list[storage.Blob], str | None]:
        listing = self._storage.client.list_blobs(
            self._input,
            prefix=query.prefix,
            page_size=query.limit,
            page_token=token,
            fields="items(name,generation,size,updated),nextPageToken",
            timeout=TIMEOUT,
            retry=RETRY,
        )
        page = next(listing.pages, ())
        return list(page), listing.next_page_token

    def _results(self, names: Sequence[str]) -> dict[str, _Listed]:
        """What is told of the results of uploads that follow one another, by folder.

        One listing tells it, but for names that are cut, whose folders may lie elsewhere, and where
        very many others lie in between, as `a-1/`, `a-2/` and so on before `a/`: these are asked
        for one by one, so that nobody's uploads make a page slow.
        """
        folders = sorted(
            object_names.folder(name) for name in names if not object_names.refusal(name)
        )
        in_order = sorted(set(folders) & {f"{name}/" for name in names})
        listed = self._between(in_order[0], in_order[-1]) if in_order else []
        found = {blob.name.removesuffix(object_names.RESULT): blob for blob in listed}
        known = in_order if len(listed) < _MOST_LISTED else found
        missed = sorted(set(folders).difference(known))
        with ThreadPoolExecutor(_ASKED_AT_A_TIME) as pool:
            asked = zip(missed, pool.map(self._find_result, missed), strict=True)
            found |= {folder: blob for folder, blob in asked if blob}
        return {folder: told for folder, blob in found.items() if (told := _told(blob))}

    def _between(self, first: str, last: str) -> list[storage.Blob]:
        """The results in these folders and those between them, _MOST_LISTED at most."""
        return list(
            self._storage.client.list_blobs(
                self._output,
                start_offset=first,
                end_offset=last + object_names.RESULT + "\0",
                match_glob=f"**/{object_names.RESULT}",
                max_results=_MOST_LISTED,
                fields="items(name,metadata),nextPageToken",
                timeout=TIMEOUT,
                retry=RETRY,
            )
        )

    def _find_result(self, folder: str) -> storage.Blob | None:
        return self._storage.find(self._output, folder + object_names.RESULT)

    def result(self, name: str) -> bytes | None:
        """The result.json of an upload, if there is one; it says which generation it is about."""
        found = self._storage.read_document(
            self._output, object_names.folder(name) + object_names.RESULT
        )
        return found[0] if found else None

    def picture(self, upload: ObjectRef, picture: str) -> bytes:
        """The upload itself (ORIGINAL), or a picture of its result, as it is stored.

        Raises:
            Superseded: it is not there, or not of that generation any more.
        """
        if picture == ORIGINAL:
            return self._storage.read(upload, self._max_upload)
        name = object_names.folder(upload.name) + picture
        found = self._storage.read_document(self._output, name)
        if found is None or found[1].generation != upload.generation:
            raise Superseded(f"gs://{self._output}/{name} is not there for {upload}")
        return found[0]

    def stream(self, upload: ObjectRef, picture: str) -> Iterator[bytes]:
        """The same in parts, without ever holding all of it.

        Raises:
            Superseded, Rejected: as above; while the parts are gone through as well.
        """
        if picture == ORIGINAL:
            return self._storage.stream(upload, self._max_upload)
        name = object_names.folder(upload.name) + picture
        return self._storage.stream_document(self._output, name, upload.generation)

    def thumbnail(self, upload: ObjectRef, picture: str, side: int, check: Check) -> bytes:
        """The picture as WebP, scaled down to fit into a square of `side` pixels.

        Raises:
            Superseded: as for the picture itself.
            Rejected: the upload is not a supported image.
            Refused: the stored picture is broken.
            Cancelled: `check` raised it meanwhile.
        """
        data = self.picture(upload, picture)
        original = picture == ORIGINAL
        try:
            return self._sandbox.thumbnail(data, side, check, over_white=original)
        except Rejected as error:
            if original:
                raise
            # somebody may have put something else in a picture's place
            raise Refused(
                HTTPStatus.BAD_GATEWAY,
                "broken-picture",
                f"gs://{self._output}/{object_names.folder(upload.name)}{picture} is no picture "
                "that can be opened. Upload the image again: that writes its pictures anew.",
            ) from error

    def has(self, name: str) -> bool:
        """Whether there is an upload of that name."""
        blob = self._storage.client.bucket(self._input).blob(name)
        return bool(blob.exists(timeout=TIMEOUT, retry=RETRY))

    def address(self, name: str) -> str:
        """Of an upload, as gsutil writes it."""
        return f"gs://{self._input}/{name}"

    def begin_upload(
        self, name: str, kind: str, size: int, origin: str, *, replace: bool
    ) -> str | None:
        """An address that takes the content of an object by PUT, from pages of that origin.

        A resumable session: it needs no signature, no key to sign with and no CORS settings of the
        bucket. https://cloud.google.com/storage/docs/resumable-uploads#session-uris

        It takes `size` bytes. Unless it may `replace` one, None where there is such an object; one
        that comes before the content does lets the PUT end in 412.

        Raises:
            Refused: that is more than MAX_UPLOAD.
        """
        if size > self._max_upload:
            sentence = (
                f"{self.address(name)} would have {size:,} bytes; at most {self._max_upload:,} are "
                "taken (MAX_UPLOAD)."
            )
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "too-many-bytes", sentence)
        if not replace and self.has(name):
            return None
        blob = self._storage.client.bucket(self._input).blob(name)
        try:
            return str(
                blob.create_resumable_upload_session(
                    content_type=kind,
                    size=size,
                    origin=origin,
                    if_generation_match=None if replace else 0,
                    timeout=TIMEOUT,
                    retry=RETRY,
                )
            )
        except PreconditionFailed:
            return None


def _told(result: storage.Blob) -> _Listed | None:
    """What a result.json's metadata tells; None if it was not written by us."""
    metadata = result.metadata or {}
    status, to_review = metadata.get(STATUS_KEY), metadata.get(REVIEW_KEY, "0") != "0"
    if status not in _STATUSES:
        return None
    return _Listed(Provenance.of(result).generation, Status(status), to_review)


def _upload(blob: storage.Blob, result: _Listed | None) -> Upload:
    """A result of an older generation is none of this one; a name that is refused needs none."""
    done = result if result is not None and result.generation >= blob.generation else None
    waiting = Status.REJECTED if object_names.refusal(blob.name) else Working.WORKING
    return Upload(
        name=blob.name,
        generation=str(blob.generation),
        size=blob.size,
        updated=blob.updated,
        state=done.status if done else waiting,
        to_review=done.to_review if done else False,
    )
