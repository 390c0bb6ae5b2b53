"""The operations of the OpenAPI document that are about the buckets, and of exports."""

from typing import Any

from shared.api import bucket_routes, correction_routes, export_routes, upload_action_routes
from shared.api.bucket_routes import NewUpload, PictureQuery, UploadSession
from shared.api.correction_routes import Check, Checked, Correction, SavedCorrection
from shared.api.dataset_archive import ExportQuery
from shared.api.openapi_operations import (
    BUCKETS,
    CONTENT,
    binary,
    json_content,
    operation,
    parameters,
)
from shared.api.picture_export import ExportedFiles, PictureExport
from shared.api.request_models import UploadName
from shared.api.upload_counts import UploadCounts
from shared.api.upload_filter import UploadFilter
from shared.api.upload_listing import UploadPage, UploadQuery
from shared.api.upload_selection import Outcomes, Selection
from shared.api.zip_stream import MEDIA_TYPE
from shared.schemas.documents import PromptsDocument, ResultDocument
from shared.serving import openapi

_PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")


def operations() -> dict[str, openapi.Operations]:
    """Returns the operations, by path."""
    return {**_listing_and_reading(), **_actions(), **_review(), **_exports()}


def _listing_and_reading() -> dict[str, openapi.Operations]:
    return {
        bucket_routes.PATH: {
            "get": operation(
                "listUploads",
                "List uploads with their states, by name or newest first, or those of a folder",
                json_content(UploadPage),
                (*BUCKETS, 422, 429),
                parameters=parameters(UploadQuery),
            ),
            "post": operation(
                "beginUpload",
                "Begin an upload; PUT its content to the URL in the response",
                json_content(UploadSession),
                (*CONTENT, *BUCKETS, 409, 422),
                requestBody={"required": True, "content": openapi.content(NewUpload)},
            ),
        },
        f"{bucket_routes.PATH}/counts": {
            "get": operation(
                "countUploads",
                "Count uploads by their states",
                json_content(UploadCounts),
                (*BUCKETS, 422, 429),
                parameters=parameters(UploadFilter),
            )
        },
        f"{bucket_routes.PATH}/result": {
            "get": operation(
                "result",
                "Read the result.json of an upload",
                json_content(ResultDocument),
                (*BUCKETS, 422),
                parameters=parameters(UploadName),
            )
        },
        f"{bucket_routes.PATH}/picture": {
            "get": operation(
                "picture",
                "Read a picture of an upload's result, or the upload itself",
                {"description": "the picture", "content": binary(*_PICTURE_TYPES)},
                (*CONTENT, *BUCKETS, 422, 429),
                parameters=parameters(PictureQuery),
            )
        },
    }


def _exports() -> dict[str, openapi.Operations]:
    """The routes that export datasets."""
    return {
        export_routes.PICTURES: {
            "post": operation(
                "exportPictures",
                "Create the annotation files of a dataset from the masks of pictures",
                json_content(ExportedFiles),
                (*CONTENT, 422, 429),
                requestBody={"required": True, "content": openapi.content(PictureExport)},
            )
        },
        export_routes.UPLOADS: {
            "get": operation(
                "exportUploads",
                "Read the results of uploads as a dataset, in an archive",
                {"description": "a ZIP archive", "content": binary(MEDIA_TYPE)},
                (*BUCKETS, 413, 422, 429),
                parameters=parameters(ExportQuery),
            )
        },
    }


def _actions() -> dict[str, openapi.Operations]:
    archive = {"description": "the archive", "content": binary(MEDIA_TYPE)}
    return {
        upload_action_routes.RERUN: {
            "post": _action("rerunUploads", "Process uploads again", json_content(Outcomes))
        },
        upload_action_routes.DELETE: {
            "post": _action(
                "deleteUploads", "Delete uploads and their results", json_content(Outcomes)
            )
        },
        upload_action_routes.ARCHIVE: {
            "post": _action("archiveUploads", "Load the results of uploads as a ZIP", archive)
        },
    }


def _action(operation_id: str, summary: str, success: dict[str, Any]) -> dict[str, Any]:
    statuses = (*CONTENT, *BUCKETS, 422, 429)
    body = {"required": True, "content": openapi.content(Selection)}
    return operation(operation_id, summary, success, statuses, requestBody=body)


def _review() -> dict[str, openapi.Operations]:
    """The routes of a person's review of results."""
    statuses = (*CONTENT, *BUCKETS, 409, 422)
    return {
        correction_routes.PROMPTS: {
            "get": operation(
                "prompts",
                "Read the prompts.json of an upload",
                json_content(PromptsDocument),
                (*BUCKETS, 422),
                parameters=parameters(UploadName),
            ),
            "post": operation(
                "saveCorrection",
                "Save corrected prompts; the upload is segmented again with them",
                json_content(SavedCorrection),
                statuses,
                requestBody={"required": True, "content": openapi.content(Correction)},
            ),
        },
        correction_routes.CHECKED: {
            "post": operation(
                "markChecked",
                "Mark a result as checked by a person, or remove the mark",
                json_content(Checked),
                statuses,
                requestBody={"required": True, "content": openapi.content(Check)},
            )
        },
    }
