"""The route POST /v1/face-mask-sam2: an image in a form, its masks in the response."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from http import HTTPStatus
from io import BytesIO

from flask import Flask, Request, Response, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from werkzeug.datastructures import MIMEAccept

from shared.api.cancellation import check_of
from shared.api.concurrency_limit import ConcurrencyLimit
from shared.api.face_masks import FaceMasks, FoundMasks, NoSuchFrameError, Options
from shared.api.problems import Refused, bad_fields
from shared.api.responses import PICTURES, json_chunks, response_fields
from shared.api.streaming import hold_until_sent
from shared.api.unknown_fields import unknown
from shared.prompting.corrections import UnfitPromptsError
from shared.rendering.artifacts import Artifact
from shared.runtime.deadline import Check
from shared.runtime.stage_timer import StageTimer
from shared.schemas import object_names

PATH = "/v1/face-mask-sam2"
OUTPUT = object_names.PNG.replace(r"\.png", "")
"""Pattern of the query parameter `output`: a picture's name without its extension."""

STATUS_HEADER = "Toonmask-Status"
WARNING_HEADER = "Toonmask-Warning"

_IMAGE, _OUTPUT = "image", "output"

_MOST_CHARACTERS = 200
"""Limit for a form field, and for the part of `output` that an error message repeats, in
characters. Chosen by hand: the longest useful value, a list of targets, is far shorter. `prompts`
is limited by the size of the form."""

_PROMPTS = "prompts"


class MaskRoutes:
    """The route that responds with the masks of an image."""

    def __init__(self, masks: FaceMasks, limit: ConcurrencyLimit, max_send: float) -> None:
        self._masks = masks
        self._limit = limit
        self._max_send = max_send

    def register(self, app: Flask) -> None:
        """Adds the route to the app."""
        app.post(PATH)(self._face_masks)

    def _face_masks(self) -> ResponseReturnValue:
        if request.mimetype != "multipart/form-data":
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "not-a-form",
                "Send a form (multipart/form-data) with the image in the field `image`: "
                "curl -F image=@cartoon.png",
            )
        if not request.mimetype_params.get("boundary"):
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                "broken-form",
                "The Content-Type of the form has no boundary.",
            )
        output = _requested_output(request)
        # The body is read before a slot is acquired, so that a slow sender does not block others.
        options, content = _options(request), _image_file(request)
        warnings = _warnings(request)
        with ExitStack() as slot:
            check = check_of(request.environ)
            slot.enter_context(self._limit.acquired(check))
            response = self._respond(content, options, output, warnings, check)
            # The slot is occupied until the response is sent, because its pictures are in memory.
            hold_until_sent(response, request.environ, slot.pop_all(), self._max_send)
        return response

    def _respond(
        self,
        content: bytes,
        options: Options,
        output: str | None,
        warnings: Sequence[str],
        check: Check,
    ) -> Response:
        timer = StageTimer()
        try:
            found = self._masks.find(content, options, timer, check)
        except NoSuchFrameError as error:
            sentence = f"frame: there is no frame {options.frame}, {error}."
            raise Refused(HTTPStatus.NOT_FOUND, "no-such-frame", sentence) from error
        except UnfitPromptsError as error:
            sentence = f"prompts: {error}."
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "unfit-prompts", sentence) from error
        status = found.segmentation.status
        if output:
            response = Response(self._masks.draw(_artifact(found, output)), mimetype="image/png")
        else:
            with timer.stage("draw") as stage:
                names = found.instance_files if options.instance_pictures else None
                pictures = self._drawn(found, [*PICTURES.values(), *(names or ())])
                stage.fields["status"] = status.value
            chunks = json_chunks(response_fields(found, timer.seconds, warnings), pictures, names)
            response = Response(chunks, mimetype="application/json")
        response.headers[STATUS_HEADER] = status.value
        if warnings:
            response.headers[WARNING_HEADER] = " ".join(warnings)
        return response

    def _drawn(self, found: FoundMasks, names: Sequence[str]) -> dict[str, bytes]:
        """Returns pictures by their file names. An artifact with several names is drawn once."""
        drawn: dict[str, bytes] = {}
        for name in names:
            artifact = found.artifacts[name]
            if name not in drawn:
                drawn |= dict.fromkeys(artifact.names, self._masks.draw(artifact))
        return drawn


def _requested_output(form: Request) -> str | None:
    """Returns the name of the picture to respond with; None for JSON.

    The response is a picture if the client prefers PNG to JSON, or accepts both equally and sends
    the query parameter `output`.
    """
    output = form.args.get(_OUTPUT)
    if output is not None and not re.fullmatch(OUTPUT, output):
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "bad-output",
            f"output must be mask, overlay, cutout, or a picture of one instance such as "
            f"face-1/mask or face-1/cutout, not {output[:_MOST_CHARACTERS]!r}.",
        )
    accepted = form.accept_mimetypes or MIMEAccept([("*/*", 1)])
    png, json = accepted["image/png"], accepted["application/json"]
    if png > json or (output and png == json > 0):
        return output or "mask"
    return None


def _options(form: Request) -> Options:
    fields = {
        name: ",".join(form.form.getlist(name))
        for name in Options.model_fields
        if name in form.form
    }
    for name, text in fields.items():
        if name != _PROMPTS and len(text) > _MOST_CHARACTERS:
            sentence = f"{name} must have at most {_MOST_CHARACTERS} characters, not {len(text):,}."
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-field", sentence)
    try:
        return Options.model_validate(fields)
    except ValidationError as error:
        raise bad_fields(error, parts=None if _PROMPTS in fields else 1) from error


def _image_file(form: Request) -> bytes:
    file = form.files.get(_IMAGE)
    if file is None:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "missing-field",
            "The form has no file in the field `image`: curl -F image=@cartoon.png",
        )
    # getvalue() shares the buffer, read() copies it
    return file.stream.getvalue() if isinstance(file.stream, BytesIO) else file.read()


def _warnings(form: Request) -> list[str]:
    """Returns a sentence for each unknown form field and query parameter."""
    names = {name or "" for name in (*form.form, *form.files)}  # a field may have no name
    fields = sorted(names - {_IMAGE, *Options.model_fields})
    parameters = sorted(set(form.args) - {_OUTPUT})
    return [
        *unknown("form field", fields, [_IMAGE, *Options.model_fields]),
        *unknown("query parameter", parameters, [_OUTPUT]),
    ]


def _artifact(found: FoundMasks, output: str) -> Artifact:
    artifact = found.artifacts.get(f"{output}.png")
    if artifact is None:
        instances = ", ".join(prompt.id for prompt in found.prompts) or "nothing"
        raise Refused(
            HTTPStatus.NOT_FOUND, "no-such-instance", f"There is no {output}; found: {instances}."
        )
    return artifact
