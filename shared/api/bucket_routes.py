"""The buckets: what was uploaded and what became of it, and a way to upload more."""

from collections.abc import Iterable
from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, TypeVar

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from google.api_core.exceptions import BadRequest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.api.cancellation import check_of
from shared.api.library import ORIGINAL, Library, Query
from shared.api.problems import Refused, bad_fields
from shared.api.sending import sent_in_turn
from shared.api.turns import Turns
from shared.schemas import object_names
from shared.schemas.documents import Generation
from shared.schemas.errors import Superseded

PATH = "/v1/uploads"
_MOST_NAME_BYTES = 1024
_MOST_BODY_BYTES = 64 * 2**10
_KEPT_SECONDS = 600

_MOST_DOWNLOADS = 4
"""At a time: each has a thread, of which there are 16, until its client has read all of it."""

_DOWNLOAD_WAIT = 0.5
_MANY_DOWNLOADS = (
    f"{_MOST_DOWNLOADS} pictures are being sent, and others wait: ask again a little later."
)

A = TypeVar("A", bound=BaseModel)


def _checked_name(name: str) -> str:
    """As Cloud Storage takes it: https://cloud.google.com/storage/docs/objects#naming."""
    if len(name.encode(errors="replace")) > _MOST_NAME_BYTES:
        raise ValueError(f"a name has at most {_MOST_NAME_BYTES} bytes")
    if name.startswith(".well-known/acme-challenge/"):
        raise ValueError("Cloud Storage keeps this name for itself")
    if why := object_names.refusal(name):
        raise ValueError(why)
    return name


Name = Annotated[str, Field(min_length=1)]


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class PictureQuery(_Asked):
    """Which picture."""

    name: Name = Field(description="of the upload")
    generation: Generation = Field(description="of the upload")
    picture: str = Field(
        pattern=f"^({ORIGINAL}|{object_names.PICTURE})$",
        description="original, mask.png, overlay.png, cutout.png, face-1/mask.png, …",
    )
    side: int | None = Field(
        None, ge=16, le=2048, description="scaled down to so many pixels, as WebP"
    )


class ResultQuery(_Asked):
    """Whose result."""

    name: Name = Field(description="of the upload")


class NewUpload(_Asked):
    """What is going to be uploaded."""

    name: Annotated[Name, AfterValidator(_checked_name)] = Field(
        description="of the object", json_schema_extra={"format": "object-name"}
    )
    type: str = Field("", pattern=r"^[\w.+/-]{0,100}$", description="media type")
    size: int = Field(ge=0, le=2**63 - 1, description="in bytes, at most MAX_UPLOAD")
    replace: bool = Field(False, description="put it in the place of an object of that name")


class Place(_Asked):
    """Where to PUT an upload's content."""

    url: str


class BucketRoutes:
    """What the page's view of the buckets asks for."""

    def __init__(self, library: Library | None, thumbnails: Turns, max_send: float) -> None:
        self._configured = library
        self._thumbnails = thumbnails
        self._downloads = Turns(_MOST_DOWNLOADS, _DOWNLOAD_WAIT, _MANY_DOWNLOADS)
        self._max_send = max_send

    def register(self, app: Flask) -> None:
        """Adds the routes."""
        app.get(PATH)(self._list)
        app.post(PATH)(self._begin)
        app.get(f"{PATH}/result")(self._result)
        app.get(f"{PATH}/picture")(self._picture)

    @property
    def _library(self) -> Library:
        if self._configured is None:
            raise Refused(
                HTTPStatus.NOT_FOUND,
                "no-buckets",
                "This service knows no buckets (INPUT_BUCKET and OUTPUT_BUCKET are not set).",
            )
        return self._configured

    def _list(self) -> ResponseReturnValue:
        try:
            page = self._library.page(_query(Query))
        except BadRequest as error:
            sentence = "Cloud Storage does not know this page: begin with the first."
            raise Refused(HTTPStatus.NOT_FOUND, "no-such-page", sentence) from error
        return _json(page.model_dump_json())

    def _begin(self) -> ResponseReturnValue:
        asked = _new_upload()
        origin = request.headers.get("Origin") or request.host_url.rstrip("/")
        place = self._library.begin_upload(
            asked.name, asked.type, asked.size, origin, replace=asked.replace
        )
        if place is None:
            sentence = (
                f"{self._library.address(asked.name)} is there already. Choose another name, or "
                "send replace: true to put the new content in its place."
            )
            raise Refused(HTTPStatus.CONFLICT, "exists", sentence)
        return _json(Place(url=place).model_dump_json())

    def _result(self) -> ResponseReturnValue:
        name = _query(ResultQuery).name
        found = self._library.result(name)
        if found is not None:
            return _json(found)
        address = self._library.address(name)
        if self._library.has(name):
            sentence = f"There is no result for {address} yet: it is being worked on."
            raise Refused(HTTPStatus.NOT_FOUND, "no-result", sentence)
        raise Refused(HTTPStatus.NOT_FOUND, "no-such-upload", f"There is no upload {address}.")

    def _picture(self) -> ResponseReturnValue:
        asked = _query(PictureQuery)
        upload = self._library.ref(asked.name, asked.generation)
        turns = self._thumbnails if asked.side else self._downloads
        check = check_of(request.environ)
        with ExitStack() as turn:
            turn.enter_context(turns.one(check))
            try:
                if asked.side:
                    small = self._library.thumbnail(upload, asked.picture, asked.side, check)
                    answer = Response(small, mimetype="image/webp")
                else:
                    answer = _download(self._library.stream(upload, asked.picture), asked)
            except Superseded as error:
                raise Refused(HTTPStatus.NOT_FOUND, "no-picture", f"{error}.") from error
            sent_in_turn(answer, request.environ, turn.pop_all(), self._max_send)
        answer.cache_control.private = True
        answer.cache_control.max_age = _KEPT_SECONDS
        return answer


def _query(kind: type[A]) -> A:
    try:
        return kind.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise bad_fields(error) from error


def _new_upload() -> NewUpload:
    """What was sent as JSON: pages of others cannot send that type without being asked first."""
    if request.mimetype != "application/json":
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", "Send JSON: name, type and size."
        )
    request.max_content_length = _MOST_BODY_BYTES
    try:
        return NewUpload.model_validate_json(request.get_data())
    except ValidationError as error:
        raise bad_fields(error) from error


def _json(text: str | bytes) -> Response:
    return Response(text, mimetype="application/json")


def _download(content: Iterable[bytes], asked: PictureQuery) -> Response:
    """A file to be saved: what somebody uploaded is never shown as a page of ours."""
    original = asked.picture == ORIGINAL
    kind = "application/octet-stream" if original else object_names.content_type(asked.picture)
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = "attachment"
    return answer
