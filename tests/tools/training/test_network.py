"""The network as torch and OpenCV run it. These tests need the dependency group `training`."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from shared.networks.drawn_face import OUTPUTS, SIDE
from shared.networks.opencv_network import OpenCvNetwork

torch = pytest.importorskip(
    "torch", reason="the group training is not installed: `make test-train` runs these tests"
)
pytest.importorskip("onnx", reason="the group training is not installed: see `make test-train`")

# E402: nothing below can be imported without the group.
from tests.tools.training.sprites import sources  # noqa: E402
from tools.training import export, models  # noqa: E402
from tools.training.batches import batch_of  # noqa: E402
from tools.training.losses import losses  # noqa: E402
from tools.training.network import Network  # noqa: E402
from tools.training.targets import TILE  # noqa: E402
from tools.training.tiles import tile  # noqa: E402

LIMIT = 1_000_000  # parameters: 4 MB as float32, which each landmarks instance loads


def picture(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def network() -> Network:
    """With averages of BatchNorm as after training, not its initial ones."""
    torch.manual_seed(0)
    result = Network()
    for _ in range(3):
        result(torch.rand(4, 3, 96, 96) * 255)
    return result.eval()


def test_the_network_is_small(network: Network) -> None:
    assert sum(weights.numel() for weights in network.parameters()) <= LIMIT
    assert len(export.onnx_bytes(network, SIDE, OUTPUTS)) <= 4_000_000


@pytest.mark.parametrize(("height", "width"), [(96, 96), (16, 16), (160, 208)])
@pytest.mark.parametrize("half_precision", [False, True])
def test_opencv_gives_what_torch_gives(
    network: Network, height: int, width: int, half_precision: bool
) -> None:
    image = picture(height, width)
    with torch.no_grad():
        expected = network(torch.from_numpy(image).permute(2, 0, 1)[None].float())
    content = export.onnx_bytes(network, SIDE, OUTPUTS, half_precision=half_precision)
    for one, other in zip(expected, export.run(content, image, OUTPUTS), strict=True):
        tolerance = 1e-2 if half_precision else 1e-3  # float16 has 11 bits
        assert np.abs(one.numpy() - other).max() < tolerance


def test_float16_halves_the_file(network: Network) -> None:
    exact, halved = (
        export.onnx_bytes(network, SIDE, OUTPUTS, half_precision=half) for half in (False, True)
    )
    assert len(halved) < 0.55 * len(exact)


def test_a_few_steps_teach_the_network_a_few_tiles() -> None:
    torch.manual_seed(0)
    tiles = np.zeros(16, TILE)
    for index in range(len(tiles)):
        tiles[index] = tile(sources(), 0, index)
    batch, network = batch_of(tiles, torch.device("cpu")), Network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    values = []
    for _ in range(40):
        loss = losses(network(batch.picture), batch).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(float(loss))
    assert values[-1] < values[0] / 3


def test_the_right_answer_costs_nothing() -> None:
    """And each wrong part of it costs."""
    tiles = np.zeros(8, TILE)
    for index in range(len(tiles)):
        tiles[index] = tile(sources(), 0, index)
    batch = batch_of(tiles, torch.device("cpu"))
    right = (
        torch.where(batch.centres == 1, 20.0, -20.0),
        batch.boxes.flatten(1, 2),
        batch.tilt,
        torch.where(batch.mask >= 2, 20.0, -20.0)[:, None],
    )
    exact = losses(right, batch)
    assert (exact[:3] < 1e-3).all()
    centres, boxes, tilt, mask = right
    wrong = losses((-centres, boxes * 3, -tilt, -mask), batch)
    assert (wrong > 1).all()
    assert exact[3] < 1  # the mask of quarters is not exact


def test_a_written_model_is_the_one_that_the_functions_read(
    network: Network, tmp_path: Path
) -> None:
    content, file = export.smallest_bytes(network, SIDE, OUTPUTS), tmp_path / "test.onnx.base64"
    models.write(file, content)
    picture = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    read = OpenCvNetwork(file, OUTPUTS).run(picture[None])
    for one, other in zip(read, export.run(content, picture, OUTPUTS), strict=True):
        assert np.array_equal(one, other)
