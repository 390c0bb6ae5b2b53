"""The permissions that the preflight demands are those of the resources that Terraform plans."""

import json
from pathlib import Path

import pytest

from tests.terraform.conftest import Terraform
from tools.deployment.preflight.permissions import required_on_project
from tools.deployment.preflight.requirements import evaluate
from tools.deployment.preflight.resource_permissions import (
    ON_BILLING_ACCOUNT,
    ON_BUCKETS,
    ON_KEY,
    ON_PROJECT,
)
from tools.support.examples import ROOT

VARIANTS: dict[str, dict[str, object]] = {
    "plain": {},
    "mail": {"notification_email": "me@example.com"},
    "sam2": {"deploy_sam2": True},
    "sam2_from_an_image": {"deploy_sam2": True, "sam2": {"image": "sam2:1"}},
    "replicate": {"sam2_provider": "replicate", "replicate_api_token": "x"},
    "api": {"enable_api": True},
    "api_with_a_key": {"enable_api": True, "api": {"wants_key": True}, "api_key": "x"},
    "key": {"kms_key": "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"},
    "budget": {"budget": {"billing_account": "012345-ABCDEF-012345", "amount": 10}},
}


@pytest.fixture(scope="module")
def planned(terraform: Terraform, place: Path) -> dict[str, set[str]]:
    """The resources and data sources in the plan of each variant, as the tables name them."""
    tests = place / "terraform/tests"
    mocks = (tests / "defaults.tftest.hcl").read_text().partition("\nrun ")[0]
    runs = [
        f'run "{name}" {{\n  command = plan\n  variables {{\n{_assigned(variables)}  }}\n}}\n'
        for name, variables in VARIANTS.items()
    ]
    file = tests / "variants.tftest.hcl"
    file.write_text("\n".join([mocks, *runs]))
    done = terraform("test", "-json", "-verbose", f"-filter=tests/{file.name}")
    file.unlink()
    assert done.returncode == 0, done.stdout
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        line["@testrun"]: {_named(change) for change in line["test_plan"]["resource_changes"]}
        for line in lines
        if line["type"] == "test_plan"
    }


def _assigned(variables: dict[str, object]) -> str:
    return "".join(f"    {name} = {json.dumps(value)}\n" for name, value in variables.items())


def _named(change: dict[str, str]) -> str:
    own = change["type"] == "terraform_data"  # these differ in what they run
    return f"{change['type']}.{change['name']}" if own else change["type"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("variant", VARIANTS)
def test_exactly_what_is_planned_needs_permissions(
    planned: dict[str, set[str]], variant: str
) -> None:
    options = [
        f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in VARIANTS[variant].items()
    ]
    required = evaluate(ROOT / "terraform", "a-project", options)
    resources = planned[variant]
    assert required_on_project(required) == {
        permission
        for resource in resources & ON_PROJECT.keys()
        for permission in ON_PROJECT[resource]
    }
    assert resources >= ON_BUCKETS.keys()
    assert bool(required.kms_key) is (resources >= ON_KEY.keys())
    assert bool(required.billing_account) is (resources >= ON_BILLING_ACCOUNT.keys())
