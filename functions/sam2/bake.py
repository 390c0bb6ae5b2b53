"""python bake.py CHECKPOINT REVISION FOLDER: a checkpoint into an image, while that is built.

CHECKPOINT is a model at huggingface.co, or a folder. It is loaded and saved, so that what cannot
be loaded breaks the build and not the first start.
"""

import sys

from transformers import Sam2Model, Sam2Processor

if __name__ == "__main__":
    checkpoint, revision, folder = sys.argv[1:]
    for part in (Sam2Processor, Sam2Model):
        part.from_pretrained(checkpoint, revision=revision).save_pretrained(folder)
