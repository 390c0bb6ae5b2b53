"""The OpenAPI document of the service, generated from its request and response models."""

from typing import Any

from shared.segmentation.sam2.contract import (
    BatchAnswer,
    BatchRequest,
    Description,
    ErrorAnswer,
    SegmentRequest,
    SingleAnswer,
)
from shared.serving import openapi
from shared.serving.openapi import content

SEGMENT = "/v1/segment"
HEALTH = "/healthz"
DOCUMENT = "/openapi.json"


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    return openapi.document(
        "toonmask SAM2",
        "Masks of what points and boxes mean in pictures.",
        _PATHS,
        (SegmentRequest, BatchRequest),
        (SingleAnswer, BatchAnswer, Description, ErrorAnswer),
    )


def _segment() -> dict[str, Any]:
    return {
        "operationId": "segment",
        "summary": "Segment one prompt of one image, or many prompts of many images",
        "requestBody": {"required": True, "content": content(SegmentRequest, BatchRequest)},
        "responses": {
            "200": {"description": "the masks", "content": content(SingleAnswer, BatchAnswer)},
            "403": {"description": "sent to another host", "content": content(ErrorAnswer)},
            "405": {"description": "neither a POST nor a GET", "content": content(ErrorAnswer)},
            "413": {"description": "too large", "content": content(ErrorAnswer)},
            "415": {"description": "not JSON", "content": content(ErrorAnswer)},
            "422": {"description": "invalid request", "content": content(ErrorAnswer)},
            "503": {"description": "no memory now: retry later", "content": content(ErrorAnswer)},
        },
    }


def _describe() -> dict[str, Any]:
    return {
        "operationId": "describe",
        "summary": "Name the segmenter; waits until the model is loaded",
        "responses": {
            "200": {
                "description": "backend, checkpoint, revision",
                "content": content(Description),
            },
            "403": {"description": "sent to another host", "content": content(ErrorAnswer)},
            "405": {"description": "neither a POST nor a GET", "content": content(ErrorAnswer)},
        },
    }


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "summary": "Say whether the model is loaded, and which",
        "responses": {
            "200": {"description": "ready"},
            "403": {"description": "sent to another host", "content": content(ErrorAnswer)},
            "405": {"description": "not a GET", "content": content(ErrorAnswer)},
            "500": {"description": "the model cannot be loaded: `error` says why"},
            "503": {"description": "loading"},
        },
    }


def _document() -> dict[str, Any]:
    return {
        "operationId": "document",
        "summary": "This document",
        "responses": {
            "200": openapi.ITSELF,
            "403": {"description": "sent to another host", "content": content(ErrorAnswer)},
            "405": {"description": "not a GET", "content": content(ErrorAnswer)},
        },
    }


_PATHS: dict[str, openapi.Operations] = {
    SEGMENT: {"post": _segment(), "get": _describe()},
    HEALTH: {"get": _health()},
    DOCUMENT: {"get": _document()},
}

METHODS = {path: ", ".join(sorted(map(str.upper, item))) for path, item in _PATHS.items()}
"""The accepted methods of each path, as in an Allow header. The service refuses all others."""
