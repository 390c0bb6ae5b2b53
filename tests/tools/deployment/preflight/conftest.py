"""Google's APIs on this machine, and what a deployment requires of its project."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.tools.deployment.preflight.google_server import PROJECT, REGION, Google, running
from tools.deployment.google_apis import GoogleApis
from tools.deployment.preflight.checks import check_all
from tools.deployment.preflight.findings import Finding
from tools.deployment.preflight.requirements import Requirements

ME = "user:me@example.com"
BUCKET = "toonmask-input-my-project"
KEY = "projects/vault/locations/us-central1/keyRings/ring/cryptoKeys/key"
ACCOUNT = "012345-ABCDEF-012345"
SERVICE = {"cpu": "1", "memory": "2Gi", "l4_gpus": 0, "instances": 10}
SAM2_SIZE = {
    "gpu": False,
    "model": None,
    "image": None,
    "min_instances": 0,
    "max_instances": None,
}
SAM2 = {"cpu": "2", "memory": "4Gi", "l4_gpus": 0, "instances": 4}
SAM2_ON_L4 = {"cpu": "4", "memory": "16Gi", "l4_gpus": 1, "instances": 2}

Found = dict[str, Finding]
"""Findings by their checks."""

Run = Callable[..., Found]


@pytest.fixture
def google() -> Iterator[Google]:
    with running() as made:
        yield made


@pytest.fixture
def required() -> Requirements:
    """A plain deployment's."""
    return Requirements.model_validate(
        {
            "project_id": PROJECT,
            "region": REGION,
            "l4_regions": [REGION],
            "apis": ["pubsub.googleapis.com", "run.googleapis.com", "storage.googleapis.com"],
            "bucket_names": [BUCKET],
            "kms_key": None,
            "billing_account": None,
            "secrets": [],
            "secrets_given": True,
            "notification_email": None,
            "enable_api": False,
            "api_public": False,
            "api_callers": [],
            "api_iap": [],
            "functions": ["landmarks", "segmentation", "drain"],
            "images": [],
            "subnetwork": None,
            "deploy_sam2": False,
            "sam2": SAM2_SIZE,
            "sam2_image": {"device": "cpu", "model": "facebook/sam2.1-hiera-tiny"},
            "services": {"landmarks": SERVICE, "drain": SERVICE},
        }
    )


@pytest.fixture
def run(google: Google, required: Requirements) -> Run:
    """Runs all checks, with some requirements changed."""

    def found(**changes: Any) -> Found:
        changed = Requirements.model_validate(required.model_dump() | changes)
        findings = list(check_all(GoogleApis(requests.Session(), google.root), changed, ME))
        by_check = {finding.check: finding for finding in findings}
        assert len(by_check) == len(findings)
        return by_check

    return found
