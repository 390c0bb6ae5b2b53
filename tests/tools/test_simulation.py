"""The simulation agrees with the theory of queues."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tools.simulation import figures
from tools.simulation.costs import bill
from tools.simulation.figures import EMBEDDED, LARGE, TINY, Kind, Segmenter, Size
from tools.simulation.simulation import Run, Service, burst, run, wave
from tools.support.examples import ROOT

KIND = Kind("a kind", 1.0, 0.5, 0.2, 1, 1, 8, 1_000_000, 5_000)
SIZES = figures.LANDMARKS, figures.SEGMENTATION
GPU = LARGE.service or SIZES[0]
SEGMENTER = Segmenter("a segmenter", GPU, 0.1, 0.01)


def _run(
    arrivals: Sequence[float],
    sizes: tuple[Size, Size] = SIZES,
    segmenter: Segmenter = SEGMENTER,
) -> Run:
    return run(iter(arrivals), [KIND], sizes, segmenter)


def _on(size: Size, seconds: float = 0.1) -> Segmenter:
    return Segmenter("a segmenter", size, seconds, 0)


def test_an_upload_into_a_sleeping_system_waits_for_three_starts_and_its_work() -> None:
    result = _run([10.0])
    starts = sum(size.start for size in (*SIZES, GPU))
    assert result.seconds == [pytest.approx(starts + 0.5 + 0.2 + 0.1)]
    assert [service.starts for service in _services(result)] == [1, 1, 1]


def _services(result: Run) -> list[Service]:
    return [service for service in (result.landmarks, result.segmentation, result.sam2) if service]


def test_a_warm_system_costs_an_upload_only_its_work() -> None:
    result = _run([0.0, 100.0])
    assert result.seconds[1] == pytest.approx(0.8)


def test_an_instance_with_nothing_to_do_goes() -> None:
    later = figures.LANDMARKS.idle + 100
    result = _run([0.0, later])
    assert result.landmarks.starts == 2
    assert result.seconds[1] > figures.LANDMARKS.start


def test_nothing_is_lost_and_no_limit_is_passed() -> None:
    result = _run(list(burst(2_000, 100)))
    assert len(result.seconds) == 2_000
    for service in _services(result):
        assert len(service.instances) <= service.size.most
        assert service.most_at_once <= service.size.most


def test_a_full_service_works_at_the_rate_of_its_processors() -> None:
    result = _run(list(burst(4_000, 1_000)), SIZES, _on(replace(GPU, most=100, start=0)))
    rate = figures.LANDMARKS.most / KIND.landmarks
    assert result.last == pytest.approx(4_000 / rate, rel=0.1)
    served = sum(instance.served for instance in result.landmarks.instances)
    assert served == pytest.approx(4_000 * KIND.landmarks)


def test_a_gpu_does_one_picture_after_another() -> None:
    one_gpu = _on(replace(GPU, most=1, start=0), seconds=1)
    fast = replace(figures.LANDMARKS, most=1_000, start=0)
    result = run(iter([0.0] * 300), [KIND], (fast, replace(fast, concurrency=8)), one_gpu)
    assert result.last == pytest.approx(300, rel=0.02)


def test_requests_that_share_an_instance_share_its_processor() -> None:
    alone = replace(figures.SEGMENTATION, most=1, start=0, concurrency=4)
    at_once = replace(figures.LANDMARKS, most=100, start=0)
    gpu = _on(replace(GPU, most=100, start=0, concurrency=1))
    result = run(iter([0.0] * 100), [KIND], (at_once, alone), gpu)
    assert result.last == pytest.approx(100 * KIND.segmentation, rel=0.1)


def test_the_embedded_segmenter_computes_in_the_function() -> None:
    embedded = Segmenter("embedded", None, 0.4, 0.1)
    kind = replace(KIND, faces=3, pictures=2)
    result = run(iter([0.0, 100.0]), [kind], SIZES, embedded)
    assert result.sam2 is None
    assert result.seconds[1] == pytest.approx(0.5 + 0.2 + 2 * 0.4 + 0.1)
    assert bill(result)["SAM2"] == 0


def test_segmenters_on_processors_cost_nothing_while_idle() -> None:
    few = list(wave(500))
    on_processors, on_gpu = (bill(_run(few, segmenter=one))["SAM2"] for one in (TINY, LARGE))
    assert on_processors < on_gpu / 10
    assert bill(_run(few, segmenter=EMBEDDED))["segmentation"] > 0


def test_a_day_has_its_uploads_most_of_them_around_noon() -> None:
    times = list(wave(20_000))
    assert len(times) == pytest.approx(20_000, abs=5 * math.sqrt(20_000))
    assert times == sorted(times)
    hours = [sum(1 for time in times if int(time / 3600) == hour) for hour in (0, 12)]
    assert hours[1] > 20 * hours[0]


def test_twice_the_uploads_cost_twice_the_work() -> None:
    runs = [_run([float(n) for n in range(count)]) for count in (500, 1_000)]
    one, two = map(bill, runs)
    for part in ("requests", "messages", "writing objects", "a month of storage"):
        assert two[part] == pytest.approx(2 * one[part])
    seconds = 500 * KIND.landmarks + runs[0].landmarks.starts * figures.LANDMARKS.start
    assert one["landmarks"] == pytest.approx(seconds * (0.000_024 + 2 * 0.000_002_5))


@pytest.mark.parametrize("kind", figures.MIX, ids=lambda kind: kind.title)
def test_the_page_starts_from_what_was_measured_last(kind: Kind) -> None:
    page = (ROOT / "docs/scale.md").read_text()
    measured = f"{kind.landmarks:.2f} | {kind.segmentation:.2f}"
    assert f"| {kind.title} | {kind.share:.0%} | {measured} |" in page, "run `make simulate`"


@pytest.mark.parametrize(
    ("variable", "file", "size"),
    [
        ("landmarks", "variables.tf", figures.LANDMARKS),
        ("segmentation", "variables.tf", figures.SEGMENTATION),
    ],
)
def test_the_limits_are_the_defaults_of_terraform(variable: str, file: str, size: Size) -> None:
    text = (ROOT / "terraform" / file).read_text()
    body = text.partition(f'variable "{variable}" {{')[2].partition("\n}\n")[0]
    (instances,) = re.findall(r"max_instances = optional\(number, (\d+)\)", body)
    assert int(instances) == size.most
    for concurrency in re.findall(r"concurrency   = optional\(number, (\d+)\)", body):
        assert int(concurrency) == size.concurrency


@pytest.mark.parametrize(("segmenter", "uses_gpu"), [(TINY, False), (LARGE, True)])
def test_the_sizes_of_sam2_are_those_of_terraform(segmenter: Segmenter, uses_gpu: bool) -> None:
    assert segmenter.service
    text = (ROOT / "terraform/requirements.tf").read_text()
    sizes = re.findall(r'cpu = "(\d+)", memory = "(\d+)Gi"', text.partition("sam2_size")[2])[:2]
    most = re.findall(r"var\.sam2\.gpu \? (\d+) : (\d+)\)\)", text)
    (processors, memory), index = sizes[0 if uses_gpu else 1], 0 if uses_gpu else 1
    assert (segmenter.service.processors, segmenter.service.memory) == (
        int(processors),
        int(memory),
    )
    assert segmenter.service.most == int(most[0][index])
    plan = (ROOT / "terraform/sam2.tf").read_text()
    (concurrency,) = re.findall(r"concurrency = var\.sam2\.gpu \? (\d+) : (\d+)", plan)
    assert segmenter.service.concurrency == int(concurrency[index])
