"""Cloud Run's quotas against what the services can grow to."""

import pytest

from tests.tools.deployment.preflight.conftest import SAM2, SAM2_ON_L4, Run
from tests.tools.deployment.preflight.google_server import CPU, L4, MEMORY, Google
from tools.deployment.preflight.findings import State


@pytest.mark.parametrize(
    ("metric", "limit", "expected"),
    [
        (MEMORY, 40 * 2**30, (State.OK, "40 of 40 GiB in us-central1")),
        (MEMORY, 39 * 2**30, (State.WARNING, "together grow to 40 of 39 GiB")),
        (MEMORY, 19 * 2**30, (State.WRONG, "landmarks grows to 20 of 19 GiB")),
        (MEMORY, -1, (State.OK, "there is no limit")),
        (CPU, 20_000, (State.OK, "20 of 20 vCPU")),
        (CPU, 19_000, (State.WARNING, "together grow to 20 of 19 vCPU")),
        (CPU, 9_000, (State.WRONG, "landmarks grows to 10 of 9 vCPU")),
    ],
)
def test_quotas(
    run: Run, google: Google, metric: str, limit: int, expected: tuple[State, str]
) -> None:
    google.quotas[metric] = limit
    found = run()["quota memory" if metric == MEMORY else "quota CPU"]
    state, text = expected
    assert found.state is state
    assert text in found.text


def test_who_has_too_little_is_given_the_line_that_asks_for_more(run: Run, google: Google) -> None:
    google.quotas[MEMORY] = 2**30
    assert (
        "gcloud beta quotas preferences create --service=run.googleapis.com "
        "--quota-id=MemAllocPerProjectRegion --preferred-value=42949672960 "
        "--dimensions=region=us-central1 --project=my-project" in run()["quota memory"].text
    )


@pytest.mark.parametrize(
    ("limit", "instances", "state"),
    [
        (3, 2, State.OK),
        (1, 2, State.WRONG),
        (0, 2, State.UNKNOWN),  # Google grants 3 with the first service
        (None, 2, State.UNKNOWN),
        (0, 4, State.WRONG),
    ],
)
def test_l4s(run: Run, google: Google, limit: int | None, instances: int, state: State) -> None:
    del google.quotas[L4]
    if limit is not None:
        google.quotas[L4] = limit
    services = {"sam2": SAM2_ON_L4 | {"instances": instances}}
    found = run(services=services, deploy_sam2=True)["quota L4"]
    assert found.state is state
    if state is not State.OK:
        assert "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion" in found.text
        assert f"--preferred-value={instances} " in found.text


def test_without_a_gpu_neither_l4s_nor_their_regions_matter(run: Run) -> None:
    found = run(services={"sam2": SAM2}, deploy_sam2=True, region="europe-north1")
    assert not found.keys() & {"region", "quota L4"}


def test_another_region_has_the_quota_of_all_regions_and_perhaps_no_l4s(run: Run) -> None:
    found = run(services={"sam2": SAM2_ON_L4}, deploy_sam2=True, region="europe-north1")
    assert found["region"].state is State.WARNING
    assert "europe-north1 had no L4s" in found["region"].text
    assert found["quota L4"].text.startswith("sam2 grows to 2 of 1 L4")


def test_a_quota_that_is_not_reported_is_unknown(run: Run, google: Google) -> None:
    del google.quotas[CPU]
    found = run()
    assert found["quota CPU"].state is State.UNKNOWN
    assert found["quota memory"].state is State.OK
