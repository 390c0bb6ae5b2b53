"""Each upload gets its result, under any order of uploads, overwrites, duplicates and crashes.

The functions' real code runs with the real storage server, broker and client libraries. The test
controls only the order: workers wait before each request, and hypothesis decides which item
continues and which one dies. People correct prompts at any time, also several at once, and also
prompts that they saw long ago.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.interleavings.cloud import Cloud
from tests.interleavings.contests import Contest, Correcting, Framed, Overtaking
from tests.interleavings.pipeline import Pipeline


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with tempfile.TemporaryDirectory() as folder:
        made = Cloud(Path(folder))
        yield made
        made.stop()


@pytest.mark.slow
@pytest.mark.parametrize("machine", [Pipeline, Contest, Overtaking, Framed, Correcting])
def test_every_upload_ends_in_one_whole_result_for_its_newest_generation(
    cloud: Cloud, machine: type[Pipeline]
) -> None:
    Pipeline.cloud = cloud
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
