"""The face-parsing network as torch and OpenCV run it. These tests need the group `training`."""

from pathlib import Path

import numpy as np
import pytest

from shared.networks.face_parsing import OUTPUT, PARTS, SIDE
from shared.networks.opencv_network import OpenCvNetwork

torch = pytest.importorskip(
    "torch", reason="the group training is not installed: `make test-train` runs these tests"
)
pytest.importorskip("onnx", reason="the group training is not installed: see `make test-train`")

# E402: nothing below can be imported without the group.
from tests.tools.training.sprites import sources  # noqa: E402
from tools.training import models  # noqa: E402
from tools.training.export import smallest_bytes  # noqa: E402
from tools.training.network import Network  # noqa: E402
from tools.training.parsing.losses import part_ious, part_losses  # noqa: E402
from tools.training.parsing.network import ParsingNetwork  # noqa: E402
from tools.training.parsing.task import ParsingTask  # noqa: E402
from tools.training.parsing.tiles import MASK_FULL, TILE, tile  # noqa: E402
from tools.training.sprite import UNKNOWN  # noqa: E402

LIMIT = 1_000_000  # parameters of both networks together: each landmarks instance loads them
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network() -> ParsingNetwork:
    """With averages of BatchNorm as after training, not its initial ones."""
    torch.manual_seed(0)
    result = ParsingNetwork()
    for _ in range(3):
        result(torch.rand(4, 3, SIDE, SIDE) * 255)
    return result.eval()


def test_both_networks_together_are_small(network: ParsingNetwork) -> None:
    both = (*network.parameters(), *Network().parameters())
    assert sum(weights.numel() for weights in both) <= LIMIT


def test_a_written_model_gives_the_functions_what_torch_gives(
    network: ParsingNetwork, tmp_path: Path
) -> None:
    file = tmp_path / "test.onnx.base64"
    models.write(file, smallest_bytes(network, SIDE, [OUTPUT]))
    for side in (SIDE, 64, 192):
        image = np.random.default_rng(1).integers(0, 256, (side, side, 3)).astype(np.uint8)
        with torch.no_grad():
            expected = network(torch.from_numpy(image).permute(2, 0, 1)[None].float()).numpy()
        (read,) = OpenCvNetwork(file, [OUTPUT]).run(image[None])
        assert read.shape == (1, len(PARTS), side // 2, side // 2)
        assert np.abs(read - expected).max() < 0.02  # float16 has 11 bits


def test_a_few_steps_teach_the_network_a_few_tiles() -> None:
    torch.manual_seed(0)
    tiles = np.zeros(8, TILE)
    for index in range(len(tiles)):
        tiles[index] = tile(sources(), 0, index)
    network = ParsingNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    values = []
    for _ in range(40):
        loss = ParsingTask.losses(network, tiles, CPU)[PARTS.index("skin")]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(float(loss))
    assert values[-1] < values[0] / 3


def test_the_right_masks_cost_little_and_what_is_unknown_costs_nothing() -> None:
    target = torch.zeros(2, len(PARTS), 8, 8, dtype=torch.uint8)
    target[:, :, :4] = MASK_FULL
    target[:, :, 6:] = UNKNOWN
    right = torch.where(target == MASK_FULL, 20.0, -20.0)
    assert (part_losses(right, target) < 0.01).all()
    assert (part_losses(-right, target) > 1).all()
    assert torch.allclose(part_ious(right, target), torch.ones(2, len(PARTS)))
    other = torch.where(target == UNKNOWN, -right, right)
    assert torch.allclose(part_losses(other, target), part_losses(right, target))
