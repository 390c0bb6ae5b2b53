"""python check.py FOLDER: loads the checkpoint in a folder with the runtime of the image."""

import sys
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if find_spec("torch"):
        from shared.sam2_server.torch_network import TorchNetwork

        TorchNetwork(folder, "cpu")
    else:
        from shared.sam2_server.openvino_network import OpenVinoNetwork

        OpenVinoNetwork(folder)
