"""python bake.py CHECKPOINT FOLDER: saves a checkpoint into an image during its build.

CHECKPOINT is what `shared.sam2_server.checkpoint_files.find` accepts. It is loaded and saved, so an
invalid checkpoint fails the build and not the first start. source.json beside it has the name and
the commit that the service's responses give.
"""

import json
import sys
from pathlib import Path

from transformers import Sam2Model, Sam2Processor

from shared.sam2_server.checkpoint_files import OFFLINE, find

if __name__ == "__main__":
    checkpoint, target = sys.argv[1:]
    files = find(checkpoint)
    # bandit asks for a revision: `files` are those of one commit, or a folder.
    processor = Sam2Processor.from_pretrained(files.folder, **OFFLINE)  # nosec B615
    processor.save_pretrained(target)
    model = Sam2Model.from_pretrained(  # nosec B615
        files.folder, **OFFLINE, use_safetensors=True
    )
    model.save_pretrained(target)
    source = {"backend": "sam2", "checkpoint": files.name, "revision": files.commit}
    Path(target, "source.json").write_text(json.dumps(source))
