"""The order of an apply: nothing is made beside what it needs.

Google's APIs answer with errors until a change of an API, an agent or a grant has taken effect, so
whatever needs it has to wait for the `time_sleep` behind it.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.terraform.conftest import Terraform
from tools.support.examples import ROOT

_EDGE = re.compile(r'"(?:\[root\] )?([\w.\[\]"-]+)" -> "(?:\[root\] )?([\w.\[\]"-]+)"')
_BLOCK = re.compile(r'^resource "(\w+)" "(\w+)" \{(.*?)^\}', re.DOTALL | re.MULTILINE)
_SOURCE = "google_cloudfunctions2_function.this"
_IMAGE = "google_cloud_run_v2_service.this"
_RUN = (_SOURCE, _IMAGE)
"""What runs a function, in its module."""

Graph = dict[str, set[str]]


@pytest.fixture(scope="module")
def graph(terraform: Terraform) -> Graph:
    """What each resource depends on, directly or not."""
    done = terraform("graph")
    assert done.returncode == 0, done.stderr
    direct: defaultdict[str, set[str]] = defaultdict(set)
    for dependent, dependency in _EDGE.findall(done.stdout):
        direct[dependent].add(dependency)
        direct[dependency]

    def reached(name: str) -> set[str]:
        found: set[str] = set()
        pending = [name]
        while pending:
            new = direct[pending.pop()] - found
            found |= new
            pending += new
        return found

    return {name: reached(name) for name in list(direct)}


def _blocks() -> dict[str, str]:
    """The root module's resource blocks by their addresses."""
    files = sorted(Path(ROOT / "terraform").glob("*.tf"))
    return {
        f"{kind}.{name}": body
        for file in files
        for kind, name, body in _BLOCK.findall(file.read_text())
    }


def test_everything_waits_for_the_apis(graph: Graph) -> None:
    made = {
        name
        for name in graph
        if re.search(r"(^|\.)google_", name) and "google_project_service." not in name
    }
    assert len(made) > 30
    for name in made:
        waits = "data_source_apis" if name.startswith("data.") else "apis"
        assert f"time_sleep.{waits}" in graph[name], name


def test_grants_to_agents_wait_for_the_agents(graph: Graph) -> None:
    named = {
        name
        for name, body in _blocks().items()
        if "_iam_member." in name and re.search(r"local\.\w+_agent", body)
    }
    assert len(named) == 6
    for name in named:
        assert "time_sleep.agents" in graph[name], name
    assert "google_project_service_identity.agents" in graph["time_sleep.agents"]


@pytest.mark.parametrize(
    ("name", "grants"),
    [
        ("google_storage_notification.uploads", {"storage_publishes"}),
        ("terraform_data.sam2_image", {"build_grants"}),
        ("google_cloud_run_v2_service.sam2", {"sam2_trace_grants"}),
        *((f"module.{name}.{run}", {"build_grants", "runtime_grants"})
          for name in ("landmarks", "segmentation", "drain", "api") for run in _RUN),
        *((f"module.{name}.{run}", {"secret_grants", "sam2_grants"})
          for name in ("segmentation", "api") for run in _RUN),
    ],
)  # fmt: skip
def test_what_needs_a_grant_waits_until_it_takes_effect(
    graph: Graph, name: str, grants: set[str]
) -> None:
    assert {f"time_sleep.{one}" for one in grants} <= graph[name]


@pytest.mark.parametrize(
    ("grants", "role"),
    [
        ("runtime_grants", "functions_write_traces"),
        ("sam2_trace_grants", "sam2_writes_traces"),
    ],
)
def test_nothing_that_sends_spans_starts_before_it_may(
    graph: Graph, grants: str, role: str
) -> None:
    assert f"google_project_iam_member.{role}" in graph[f"time_sleep.{grants}"]


def test_all_that_is_encrypted_waits_for_the_key(graph: Graph) -> None:
    encrypted = {name for name, body in _blocks().items() if "var.kms_key" in body}
    encrypted -= {"time_sleep.encryption", "google_kms_crypto_key_iam_member.agents"}
    assert len(encrypted) == 8
    functions = {name for name in graph if name.endswith(_RUN)}
    for name in encrypted | functions:
        assert "time_sleep.encryption" in graph[name], name
    assert "google_kms_crypto_key_iam_member.agents" in graph["time_sleep.encryption"]


def test_nothing_is_made_before_what_it_replaces_is_destroyed() -> None:
    """Their names are the same. Terraform does so with all that the resource depends on, too."""
    assert not [
        name for name, body in _blocks().items() if re.search(r"create_before_destroy\s*=", body)
    ]


def test_grants_to_functions_wait_for_no_function(graph: Graph) -> None:
    """They take effect while the functions are built."""
    for name in ("runtime_grants", "secret_grants", "sam2_grants"):
        assert not any(needed.endswith(_RUN) for needed in graph[f"time_sleep.{name}"]), name


def test_a_refused_sam2_service_keeps_no_other_function_from_being_made(graph: Graph) -> None:
    sam2 = "google_cloud_run_v2_service.sam2"
    for run in _RUN:
        assert sam2 in graph[f"module.segmentation.{run}"]
        assert sam2 not in graph[f"module.landmarks.{run}"]
        assert sam2 not in graph[f"module.drain.{run}"]


def test_the_page_is_opened_to_nobody_before_the_proxy_stands_in_front_of_it(graph: Graph) -> None:
    service = f"module.api.{_IMAGE}"
    for grant in (
        "google_cloud_run_v2_service_iam_member.iap_invokes",
        "google_iap_web_cloud_run_service_iam_member.api_users",
    ):
        assert service in graph[grant]
