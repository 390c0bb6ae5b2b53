"""Common parts of our services' OpenAPI documents."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared import VERSION

REF = "#/components/schemas/{model}"

Operations = dict[str, dict[str, Any]]
"""The OpenAPI operations of one path, by their method in lower case."""

ITSELF = {
    "description": "the OpenAPI document",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
"""The OpenAPI description of the response with the document."""


def document(
    title: str,
    description: str,
    paths: dict[str, Operations],
    requests: Sequence[type[BaseModel]],
    responses: Sequence[type[BaseModel]],
) -> dict[str, Any]:
    """Returns an OpenAPI 3.1 document with the schemas of the request and response models."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in requests]
        + [(model, "serialization") for model in responses],
        ref_template=REF,
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": description},
        "paths": paths,
        "components": {"schemas": schemas["$defs"]},
    }


def content(*models: type[BaseModel], media_type: str = "application/json") -> dict[str, Any]:
    """Returns the OpenAPI description of a body that fits one of the models."""
    references = [{"$ref": REF.format(model=model.__name__)} for model in models]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    return {media_type: {"schema": schema}}
