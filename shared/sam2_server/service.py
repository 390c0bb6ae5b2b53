"""Handles the service's requests: parses, decodes, segments, and builds the responses."""

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
from shared.sam2_server.loading import Loading
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


class _BadImageError(ValueError):
    """An image of the request that cannot be read. The message names it and the reason."""


def refusal(request: Request, settings: Sam2Settings) -> ResponseReturnValue | None:
    """Returns the error response for a request with a wrong host, path, method or type, else None.

    Requiring JSON keeps other websites' pages out: a browser sends JSON to another origin only if
    that origin allows it.
    """
    host_error = trusted_hosts.refusal(request.headers.get("Host", ""), settings.trusted_hosts)
    if host_error:
        return {"error": host_error}, HTTPStatus.FORBIDDEN
    allowed = METHODS.get(request.path)
    if allowed is None:
        sentence = f"{request.path} does not exist; use POST {SEGMENT}"
        return {"error": sentence}, HTTPStatus.NOT_FOUND
    if request.method not in allowed.split(", "):
        sentence = f"{request.path} accepts {allowed}"
        return {"error": sentence}, HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": allowed}
    if request.method == "POST" and not request.is_json:
        sentence = "send JSON, with Content-Type: application/json"
        return {"error": sentence}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    return None


def respond(
    backend: Backend, sandbox: Sandbox, body: Callable[[], bytes], settings: Sam2Settings
) -> tuple[BaseModel, int]:
    """Returns the response to a request with one or many prompts, and its HTTP status.

    `body` reads the request's body, and raises RequestEntityTooLarge if it is too large.
    """
    try:
        request = _REQUEST.validate_json(body())
        return _segment(backend, sandbox, request, settings), 200
    except ValidationError as error:
        return ErrorAnswer(error=problems(error, skip=1)), 422
    except RequestEntityTooLarge:
        return ErrorAnswer(error=f"the request has more than {settings.max_bytes:,} bytes"), 413
    except _BadImageError as error:
        return ErrorAnswer(error=str(error)), 422
    except Transient as error:
        return ErrorAnswer(error=str(error)), 503


def health(backend: Loading[Backend], settings: Sam2Settings) -> ResponseReturnValue:
    """Returns 200 if the model is loaded, 503 while it loads, 500 if it cannot be loaded."""
    try:
        if not backend.is_done():
            return {"status": "loading", "backend": settings.sam2_backend}, 503
    except Exception as error:  # noqa: BLE001 each runtime has errors of its own
        return {"status": "failed", "error": str(error)}, 500
    return {"status": "ok", **backend.wait().segmenter.model_dump(exclude_none=True)}


def _segment(
    backend: Backend,
    sandbox: Sandbox,
    request: SegmentRequest | BatchRequest,
    settings: Sam2Settings,
) -> BaseModel:
    watch = StageTimer()
    batch = request if isinstance(request, BatchRequest) else request.as_batch()
    with watch.stage("decode"):
        jobs = list(_jobs(batch, sandbox, settings.max_pixels))
    with watch.stage("segment") as stage:
        masks = (mask_answer(m, return_prob=batch.return_prob) for m in backend.segment(jobs))
        answers = [[next(masks) for _ in job.prompts] for job in jobs]
        stage.fields |= {"pictures": len(answers), "prompts": sum(map(len, answers))}
    if request is batch:
        return BatchAnswer(images=answers, segmenter=backend.segmenter)
    return SingleAnswer(**answers[0][0].model_dump(), segmenter=backend.segmenter)


def _jobs(request: BatchRequest, sandbox: Sandbox, max_pixels: int) -> Iterator[Job]:
    """Yields the images, decoded, with their prompts.

    Raises:
        _BadImageError: an image is invalid, or all images together have too many pixels.
        Transient: this machine has no memory or time now.
    """
    pixels = 0
    for index, part in enumerate(request.images):
        with _naming_image(request, index):
            data = decode_base64(part.image_base64)
            with sandbox.opened(data) as file:
                pixels += file.pixels
                if pixels > max_pixels:
                    raise _BadImageError(
                        f"images: together more than {max_pixels:,} pixels, which is the limit"
                    )
                image = file.decode()
        yield Job(image, hashlib.sha256(data).digest(), part.prompts, request.multimask)


@contextmanager
def _naming_image(request: BatchRequest, index: int) -> Iterator[None]:
    """Adds the image's field to errors about its content."""
    try:
        yield
    except _BadImageError:
        raise
    except (binascii.Error, ValueError, Rejected) as error:
        where = f"images.{index}." if len(request.images) > 1 else ""
        raise _BadImageError(f"{where}image_base64: {error}") from error
