"""The OpenAPI document of the HTTP API, generated from the models of requests and responses.

tests/functions/api/test_openapi.py compares its operations with the routes. The test client
compares each response with its operation (tests/functions/documented.py).
"""

from typing import Any

from shared.api import mask_routes, openapi_uploads
from shared.api.about import About
from shared.api.access import KEY_HEADER
from shared.api.bucket_routes import NewUpload, UploadSession
from shared.api.correction_routes import Check, Checked, Correction, SavedCorrection
from shared.api.face_masks import Options
from shared.api.openapi_operations import (
    CONTENT,
    binary,
    json_content,
    operation,
    problem_responses,
)
from shared.api.picture_export import ExportedFiles, PictureExport
from shared.api.problems import Problem
from shared.api.responses import FaceMaskResponse
from shared.api.upload_counts import UploadCounts
from shared.api.upload_listing import UploadPage
from shared.api.upload_selection import Outcomes, Selection
from shared.schemas.documents import PromptsDocument, ResultDocument
from shared.schemas.prompt import FACE_PARTS
from shared.serving import openapi

ABOUT = "/v1/about"
HEALTH = "/healthz"
DOCUMENT = "/openapi.json"

_REQUESTS = (Options, NewUpload, Selection, PictureExport, Correction, Check)
_RESPONSES = (
    About,
    Checked,
    ExportedFiles,
    FaceMaskResponse,
    UploadPage,
    UploadCounts,
    UploadSession,
    Outcomes,
    PromptsDocument,
    ResultDocument,
    SavedCorrection,
    Problem,
)
_KEY = "key"


def document(*, with_key: bool, max_upload: int) -> dict[str, Any]:
    """Returns the OpenAPI 3.1 document of the service.

    `with_key`: whether it requires an API key. `max_upload`: its limit for uploads, in bytes.
    """
    paths = _paths()
    description = "Exact per-pixel masks of faces and hands in images."
    described = openapi.document("toonmask", description, paths, _REQUESTS, _RESPONSES)
    for path, operations in paths.items():
        for entry in operations.values():
            if path.startswith("/v1/"):
                entry["responses"] |= problem_responses(401)
                if with_key:
                    entry["security"] = [{_KEY: []}]
    size = described["components"]["schemas"][NewUpload.__name__]["properties"]["size"]
    size["maximum"] = max_upload
    scheme = {"type": "apiKey", "in": "header", "name": KEY_HEADER}
    described["components"]["securitySchemes"] = {_KEY: scheme}
    return described


def _paths() -> dict[str, openapi.Operations]:
    return {
        mask_routes.PATH: {"post": _face_masks()},
        **openapi_uploads.operations(),
        ABOUT: {
            "get": operation(
                "about", "Describe the service: version, limits, buckets", json_content(About)
            )
        },
        HEALTH: {
            "get": operation(
                "health", "Check that the service responds", {"description": "it does"}
            )
        },
        DOCUMENT: {"get": operation("document", "Read this document", openapi.ITSELF)},
    }


def _face_masks() -> dict[str, Any]:
    options = {
        name: _without_null(field)
        for name, field in Options.model_json_schema(ref_template=openapi.REF)["properties"].items()
    }
    for name, default in (("multimask", "true"), ("instance_pictures", "false")):
        options[name] = {
            "type": "string",
            "enum": ["true", "false", "t", "f", "yes", "no", "y", "n", "on", "off", "1", "0"],
            "default": default,
            "description": options[name]["description"],
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
    content = openapi.content(FaceMaskResponse) | binary("image/png")
    return operation(
        "faceMasks",
        "Create mask, overlay and cutout of an image",
        {"description": "the detected faces and hands, possibly none", "content": content},
        (*CONTENT, 404, 422, 429, 502, 503),
        parameters=[output],
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": form}}},
    )


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema of an optional form field: it is text or missing, never null."""
    if "anyOf" not in field:
        return field
    (present,) = (part for part in field.pop("anyOf") if part != {"type": "null"})
    return {**present, **{key: value for key, value in field.items() if value is not None}}
