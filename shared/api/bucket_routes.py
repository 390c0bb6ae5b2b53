"""The routes under /v1/uploads: list uploads, read their results and pictures, begin uploads."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from pydantic import AfterValidator, Field

from shared.api.buckets import Buckets, no_buckets
from shared.api.cancellation import check_of
from shared.api.concurrency_limit import ConcurrencyLimit
from shared.api.newest_uploads import NewestUploads
from shared.api.problems import Refused
from shared.api.request_models import (
    FrameNumber,
    Name,
    RequestModel,
    UploadName,
    json_body,
    json_response,
    query,
)
from shared.api.settings import ApiSettings
from shared.api.stored_pictures import ORIGINAL, StoredPicture, StoredPictures
from shared.api.streaming import hold_until_sent
from shared.api.upload_counts import count
from shared.api.upload_filter import UploadFilter
from shared.api.upload_listing import UploadListing, UploadQuery
from shared.api.upload_scan import Bounds
from shared.api.upload_sessions import UploadSessions
from shared.decoding.sandbox import Sandbox
from shared.schemas import object_names
from shared.schemas.documents import Generation, Revision
from shared.schemas.errors import Superseded

PATH = "/v1/uploads"

_MOST_NAME_BYTES = 1024
"""Cloud Storage's limit for an object's name, in bytes of UTF-8:
https://cloud.google.com/storage/docs/objects#naming."""

_MOST_BODY_BYTES = 64 * 2**10
"""Limit for the JSON of a new upload, in bytes. Chosen by hand: the longest valid one has less than
8 KiB, because JSON may write each byte of a name as up to 6 characters."""

_CACHE_SECONDS = 600
"""How long browsers cache a picture. Chosen by hand: the pictures of a generation rarely change (a
backfill or other settings replace them), and a longer time would show old ones for longer."""

_MOST_DOWNLOADS = 4
"""Downloads at a time. Each occupies one of the 16 threads until its client has read all of it.
Chosen by hand: more would leave too few threads for other requests."""

_DOWNLOAD_WAIT = 0.5
"""Seconds that a download waits for another one to end. Chosen by hand: a waiting download occupies
a thread, too."""

_TOO_MANY_DOWNLOADS = (
    f"The limit of {_MOST_DOWNLOADS} parallel downloads is reached. Try again a little later."
)

_MOST_SCANS = 4
"""Searches and counts at a time. Chosen by hand: each occupies one of the 16 threads for some
seconds, and has a batch of 1,000 objects in memory."""

_SCAN_WAIT = 2
"""Seconds that a search waits for another one to end. Chosen by hand: a person waits for it, and a
waiting search occupies a thread, too."""

_TOO_MANY_SCANS = (
    f"{_MOST_SCANS} searches of the bucket are running, and others wait. Try again a little later."
)


def _checked_name(name: str) -> str:
    """Checks the name by Cloud Storage's rules and by those of this pipeline.

    https://cloud.google.com/storage/docs/objects#naming

    Raises:
        ValueError: no upload may have this name.
    """
    if len(name.encode(errors="replace")) > _MOST_NAME_BYTES:
        raise ValueError(f"a name has at most {_MOST_NAME_BYTES} bytes")
    if name.startswith(".well-known/acme-challenge/"):
        raise ValueError("Cloud Storage reserves this prefix")
    if reason := object_names.refusal(name):
        raise ValueError(reason)
    return name


class PictureQuery(RequestModel):
    """Which picture to read."""

    name: Name = Field(description="name of the upload")
    generation: Generation = Field(description="generation of the upload")
    picture: str = Field(
        pattern=f"^({ORIGINAL}|{object_names.PICTURE})$",
        description="original, mask.png, overlay.png, cutout.png, face-1/mask.png, …",
    )
    frame: FrameNumber | None = Field(
        None, description="number of the frame, from 1; without it, the first frame that has some"
    )
    revision: Revision | None = Field(
        None, description="revision of its prompts; without it, a picture of any revision"
    )
    side: int | None = Field(
        None,
        ge=16,
        le=2048,
        description="scale the picture down to at most this many pixels on each side, as WebP",
    )


class NewUpload(RequestModel):
    """An upload to begin."""

    name: Annotated[Name, AfterValidator(_checked_name)] = Field(
        description="name of the object", json_schema_extra={"format": "object-name"}
    )
    type: str = Field("", pattern=r"^[\w.+/-]*$", max_length=100, description="media type")
    size: int = Field(ge=0, le=2**63 - 1, description="in bytes, at most MAX_UPLOAD")
    replace: bool = Field(False, description="whether to replace an existing object of this name")


class UploadSession(RequestModel):
    """A new upload session: PUT the content to `url`."""

    url: str


@dataclass(frozen=True, slots=True)
class _Services:
    """What the routes use if the settings have buckets."""

    buckets: Buckets
    listing: UploadListing
    newest: NewestUploads
    pictures: StoredPictures
    sessions: UploadSessions

    @classmethod
    def of(cls, buckets: Buckets, sandbox: Sandbox, max_bytes: int) -> "_Services":
        listing = UploadListing(buckets, Bounds())
        return cls(
            buckets,
            listing,
            NewestUploads(listing),
            StoredPictures(buckets, sandbox, max_bytes),
            UploadSessions(buckets, max_bytes),
        )


def download_limit() -> ConcurrencyLimit:
    """Returns the limit for downloads of pictures, uploads and archives."""
    return ConcurrencyLimit(_MOST_DOWNLOADS, _DOWNLOAD_WAIT, _TOO_MANY_DOWNLOADS)


class BucketRoutes:
    """The routes of the page's view of the buckets."""

    def __init__(
        self,
        buckets: Buckets | None,
        settings: ApiSettings,
        sandbox: Sandbox,
        thumbnails: ConcurrencyLimit,
        downloads: ConcurrencyLimit,
    ) -> None:
        self._configured = _Services.of(buckets, sandbox, settings.max_upload) if buckets else None
        self._thumbnails = thumbnails
        self._downloads = downloads
        self._scans = ConcurrencyLimit(_MOST_SCANS, _SCAN_WAIT, _TOO_MANY_SCANS)
        self._max_send = settings.max_send

    def register(self, app: Flask) -> None:
        """Adds the routes to the app."""
        app.get(PATH)(self._list)
        app.post(PATH)(self._begin_upload)
        app.get(f"{PATH}/counts")(self._count)
        app.get(f"{PATH}/result")(self._result)
        app.get(f"{PATH}/picture")(self._picture)

    @property
    def _services(self) -> _Services:
        if self._configured is None:
            raise no_buckets()
        return self._configured

    def _list(self) -> ResponseReturnValue:
        wanted, services = query(UploadQuery), self._services
        check = check_of(request.environ)
        if wanted.is_one_page:
            return json_response(services.listing.page(wanted, check).model_dump_json())
        order = services.newest if wanted.order == "newest" else services.listing
        with self._scans.acquired(check):
            page = order.page(wanted, check)
        return json_response(page.model_dump_json())

    def _count(self) -> ResponseReturnValue:
        wanted, services = query(UploadFilter), self._services
        check = check_of(request.environ)
        with self._scans.acquired(check):
            counts = count(services.listing, wanted, check)
        return json_response(counts.model_dump_json())

    def _begin_upload(self) -> ResponseReturnValue:
        upload = json_body(NewUpload, _MOST_BODY_BYTES)
        origin = request.headers.get("Origin") or request.host_url.rstrip("/")
        url = self._services.sessions.begin(
            upload.name, upload.type, upload.size, origin, replace=upload.replace
        )
        if url is None:
            sentence = (
                f"{self._services.buckets.uri(upload.name)} already exists. Choose another name, "
                "or send replace: true to replace it."
            )
            raise Refused(HTTPStatus.CONFLICT, "exists", sentence)
        return json_response(UploadSession(url=url).model_dump_json())

    def _result(self) -> ResponseReturnValue:
        wanted = query(UploadName)
        name, found = wanted.name, self._services.pictures.result(wanted.folder)
        if found is not None:
            return json_response(found)
        uri = self._services.buckets.uri(name)
        if self._services.buckets.has_upload(name):
            sentence = f"{uri} has no result yet. It is being processed."
            raise Refused(HTTPStatus.NOT_FOUND, "no-result", sentence)
        raise Refused(HTTPStatus.NOT_FOUND, "no-such-upload", f"There is no upload {uri}.")

    def _picture(self) -> ResponseReturnValue:
        wanted = query(PictureQuery)
        pictures = self._services.pictures
        upload = self._services.buckets.upload(wanted.name, wanted.generation)
        picture = StoredPicture(upload, wanted.picture, wanted.revision, wanted.frame)
        limit = self._thumbnails if wanted.side else self._downloads
        check = check_of(request.environ)
        with ExitStack() as slot:
            slot.enter_context(limit.acquired(check))
            try:
                if wanted.side:
                    thumbnail = pictures.thumbnail(picture, wanted.side, check)
                    response = Response(thumbnail, mimetype="image/webp")
                else:
                    response = _download(pictures.stream(picture), wanted.picture)
            except Superseded as error:
                raise Refused(HTTPStatus.NOT_FOUND, "no-picture", f"{error}.") from error
            hold_until_sent(response, request.environ, slot.pop_all(), self._max_send)
        response.cache_control.private = True
        response.cache_control.max_age = _CACHE_SECONDS
        return response


def _download(content: Iterable[bytes], picture: str) -> Response:
    """Returns an attachment. So a browser never renders an uploaded file as a page of this site."""
    kind = "application/octet-stream" if picture == ORIGINAL else object_names.content_type(picture)
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = "attachment"
    return response
