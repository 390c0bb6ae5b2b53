"""Parts of the operations in the OpenAPI document: parameters, responses, problems."""

from typing import Any

from pydantic import BaseModel

from shared.api import problems
from shared.api.problems import Problem
from shared.serving import openapi

_PROBLEMS = {
    400: "the image is empty or corrupt, or the request's body is invalid",
    401: "the API key is missing or wrong",
    403: "a page of another site sent the request, it was sent to another host name, or the "
    "service is not allowed to do this",
    404: "the resource does not exist",
    409: "an upload of this name exists already, or the upload or its prompts are newer",
    413: "too many bytes, pixels or results",
    415: "unsupported image format, or unexpected media type",
    422: "a field is missing or invalid",
    429: "too many requests at a time: retry after Retry-After seconds",
    500: "an unexpected error",
    502: "SAM2 or Cloud Storage refuses this service's request",
    503: "SAM2 or Cloud Storage is not available: retry after Retry-After seconds",
}

_ANY = (403, 500)
"""The problems of every route: the check of its host, and unexpected errors."""

CONTENT = (400, 413, 415)
"""The problems of an image, and of a request's body."""

BUCKETS = (404, 502, 503)
"""The problems of access to the buckets."""


def operation(
    operation_id: str,
    summary: str,
    success: dict[str, Any],
    statuses: tuple[int, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """Returns an operation with its response 200, and its problems besides those of every route."""
    return {
        "operationId": operation_id,
        "summary": summary,
        **more,
        "responses": {"200": success, **problem_responses(*_ANY, *statuses)},
    }


def parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
    """Returns the fields of a query as parameters."""
    schema = query.model_json_schema()
    fields = schema["properties"]
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field.pop("description"),
            "schema": _inlined(field, definitions),
        }
        for name, field in fields.items()
    ]


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Returns the schema with its references resolved, and without null: a query cannot hold it."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return definitions[schema["$ref"].rpartition("/")[2]]
    return {key: _inlined(value, definitions) for key, value in schema.items() if value is not None}


def problem_responses(*statuses: int) -> dict[str, Any]:
    """Returns the responses with these statuses."""
    content = openapi.content(Problem, media_type=problems.MEDIA_TYPE)
    return {
        str(status): {"description": _PROBLEMS[status], "content": content}
        for status in sorted(statuses)
    }


def json_content(model: type[BaseModel]) -> dict[str, Any]:
    """Returns a response with JSON of this model."""
    return {"description": model.__name__, "content": openapi.content(model)}


def binary(*media_types: str) -> dict[str, Any]:
    """Returns the content of a response with bytes of one of these types."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return dict.fromkeys(media_types, schema)
