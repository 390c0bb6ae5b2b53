"""Requests of the SAM2 contract in, answers and HTTP statuses out."""

import binascii
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any

from flask import Request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Discriminator, Tag, TypeAdapter, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from shared.decoding.sandbox import Sandbox
from shared.runtime.stage_timer import StageTimer
from shared.sam2_server.backends import Backend
from shared.sam2_server.job import Job
from shared.sam2_server.openapi import METHODS, SEGMENT
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.errors import Rejected, Transient
from shared.schemas.field_errors import problems
from shared.segmentation.sam2.answers import decode_base64
from shared.segmentation.sam2.contract import (
    BatchAnswer,
    BatchRequest,
    ErrorAnswer,
    SegmentRequest,
    SingleAnswer,
    mask_answer,
)
from shared.serving import trusted_hosts


def _form(value: Any) -> str:
    return "many" if isinstance(value, dict) and "images" in value else "one"


_REQUEST: TypeAdapter[SegmentRequest | BatchRequest] = TypeAdapter(
    Annotated[
        Annotated[SegmentRequest, Tag("one")] | Annotated[BatchRequest, Tag("many")],
        Discriminator(_form),
    ]
)


class _BadPictureError(ValueError):
    """A picture that cannot be read; says which and why."""


def refusal(request: Request, settings: Sam2Settings) -> ResponseReturnValue | None:
    """What a request is answered that asks for nothing of ours; None for any other.

    Nor does any page get masks: a browser sends JSON to another site only if that has agreed.
    """
    misled = trusted_hosts.refusal(request.headers.get("Host", ""), settings.trusted_hosts)
    if misled:
        return {"error": misled}, HTTPStatus.FORBIDDEN
    allowed = METHODS.get(request.path)
    if allowed is None:
        return {"error": f"there is no {request.path}: POST {SEGMENT}"}, HTTPStatus.NOT_FOUND
    if request.method not in allowed.split(", "):
        sentence = f"{request.path} takes {allowed}"
        return {"error": sentence}, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": allowed}
    if request.method == "POST" and not request.is_json:
        sentence = "send JSON, with Content-Type: application/json"
        return {"error": sentence}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return None


def respond(
    backend: Backend, sandbox: Sandbox, body: Callable[[], bytes], settings: Sam2Settings
) -> tuple[BaseModel, int]:
    """The answer to a request of one prompt or of many, and its HTTP status.

    `body` reads the request; it raises RequestEntityTooLarge rather than read too much.
    """
    try:
        request = _REQUEST.validate_json(body())
        return _segment(backend, sandbox, request, settings), 200
    except ValidationError as error:
        return ErrorAnswer(error=problems(error, skip=1)), 422
    except RequestEntityTooLarge:
        return ErrorAnswer(error=f"the request has more than {settings.max_bytes:,} bytes"), 413
    except _BadPictureError as error:
        return ErrorAnswer(error=str(error)), 422
    except Transient as error:
        return ErrorAnswer(error=str(error)), 503


def _segment(
    backend: Backend,
    sandbox: Sandbox,
    request: SegmentRequest | BatchRequest,
    settings: Sam2Settings,
) -> BaseModel:
    watch = StageTimer()
    batch = request if isinstance(request, BatchRequest) else request.as_batch()
    jobs = list(_jobs(batch, sandbox, settings.max_pixels))
    watch.lap("decode")
    told = (mask_answer(m, return_prob=batch.return_prob) for m in backend.segment(jobs))
    answers = [[next(told) for _ in job.prompts] for job in jobs]
    watch.lap("segment", pictures=len(answers), prompts=sum(map(len, answers)))
    if request is batch:
        return BatchAnswer(images=answers, segmenter=backend.segmenter)
    return SingleAnswer(**answers[0][0].model_dump(), segmenter=backend.segmenter)


def _jobs(request: BatchRequest, sandbox: Sandbox, max_pixels: int) -> Iterator[Job]:
    """The pictures, decoded as long as they do not have too many pixels together."""
    pixels = 0
    for index, part in enumerate(request.images):
        with _naming_picture(request, index):
            data = decode_base64(part.image_base64)
            with sandbox.opened(data) as file:
                pixels += file.pixels
                if pixels > max_pixels:
                    raise _BadPictureError(
                        f"images: more than {max_pixels:,} pixels together, which is the limit"
                    )
                image = file.decode()
        yield Job(image, hashlib.sha256(data).digest(), part.prompts, request.multimask)


@contextmanager
def _naming_picture(request: BatchRequest, index: int) -> Iterator[None]:
    try:
        yield
    except _BadPictureError:
        raise
    except (binascii.Error, ValueError, Rejected) as error:
        where = f"images.{index}." if len(request.images) > 1 else ""
        raise _BadPictureError(f"{where}image_base64: {error}") from error
