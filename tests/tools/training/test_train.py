"""A run of training, and one that is interrupted. These tests need the group `training`."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="the group training is not installed: `make test-train` runs these tests"
)
pytest.importorskip("onnx", reason="the group training is not installed: see `make test-train`")

# E402: nothing below can be imported without the group.
from shared.networks.drawn_face import DrawnFaceNetwork  # noqa: E402
from tests.tools.training.sprites import crate, head, sources  # noqa: E402
from tools.training import ablation, stream, train, validation  # noqa: E402
from tools.training.detection_task import DetectionTask  # noqa: E402
from tools.training.journal import CURVES, LINES  # noqa: E402
from tools.training.parsing import task as parsing_task  # noqa: E402
from tools.training.parsing.task import ParsingTask  # noqa: E402
from tools.training.sprite import save  # noqa: E402
from tools.training.state import State  # noqa: E402
from tools.training.stream import Round, TileStream  # noqa: E402
from tools.training.task import Evaluator, Task  # noqa: E402
from tools.training.train import Budget, Run  # noqa: E402

ROUNDS = 4
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rounds of one small batch. Forked workers see these values as well."""
    monkeypatch.setattr(stream, "CHUNK", 16)
    monkeypatch.setattr(stream, "REUSE", 2)
    monkeypatch.setattr(stream, "WINDOW", 6)
    monkeypatch.setattr(validation, "PER_KIND", 12)
    monkeypatch.setattr(validation, "FACELESS", 20)
    monkeypatch.setattr(parsing_task, "VALIDATION_TILES", 20)
    monkeypatch.setattr(train, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(train, "EVALUATION_SECONDS", 0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in one order
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=[DetectionTask, ParsingTask])
def task(request: pytest.FixtureRequest) -> Task:
    made: Task = request.param()
    return made


@pytest.fixture
def evaluate(task: Task, _small: None) -> Evaluator:
    return task.evaluator(sources(), CPU)


class Interrupted(TileStream):
    def round(self, number: int) -> Round:
        if number == 2:
            raise KeyboardInterrupt
        return super().round(number)


def run(
    task: Task,
    folder: Path,
    evaluate: Evaluator,
    seed: int = 3,
    kind: type[TileStream] = TileStream,
) -> State:
    folder.mkdir(exist_ok=True)
    budget = Budget(minutes=math.inf, samples=ROUNDS * 32)
    state = State(task.network, seed, CPU)
    with kind(task.composer, sources(), seed, folder / "tiles", workers=1) as tiles:
        train.train(Run(task, evaluate, budget, folder), state, tiles)
    return state


def test_an_interrupted_run_ends_with_the_weights_of_one_that_was_not(
    task: Task, tmp_path: Path, evaluate: Evaluator
) -> None:
    whole = run(task, tmp_path / "whole", evaluate)
    with pytest.raises(KeyboardInterrupt):
        run(task, tmp_path / "parts", evaluate, kind=Interrupted)
    parts = run(task, tmp_path / "parts", evaluate)
    assert parts.samples == whole.samples == ROUNDS * 32
    for name, weights in whole.average.state_dict().items():
        assert torch.allclose(weights.float(), parts.average.state_dict()[name].float(), atol=1e-5)


def test_each_evaluation_is_a_line_of_json_and_a_point_of_the_curves(
    task: Task, tmp_path: Path, evaluate: Evaluator
) -> None:
    run(task, tmp_path, evaluate)
    lines = [json.loads(line) for line in (tmp_path / LINES).read_text().splitlines()]
    assert [line["samples"] for line in lines] == [32, 64, 96, 128]
    assert set(lines[-1]["scores"]) in (
        {"head", "wide*", "loose"},
        {"skin", "hair", "beard", "ears"},
    )
    assert (tmp_path / CURVES).read_bytes().startswith(b"\x89PNG")


def test_a_run_continues_only_with_its_own_seed(
    task: Task, tmp_path: Path, evaluate: Evaluator
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(task, tmp_path, evaluate, kind=Interrupted)
    with pytest.raises(SystemExit, match="has the seed 3"):
        run(task, tmp_path, evaluate, seed=4)


def test_an_ablation_trains_each_network_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "procedural-face-0.shard", (head() for _ in range(40)))
    save(tmp_path / "packages-micah.shard", (head(140, 80, "micah") for _ in range(40)))
    save(tmp_path / "packages-noto-negatives.shard", (crate() for _ in range(40)))
    monkeypatch.setattr(ablation, "SPRITES", tmp_path)
    monkeypatch.setattr(ablation, "_FOLDER", tmp_path)
    monkeypatch.setattr(ablation, "_VARIANTS", {"all": (None, 0), "less": ("avatars", 0)})
    monkeypatch.setattr("sys.argv", ["ablation", "--samples", "32"])
    ablation.main()
    files = [tmp_path / f"{name}.onnx.base64" for name in ("all", "less")]
    first, second = (file.read_bytes() for file in files)
    assert first != second
    pictures = np.zeros((1, 96, 96, 3), np.uint8)
    assert DrawnFaceNetwork(files[0]).faces(pictures).log_odds.shape == (1, 12, 12)
    files[1].unlink()
    ablation.main()
    assert files[0].read_bytes() == first, "trained again"
    assert files[1].exists()
