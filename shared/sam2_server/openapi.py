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
METHODS = {SEGMENT: "GET, POST", HEALTH: "GET", DOCUMENT: "GET"}


def document() -> dict[str, Any]:
    """Returns the service's OpenAPI 3.1 document."""
    return openapi.document(
        "toonmask SAM2",
        "Segments the objects that points and boxes mark in images.",
        {SEGMENT: {"post": _segment(), "get": _describe()}, HEALTH: {"get": _health()}},
        (SegmentRequest, BatchRequest),
        (SingleAnswer, BatchAnswer, Description, ErrorAnswer),
    )


def _segment() -> dict[str, Any]:
    error = {"content": content(ErrorAnswer)}
    return {
        "operationId": "segment",
        "summary": "Segment one prompt of one image, or many prompts of many images",
        "requestBody": {"required": True, "content": content(SegmentRequest, BatchRequest)},
        "responses": {
            "200": {"description": "the masks", "content": content(SingleAnswer, BatchAnswer)},
            "403": {"description": "the Host header names another host", **error},
            "405": {"description": "the method is neither POST nor GET", **error},
            "413": {"description": "the request is too large", **error},
            "415": {"description": "the request is not JSON", **error},
            "422": {"description": "the request is invalid", **error},
            "503": {"description": "no memory is free now; retry later", **error},
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
            "405": {
                "description": "the method is neither POST nor GET",
                "content": content(ErrorAnswer),
            },
        },
    }


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "summary": "Say whether the model is loaded",
        "responses": {
            "200": {"description": "ready"},
            "405": {"description": "the method is not GET", "content": content(ErrorAnswer)},
            "503": {"description": "loading"},
        },
    }
