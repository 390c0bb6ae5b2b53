"""The OpenAPI document of the service, from the models that it answers with."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared import VERSION
from shared.sam2.contract import (
    BatchAnswer,
    BatchRequest,
    ErrorAnswer,
    MaskAnswer,
    SegmentRequest,
)

SEGMENT = "/v1/segment"
HEALTH = "/healthz"
DOCUMENT = "/openapi.json"
METHODS = {SEGMENT: "POST", HEALTH: "GET", DOCUMENT: "GET"}

_REF = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in (SegmentRequest, BatchRequest)]
        + [(model, "serialization") for model in (MaskAnswer, BatchAnswer, ErrorAnswer)],
        ref_template=_REF,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "toonmask SAM2",
            "version": VERSION,
            "description": "Masks of what points and boxes mean in pictures.",
        },
        "paths": {SEGMENT: {"post": _segment()}, HEALTH: {"get": _health()}},
        "components": {"schemas": schemas["$defs"]},
    }


def _segment() -> dict[str, Any]:
    return {
        "operationId": "segment",
        "summary": "One prompt for one picture, or many for many",
        "requestBody": {"required": True, "content": _json(SegmentRequest, BatchRequest)},
        "responses": {
            "200": {"description": "the masks", "content": _json(MaskAnswer, BatchAnswer)},
            "405": {"description": "not a POST", "content": _json(ErrorAnswer)},
            "413": {"description": "too large", "content": _json(ErrorAnswer)},
            "422": {"description": "not understood", "content": _json(ErrorAnswer)},
        },
    }


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "summary": "Whether requests are answered without waiting for the model",
        "responses": {
            "200": {"description": "ready"},
            "405": {"description": "not a GET", "content": _json(ErrorAnswer)},
            "503": {"description": "loading"},
        },
    }


def _json(*models: type[BaseModel]) -> dict[str, Any]:
    references = [{"$ref": _REF.format(model=model.__name__)} for model in models]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    return {"application/json": {"schema": schema}}
