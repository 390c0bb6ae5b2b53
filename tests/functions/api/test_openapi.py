"""The API's OpenAPI document: it has all routes, and it holds for generated requests."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schemathesis
from google.cloud import storage as gcs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from shared.api import openapi
from shared.api.app import create_app
from shared.api.settings import ApiSettings
from tests.functions.api.service import client
from tests.shared.segmentation_runs import output
from tools.support.pipeline import png


def _image(height: int, width: int, seed: int) -> bytes:
    return png(np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8))


PATHS = openapi.document(with_key=False, max_upload=1)["paths"]
OPERATIONS = {(method.upper(), path) for path, item in PATHS.items() for method in item}

sides = st.integers(1, 40)
schemathesis.openapi.format("binary", st.builds(_image, sides, sides, st.integers(0, 9)))
schemathesis.openapi.format(
    "object-name", st.from_regex(r"[a-zäß]{1,9}(/[a-z]{1,9})?", fullmatch=True)
)
schemathesis.openapi.format(  # each image has the first pixel
    "given-prompts",
    st.sampled_from(
        ["[]", '[{"points": [[0, 0, 1]]}]', '[{"label": "hand", "box": [0, 0, 9, 9]}]']
    ),
)


def test_the_document_has_every_route_and_no_other(tmp_path: Path) -> None:
    routes = {
        (method, rule.rule)
        for rule in create_app(ApiSettings(), tmp_path).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    page = {("GET", "/"), ("GET", "/page/<path:name>")}
    assert routes - page == OPERATIONS
    assert page <= routes


@pytest.fixture
def schema(bucket: gcs.Bucket) -> Any:
    """The document of the API with a pair of buckets, which may do everything."""
    topic = "projects/p/topics/uploads"
    buckets = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    api = client(**buckets, UPLOADS_TOPIC=topic, CAN_DELETE="true")
    # string constants of our code are not images
    constants = {"analysis": {"constants": {"enabled": False}}}
    config = schemathesis.Config.from_dict(constants)
    return schemathesis.openapi.from_wsgi("/openapi.json", api.application, config=config)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_every_response_is_documented_and_none_is_a_server_error(
    schema: Any, method: str, path: str, mode: GenerationMode
) -> None:
    @given(schema[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    def holds(case: schemathesis.Case[Any]) -> None:
        if path == "/v1/export" and mode is GenerationMode.POSITIVE:
            case.body = _with_fitting_masks(case.body)
        case.call_and_validate()

    try:
        holds()
    except Unsatisfiable:  # a request without parameters and body cannot be invalid
        assert mode is GenerationMode.NEGATIVE
        assert not PATHS[path][method.lower()].keys() & {"parameters", "requestBody"}


def _with_fitting_masks(body: Any) -> Any:
    """Gives all pictures different names, and all instances different ids and masks that fit.

    A schema cannot say that a mask has the size of its picture.
    """
    pictures = [
        {
            **picture,
            "name": f"{number}{picture['name']}"[:1024],
            "width": 3,
            "height": 2,
            "instances": [
                {**instance, "id": f"hand-{index}", "rle": {"size": [2, 3], "counts": "114"}}
                for index, instance in enumerate(picture["instances"], 1)
            ],
        }
        for number, picture in enumerate(body["pictures"])
    ]
    return {**body, "pictures": pictures}
