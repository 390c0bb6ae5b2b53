"""python bake.py CHECKPOINT REVISION FOLDER: a checkpoint into an image, while that is built.

CHECKPOINT is a model at huggingface.co, or a folder. It is loaded and saved, so that what cannot
be loaded breaks the build and not the first start. Beside it lies what it is, which the service's
answers name: of a model its commit, which REVISION, perhaps a branch, stood for.
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
    commit = getattr(loaded.config, "_commit_hash", None)  # of a folder there is none
    source = {"backend": "sam2", "checkpoint": name, "revision": commit}
    Path(folder, "source.json").write_text(json.dumps(source))
