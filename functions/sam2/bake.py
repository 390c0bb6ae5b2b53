"""python bake.py CHECKPOINT REVISION FOLDER: saves a checkpoint into an image during its build.

CHECKPOINT is a model at huggingface.co, or a folder. It is loaded and saved, so an invalid
checkpoint fails the build and not the first start. source.json beside it has the name and revision
that the service's responses give. For a model at huggingface.co, the revision is the commit that
REVISION, perhaps a branch, refers to.
"""

import json
import sys
from pathlib import Path

from transformers import Sam2Model, Sam2Processor

if __name__ == "__main__":
    checkpoint, revision, folder = sys.argv[1:]
    for part in (Sam2Processor, Sam2Model):
        loaded = part.from_pretrained(checkpoint, revision=revision)
        loaded.save_pretrained(folder)
    name = Path(checkpoint).resolve().name if Path(checkpoint).is_dir() else checkpoint
    commit = getattr(loaded.config, "_commit_hash", None)  # None for a folder
    source = {"backend": "sam2", "checkpoint": name, "revision": commit}
    Path(folder, "source.json").write_text(json.dumps(source))
