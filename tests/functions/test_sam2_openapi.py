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


@schema.parametrize()
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
def test_every_answer_is_as_documented_and_none_is_a_server_error(
    case: schemathesis.Case[Any],
) -> None:
    case.call_and_validate()
