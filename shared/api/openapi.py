"""The OpenAPI document of the HTTP API, generated from the models of requests and responses.

tests/functions/api/test_openapi.py compares its operations with the routes. The test client
compares each response with its operation (tests/functions/documented.py).
"""

from typing import Any

from pydantic import BaseModel

from shared.api import bucket_routes, mask_routes, problems, upload_action_routes
from shared.api.about import About
from shared.api.access import KEY_HEADER
from shared.api.bucket_routes import NewUpload, PictureQuery, ResultQuery, UploadSession
from shared.api.face_masks import Options
from shared.api.problems import Problem
from shared.api.responses import FaceMaskResponse
from shared.api.upload_counts import UploadCounts
from shared.api.upload_filter import UploadFilter
from shared.api.upload_listing import UploadPage, UploadQuery
from shared.api.upload_selection import Outcomes, Selection
from shared.api.zip_stream import MEDIA_TYPE
from shared.schemas.documents import ResultDocument
from shared.schemas.prompt import FACE_PARTS
from shared.serving import openapi

ABOUT = "/v1/about"
HEALTH = "/healthz"
DOCUMENT = "/openapi.json"

_REQUESTS = (Options, NewUpload, Selection)
_RESPONSES = (
    About,
    FaceMaskResponse,
    UploadPage,
    UploadCounts,
    UploadSession,
    Outcomes,
    ResultDocument,
    Problem,
)
_KEY = "key"

_PROBLEMS = {
    400: "the image is empty or corrupt, or the request's body is invalid",
    401: "the API key is missing or wrong",
    403: "a page of another site sent the request, it was sent to another host name, or the "
    "service is not allowed to do this",
    404: "the resource does not exist",
    409: "an upload of this name exists already",
    413: "too many bytes or pixels",
    415: "unsupported image format, or unexpected media type",
    422: "a field is missing or invalid",
    429: "too many requests at a time: retry after Retry-After seconds",
    500: "an unexpected error",
    502: "SAM2 or Cloud Storage refuses this service's request",
    503: "SAM2 or Cloud Storage is not available: retry after Retry-After seconds",
}

_ANY = (403, 500)
"""The problems of every route: the check of its host, and unexpected errors."""

_CONTENT = (400, 413, 415)
"""The problems of an image, and of a request's body."""

_BUCKETS = (404, 502, 503)
"""The problems of access to the buckets."""

_PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")


def document(*, with_key: bool, max_upload: int) -> dict[str, Any]:
    """Returns the OpenAPI 3.1 document of the service.

    `with_key`: whether it requires an API key. `max_upload`: its limit for uploads, in bytes.
    """
    paths = _paths()
    description = "Exact per-pixel masks of faces and hands in images."
    described = openapi.document("toonmask", description, paths, _REQUESTS, _RESPONSES)
    for path, operations in paths.items():
        for operation in operations.values():
            if path.startswith("/v1/"):
                operation["responses"] |= _problems(401)
                if with_key:
                    operation["security"] = [{_KEY: []}]
    size = described["components"]["schemas"][NewUpload.__name__]["properties"]["size"]
    size["maximum"] = max_upload
    scheme = {"type": "apiKey", "in": "header", "name": KEY_HEADER}
    described["components"]["securitySchemes"] = {_KEY: scheme}
    return described


def _paths() -> dict[str, openapi.Operations]:
    return {
        mask_routes.PATH: {"post": _face_masks()},
        **_uploads(),
        **_actions(),
        ABOUT: {
            "get": _operation(
                "about", "Describe the service: version, limits, buckets", _json(About)
            )
        },
        HEALTH: {
            "get": _operation(
                "health", "Check that the service responds", {"description": "it does"}
            )
        },
        DOCUMENT: {"get": _operation("document", "Read this document", openapi.ITSELF)},
    }


def _uploads() -> dict[str, openapi.Operations]:
    return {
        bucket_routes.PATH: {
            "get": _operation(
                "listUploads",
                "List uploads with their states, by name or newest first, or those of a folder",
                _json(UploadPage),
                (*_BUCKETS, 422, 429),
                parameters=_parameters(UploadQuery),
            ),
            "post": _operation(
                "beginUpload",
                "Begin an upload; PUT its content to the URL in the response",
                _json(UploadSession),
                (*_CONTENT, *_BUCKETS, 409, 422),
                requestBody={"required": True, "content": openapi.content(NewUpload)},
            ),
        },
        f"{bucket_routes.PATH}/counts": {
            "get": _operation(
                "countUploads",
                "Count uploads by their states",
                _json(UploadCounts),
                (*_BUCKETS, 422, 429),
                parameters=_parameters(UploadFilter),
            )
        },
        f"{bucket_routes.PATH}/result": {
            "get": _operation(
                "result",
                "Read the result.json of an upload",
                _json(ResultDocument),
                (*_BUCKETS, 422),
                parameters=_parameters(ResultQuery),
            )
        },
        f"{bucket_routes.PATH}/picture": {
            "get": _operation(
                "picture",
                "Read a picture of an upload's result, or the upload itself",
                {"description": "the picture", "content": _binary(*_PICTURE_TYPES)},
                (*_CONTENT, *_BUCKETS, 422, 429),
                parameters=_parameters(PictureQuery),
            )
        },
    }


def _actions() -> dict[str, openapi.Operations]:
    archive = {"description": "the archive", "content": _binary(MEDIA_TYPE)}
    return {
        upload_action_routes.RERUN: {
            "post": _action("rerunUploads", "Process uploads again", _json(Outcomes))
        },
        upload_action_routes.DELETE: {
            "post": _action("deleteUploads", "Delete uploads and their results", _json(Outcomes))
        },
        upload_action_routes.ARCHIVE: {
            "post": _action("archiveUploads", "Load the results of uploads as a ZIP", archive)
        },
    }


def _action(operation_id: str, summary: str, success: dict[str, Any]) -> dict[str, Any]:
    statuses = (*_CONTENT, *_BUCKETS, 422, 429)
    body = {"required": True, "content": openapi.content(Selection)}
    return _operation(operation_id, summary, success, statuses, requestBody=body)


def _face_masks() -> dict[str, Any]:
    options = Options.model_json_schema(ref_template=openapi.REF)["properties"]
    options["multimask"] = {
        "type": "string",
        "enum": ["true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0"],
        "default": "true",
        "description": options["multimask"]["description"],
    }
    options["targets"] = {
        "type": "string",
        "enum": ["face", "hand", "face,hand"],
        "default": "face",
        "description": options["targets"]["description"],
    }
    any_part = "|".join(FACE_PARTS)
    options["face_parts"] = {
        "type": "string",
        "pattern": f"^(({any_part}),)*skin(,({any_part}))*$",
        "default": "skin",
        "description": options["face_parts"]["description"],
    }
    image = {
        "type": "string",
        "format": "binary",
        "description": "supported formats: PNG, JPEG, WebP, AVIF, GIF, BMP, TIFF",
    }
    form = {"type": "object", "properties": {"image": image, **options}, "required": ["image"]}
    output = {
        "name": "output",
        "in": "query",
        "description": "the picture to respond with if the client accepts PNG: mask, overlay, "
        "cutout, face-1/mask, face-1/cutout, …",
        "schema": {"type": "string", "pattern": f"^(?:{mask_routes.OUTPUT})$"},
    }
    content = openapi.content(FaceMaskResponse) | _binary("image/png")
    return _operation(
        "faceMasks",
        "Create mask, overlay and cutout of an image",
        {"description": "the detected faces and hands, possibly none", "content": content},
        (*_CONTENT, 404, 422, 429, 502, 503),
        parameters=[output],
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": form}}},
    )


def _operation(
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
        "responses": {"200": success, **_problems(*_ANY, *statuses)},
    }


def _parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
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


def _problems(*statuses: int) -> dict[str, Any]:
    content = openapi.content(Problem, media_type=problems.MEDIA_TYPE)
    return {
        str(status): {"description": _PROBLEMS[status], "content": content}
        for status in sorted(statuses)
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"description": model.__name__, "content": openapi.content(model)}


def _binary(*media_types: str) -> dict[str, Any]:
    schema = {"schema": {"type": "string", "format": "binary"}}
    return dict.fromkeys(media_types, schema)
