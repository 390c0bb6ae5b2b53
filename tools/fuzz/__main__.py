"""python -m tools.fuzz TARGET FOLDER [options of libFuzzer]: searches for input that breaks TARGET.

FOLDER keeps the corpus, which grows with each run. tools/fuzz/corpus has inputs that broke a target
before; they are tried first.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared"]):
    from tools.fuzz.targets import TARGETS

from tools.fuzz.seeds import seeds

_CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Runs the fuzzer. If a target breaks, the exit code is not 0, and FOLDER has the input."""
    target, folder, *options = sys.argv[1:]
    corpus = Path(folder) / target
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (corpus / f"seed-{number}").write_bytes(seed)
    known = [str(path) for path in (_CORPUS / target,) if path.is_dir()]
    arguments = [sys.argv[0], f"-artifact_prefix={folder}/{target}-", *options, str(corpus), *known]
    atheris.Setup(arguments, TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
