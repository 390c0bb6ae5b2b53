"""Which runtime computes SAM2's networks on which device."""

from importlib.util import find_spec
from pathlib import Path

from shared.sam2_server.network import Device, Network


def available_device() -> Device:
    """Returns `cuda` if torch is installed and there is a GPU for it."""
    if find_spec("torch") is None:
        return "cpu"
    import torch  # noqa: PLC0415 only the dependency group `sam2-gpu` installs it

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_network(folder: Path, device: Device) -> Network:
    """Returns the network of a checkpoint: of torch on a GPU, of OpenVINO on a CPU.

    Raises:
        ValueError: the checkpoint is of another family, or lacks a tensor.
        OSError: a file cannot be read.
    """
    # Imported here, because each runtime has a dependency group of its own.
    if device == "cuda":
        from shared.sam2_server.torch_network import TorchNetwork  # noqa: PLC0415

        return TorchNetwork(folder, device)
    from shared.sam2_server.openvino_network import OpenVinoNetwork  # noqa: PLC0415

    return OpenVinoNetwork(folder)
