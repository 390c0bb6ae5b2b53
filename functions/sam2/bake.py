"""python bake.py CHECKPOINT FOLDER: saves a checkpoint into an image during its build.

CHECKPOINT is what `shared.sam2_server.checkpoint_files.find` accepts. source.json beside its files
has the name and the commit that the service's responses give.
"""

import json
import shutil
import sys
from pathlib import Path

from shared.sam2_server.checkpoint_files import find

if __name__ == "__main__":
    checkpoint, folder = sys.argv[1:]
    target = Path(folder)
    files = find(checkpoint)
    target.mkdir(parents=True, exist_ok=True)
    for file in files.all:
        shutil.copy(file, target)
    source = {"backend": "sam2", "checkpoint": files.name, "revision": files.commit}
    Path(target, "source.json").write_text(json.dumps(source))
