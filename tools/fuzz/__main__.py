"""python -m tools.fuzz TARGET FOLDER [options of libFuzzer]: looks for inputs that break a target.

What is found goes on growing in FOLDER; what broke something once is in tools/fuzz/corpus, and is
tried first.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["shared"]):
    from tools.fuzz.targets import TARGETS

from tools.fuzz.seeds import seeds

_CORPUS = Path(__file__).parent / "corpus"


def main() -> None:
    """Exits with another code than 0 once something breaks; the input is in FOLDER then."""
    target, folder, *options = sys.argv[1:]
    grown = Path(folder) / target
    grown.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (grown / f"seed-{number}").write_bytes(seed)
    known = [str(place) for place in (_CORPUS / target,) if place.is_dir()]
    arguments = [sys.argv[0], f"-artifact_prefix={folder}/{target}-", *options, str(grown), *known]
    atheris.Setup(arguments, TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
