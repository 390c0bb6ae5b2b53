"""The OpenAPI document of the HTTP API, from the models that requests and answers are made of."""

from typing import Any

from pydantic import BaseModel

from shared.api import bucket_routes, mask_routes, problems
from shared.api.access import KEY_HEADER
from shared.api.answers import FaceMaskAnswer
from shared.api.bucket_routes import NewUpload, PictureQuery, Place, ResultQuery
from shared.api.face_masks import Options
from shared.api.library import Query, UploadPage
from shared.api.problems import Problem
from shared.schemas.documents import ResultDocument
from shared.serving import openapi

_ASKED = (Options, NewUpload)
_TOLD = (FaceMaskAnswer, UploadPage, Place, ResultDocument, Problem)
_KEY = "key"

_REFUSALS = {
    400: "the image is empty or broken, or the form is",
    401: "no key, or the wrong one",
    403: "the page of another site, or another host than this service's",
    404: "there is no such thing",
    409: "there is an upload of that name already",
    413: "too many bytes or pixels",
    415: "not a supported image format, or not the expected media type",
    422: "a field is missing, or does not hold what it should",
    429: "too many requests at a time: Retry-After says when to come back",
    500: "nobody foresaw this",
    502: "SAM2 or Cloud Storage refuses, and nothing helps",
    503: "SAM2 or Cloud Storage does not answer now: Retry-After says when to come back",
}


def document(*, with_key: bool, max_upload: int) -> dict[str, Any]:
    """OpenAPI 3.1; `with_key` for a service that wants one; `max_upload` in bytes."""
    keyed: dict[str, Any] = {"security": [{_KEY: []}]} if with_key else {}
    paths = {
        mask_routes.PATH: {"post": _face_masks() | keyed},
        bucket_routes.PATH: {"get": _list() | keyed, "post": _begin() | keyed},
        f"{bucket_routes.PATH}/result": {"get": _result() | keyed},
        f"{bucket_routes.PATH}/picture": {"get": _picture() | keyed},
        "/healthz": {"get": _health()},
    }
    description = "Exact per-pixel masks of faces and hands in pictures."
    made = openapi.document("toonmask", description, paths, _ASKED, _TOLD)
    size = made["components"]["schemas"][NewUpload.__name__]["properties"]["size"]
    size["maximum"] = max_upload
    scheme = {"type": "apiKey", "in": "header", "name": KEY_HEADER}
    made["components"]["securitySchemes"] = {_KEY: scheme}
    return made


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
    image = {"type": "string", "format": "binary", "description": "PNG, JPEG, WebP and the like"}
    form = {"type": "object", "properties": {"image": image, **options}, "required": ["image"]}
    png = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
    answers = openapi.content(FaceMaskAnswer) | png
    output = {
        "name": "output",
        "in": "query",
        "description": "the picture to be the answer, where PNG is accepted: mask, overlay, "
        "cutout, face-1/mask, face-1/cutout, …",
        "schema": {"type": "string", "pattern": f"^(?:{mask_routes.OUTPUT})$"},
    }
    return {
        "operationId": "faceMasks",
        "summary": "Masks, overlay and cutout of a picture",
        "parameters": [output],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {
            "200": {"description": "what was found, perhaps nothing", "content": answers},
            **_refusals(400, 404, 413, 415, 422, 429, 502, 503),
        },
    }


def _list() -> dict[str, Any]:
    return {
        "operationId": "listUploads",
        "summary": "Uploads with their states, in the order of their names",
        "parameters": _parameters(Query),
        "responses": {"200": _json(UploadPage), **_refusals(404, 422, 502, 503)},
    }


def _begin() -> dict[str, Any]:
    return {
        "operationId": "beginUpload",
        "summary": "An address that takes an upload's content by PUT",
        "requestBody": {"required": True, "content": openapi.content(NewUpload)},
        "responses": {"200": _json(Place), **_refusals(404, 409, 413, 415, 422, 502, 503)},
    }


def _result() -> dict[str, Any]:
    return {
        "operationId": "result",
        "summary": "An upload's result.json",
        "parameters": _parameters(ResultQuery),
        "responses": {"200": _json(ResultDocument), **_refusals(404, 422, 502, 503)},
    }


def _picture() -> dict[str, Any]:
    content = {
        kind: {"schema": {"type": "string", "format": "binary"}}
        for kind in ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
    }
    return {
        "operationId": "picture",
        "summary": "A picture of an upload's result, or the upload itself",
        "parameters": _parameters(PictureQuery),
        "responses": {
            "200": {"description": "the picture", "content": content},
            **_refusals(400, 404, 413, 415, 422, 429, 502, 503),
        },
    }


def _health() -> dict[str, Any]:
    return {
        "operationId": "health",
        "summary": "Whether requests are answered",
        "responses": {"200": {"description": "they are"}},
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
    """The schema with what it refers to in its place, and without null, which no query can hold."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema if part != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return definitions[schema["$ref"].rpartition("/")[2]]
    told = {key: value for key, value in schema.items() if value is not None}
    return {key: _inlined(value, definitions) for key, value in told.items()}


def _refusals(*statuses: int) -> dict[str, Any]:
    content = openapi.content(Problem, media_type=problems.MEDIA_TYPE)
    return {
        str(status): {"description": _REFUSALS[status], "content": content}
        for status in (*statuses, 401, 403, 500)
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"description": model.__name__, "content": openapi.content(model)}
