"""The permissions that the preflight demands are those of the resources that Terraform plans."""

import re

import pytest

from tests.terraform.conftest import Terraform, changes_of
from tools.deployment.preflight.permissions import required_on_project
from tools.deployment.preflight.requirements import evaluate
from tools.deployment.preflight.resource_permissions import (
    ON_BILLING_ACCOUNT,
    ON_BUCKETS,
    ON_KEY,
    ON_PROJECT,
)
from tools.deployment.terraform_check import variants
from tools.support.examples import ROOT

VARIANTS = variants()


def _named(address: str) -> str:
    """A resource or data source, as the tables name it."""
    kind, name = re.sub(r"\[[^]]*\]", "", address).split(".")[-2:]
    return f"{kind}.{name}" if kind == "terraform_data" else kind  # these differ in what they run


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("empty_models")
@pytest.mark.parametrize("variant", VARIANTS)
def test_exactly_what_is_planned_needs_permissions(terraform: Terraform, variant: str) -> None:
    file = VARIANTS[variant]
    resources = {_named(address) for address in changes_of(terraform, file)}
    required = evaluate(ROOT / "terraform", "my-project", [f"-var-file={file}"])
    assert required_on_project(required) == {
        permission
        for resource in resources & ON_PROJECT.keys()
        for permission in ON_PROJECT[resource]
    }
    # without code from source, only `make images` writes into the bucket of sources
    code = set() if required.from_source else {"google_storage_bucket_object"}
    assert resources | code >= ON_BUCKETS.keys()
    assert bool(required.kms_key) is (resources >= ON_KEY.keys())
    assert bool(required.billing_account) is (resources >= ON_BILLING_ACCOUNT.keys())
