"""The SAM2 service follows its OpenAPI document, for generated valid and invalid requests."""

import base64
from typing import Any

import numpy as np
import schemathesis
from functions_framework import create_app
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tools.support.examples import ROOT
from tools.support.pipeline import png


def _image(height: int, width: int, seed: int) -> str:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return base64.b64encode(png(noise)).decode()


sides = st.integers(1, 40)
schemathesis.openapi.format("base64-image", st.builds(_image, sides, sides, st.integers(0, 9)))
APP = create_app("sam2", str(ROOT / "functions" / "sam2" / "main.py"), "http")
schema = schemathesis.openapi.from_wsgi("/openapi.json", APP)


# Each operation has a test of its own. pytest 9.2 gives all operations of one test the same id, and
# xdist runs only one test of an id.
OPERATIONS = [
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/v1/segment"),
    ("POST", "/v1/segment"),
]
get_health, get_document, get_segment, post_segment = (
    schema.include(method=method, path=path) for method, path in OPERATIONS
)
generated = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@get_health.parametrize()
@generated
def test_health_is_as_documented_and_no_server_error(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate()


@get_document.parametrize()
@generated
def test_the_document_is_as_documented_and_no_server_error(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate()


@get_segment.parametrize()
@generated
def test_what_computes_masks_is_as_documented_and_no_server_error(
    case: schemathesis.Case[Any],
) -> None:
    case.call_and_validate()


@post_segment.parametrize()
@generated
def test_every_answer_is_as_documented_and_none_is_a_server_error(
    case: schemathesis.Case[Any],
) -> None:
    case.call_and_validate()


def test_no_operation_is_left_out() -> None:
    described = {(method.upper(), path) for path in schema for method in schema[path]}
    assert described == set(OPERATIONS)
