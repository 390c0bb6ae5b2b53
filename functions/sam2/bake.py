"""python bake.py CHECKPOINT REVISION FOLDER: a checkpoint into an image, while that is built.

CHECKPOINT is a model at huggingface.co, or a folder. It is loaded and saved, so that what cannot
be loaded breaks the build and not the first start. Beside it lies what it is, with the commit that
REVISION, perhaps a branch, stood for: the service's answers name it.
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
    commit = getattr(loaded.config, "_commit_hash", None) or revision
    source = {"backend": "sam2", "checkpoint": checkpoint, "revision": commit}
    Path(folder, "source.json").write_text(json.dumps(source))
