"""POST /v1/face-mask-sam2: a picture in a form, its masks in the answer."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from http import HTTPStatus
from io import BytesIO

from flask import Flask, Request, Response, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from werkzeug.datastructures import MIMEAccept

from shared.api.answers import PICTURES, findings, written
from shared.api.cancellation import check_of
from shared.api.face_masks import FaceMasks, FoundMasks, Options
from shared.api.problems import Refused, bad_fields
from shared.api.sending import sent_in_turn
from shared.api.unknown_fields import unknown
from shared.rendering.artifacts import Artifact
from shared.runtime.deadline import Check
from shared.runtime.stage_timer import StageTimer
from shared.schemas import object_names

PATH = "/v1/face-mask-sam2"
OUTPUT = object_names.PNG.replace(r"\.png", "")
"""Pattern of a picture's name without its ending."""

STATUS_HEADER = "Toonmask-Status"
WARNING_HEADER = "Toonmask-Warning"

_IMAGE, _OUTPUT = "image", "output"

_MOST_CHARACTERS = 200
"""Of a field of the form beside the image, and of what is shown of one."""


class MaskRoutes:
    """The masks of a picture that is sent."""

    def __init__(self, masks: FaceMasks, max_send: float) -> None:
        self._masks = masks
        self._max_send = max_send

    def register(self, app: Flask) -> None:
        """Adds the route."""
        app.post(PATH)(self._face_masks)

    def _face_masks(self) -> ResponseReturnValue:
        if request.mimetype != "multipart/form-data":
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "not-a-form",
                "Send a form (multipart/form-data) with the picture in its field `image`: "
                "curl -F image=@cartoon.png",
            )
        if not request.mimetype_params.get("boundary"):
            raise Refused(
                HTTPStatus.BAD_REQUEST, "broken-form", "The form's Content-Type has no boundary."
            )
        output = _wanted_picture(request)
        # Read before the turn, which a slow sender would keep from others.
        options, data = _options(request), _file(request)
        ignored = _ignored(request)
        with ExitStack() as turn:
            check = check_of(request.environ)
            turn.enter_context(self._masks.turns.one(check))
            answer = self._answer(data, options, output, ignored, check)
            # Until the answer is sent its pictures are in memory, so the turn goes on.
            sent_in_turn(answer, request.environ, turn.pop_all(), self._max_send)
        return answer

    def _answer(
        self,
        data: bytes,
        options: Options,
        output: str | None,
        ignored: Sequence[str],
        check: Check,
    ) -> Response:
        watch = StageTimer()
        found = self._masks.find(data, options, watch, check)
        status = found.segmentation.status
        if output:
            answer = Response(self._masks.draw(_artifact(found, output)), mimetype="image/png")
        else:
            drawn = {name: self._masks.draw(found.artifacts[name]) for name in PICTURES.values()}
            watch.lap("draw", status=status.value)
            told = written(findings(found, watch.seconds, ignored), drawn)
            answer = Response(told, mimetype="application/json")
        answer.headers[STATUS_HEADER] = status.value
        if ignored:
            answer.headers[WARNING_HEADER] = " ".join(ignored)
        return answer


def _wanted_picture(asked: Request) -> str | None:
    """The name of the one picture that is to be the answer, if it is to be one.

    That is so if the caller takes PNG rather than JSON, or takes both and says which.
    """
    output = asked.args.get(_OUTPUT)
    if output is not None and not re.fullmatch(OUTPUT, output):
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "bad-output",
            f"output is {output[:_MOST_CHARACTERS]!r}; it may be mask, overlay, cutout, or a "
            "picture of one instance: face-1/mask, face-1/cutout.",
        )
    accepted = asked.accept_mimetypes or MIMEAccept([("*/*", 1)])
    png, json = accepted["image/png"], accepted["application/json"]
    if png > json or (output and png == json > 0):
        return output or "mask"
    return None


def _options(asked: Request) -> Options:
    fields = {
        name: ",".join(asked.form.getlist(name))
        for name in Options.model_fields
        if name in asked.form
    }
    for name, text in fields.items():
        if len(text) > _MOST_CHARACTERS:
            sentence = f"{name} must have at most {_MOST_CHARACTERS} characters, not {len(text):,}."
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-field", sentence)
    try:
        return Options.model_validate(fields)
    except ValidationError as error:
        raise bad_fields(error) from error


def _file(asked: Request) -> bytes:
    file = asked.files.get(_IMAGE)
    if file is None:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "missing-field",
            "The form has no file in its field `image`: curl -F image=@cartoon.png",
        )
    # its own buffer, where read() would copy it
    return file.stream.getvalue() if isinstance(file.stream, BytesIO) else file.read()


def _ignored(asked: Request) -> list[str]:
    """A sentence for each field of the form, and each part of the query, that changes nothing."""
    names = {name or "" for name in (*asked.form, *asked.files)}  # a field may have no name
    fields = sorted(names - {_IMAGE, *Options.model_fields})
    parts = sorted(set(asked.args) - {_OUTPUT})
    return [
        *unknown("form field", fields, [_IMAGE, *Options.model_fields]),
        *unknown("query parameter", parts, [_OUTPUT]),
    ]


def _artifact(found: FoundMasks, output: str) -> Artifact:
    artifact = found.artifacts.get(f"{output}.png")
    if artifact is None:
        instances = ", ".join(prompt.id for prompt in found.prompts) or "nothing"
        raise Refused(
            HTTPStatus.NOT_FOUND, "no-such-instance", f"There is no {output}; found: {instances}."
        )
    return artifact
