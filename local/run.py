"""python -m local.run: processes images into masks, overlays, cutouts and a gallery."""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local import batch, gallery, sam2, stack
from local.processes import ChildDied
from shared.schemas import object_names
from shared.schemas.documents import Status
from shared.schemas.environment import BadSettings

_STYLES = {
    Status.SEGMENTED: "green",
    Status.DEGRADED: "yellow",
    Status.EMPTY: "cyan",
    Status.REJECTED: "magenta",
    Status.FAILED: "red",
}


def main() -> None:
    """Processes the images. The exit code is 1 if one failed, 2 if the system failed."""
    arguments = _arguments()
    console = Console()
    try:
        files = collect(arguments.input)
        _check_output(arguments.output, files)
    except ValueError as error:
        sys.exit(str(error))
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="toonmask-") as root:
        try:
            finished = _process(console, files, arguments.output, Path(root))
        except BadSettings as error:
            sys.exit(str(error))
        except (ChildDied, batch.Stalled) as error:
            console.print("The system failed:", str(error), style="red", markup=False)
            sys.exit(2)
        except KeyboardInterrupt:
            sys.exit("Stopped.")
    page = gallery.write(arguments.output, files)
    summarise(console, finished, time.monotonic() - started, page)
    sys.exit(any(outcome.status is Status.FAILED for outcome in finished))


def collect(inputs: Sequence[Path]) -> dict[str, Path]:
    """Returns the input files by their object names. Hidden files are left out.

    A file in a folder gets its path in the folder as its name.

    Raises:
        ValueError: an input does not exist, there are no files, or two would have the same name.
    """
    files: dict[str, Path] = {}
    for given in inputs:
        if given.is_dir():
            found = {
                file.relative_to(given).as_posix(): file
                for file in sorted(given.rglob("*"))
                if file.is_file()
                and not any(part.startswith(".") for part in file.relative_to(given).parts)
            }
        elif given.is_file():
            found = {given.name: given}
        else:
            raise ValueError(f"{given}: no such file or folder.")
        if clash := sorted(files.keys() & found.keys()):
            raise ValueError(f"Two files have the name {clash[0]}. Process them in separate runs.")
        files |= found
    if not files:
        raise ValueError(f"There are no files in {', '.join(map(str, inputs))}.")
    return files


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input", type=Path, nargs="+", help="folders or files")
    parser.add_argument("--output", type=Path, required=True, help="folder for the results")
    return parser.parse_args()


def _check_output(output: Path, files: Mapping[str, Path]) -> None:
    for name in files:
        folder = output / object_names.folder(name)
        if folder.is_file():
            raise ValueError(
                f"{folder} is a file, but results need a folder there. Choose another OUTPUT."
            )


def _process(
    console: Console, files: Mapping[str, Path], output: Path, root: Path
) -> list[batch.Outcome]:
    """Runs all files through a new system; downloads results and logs into `output`."""
    settings = sam2.fetched(console)
    with ExitStack() as running:
        with console.status("Starting storage, broker, segmenter and functions …"):
            system = running.enter_context(stack.running(root, settings))
        with _progress(console) as progress:
            task = progress.add_task("uploading", total=len(files), counts="")
            generations = batch.upload(system, files)
            progress.update(task, description="segmenting")
            finished = []
            for outcome in batch.outcomes(system, generations):
                finished.append(outcome)
                batch.fetch(system, outcome.name, output)
                counts = Counter(item.status for item in finished)
                progress.update(task, advance=1, counts=_counted(counts))
            progress.update(task, description="done")
        shutil.copytree(system.logs, output / "logs", dirs_exist_ok=True)
    return sorted(finished, key=lambda outcome: outcome.name)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:>10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[counts]}"),
        console=console,
    )


def _counted(counts: Counter[Status]) -> str:
    return "  ".join(
        f"[{_STYLES[status]}]{counts[status]} {status}[/]" for status in Status if counts[status]
    )


def summarise(
    console: Console, finished: Sequence[batch.Outcome], seconds: float, page: Path
) -> None:
    """Prints a line for each image, by the name of its folder, and the total."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("image", "status", "found", "remarks"):
        table.add_column(heading, overflow="fold")
    for outcome in finished:
        document = outcome.document
        found = [instance.id for instance in document.instances]
        reasons = [reason.message for reason in document.review]
        if document.frames:
            found = [f"{len(document.frames)} frames"]
            if to_check := [str(frame.number) for frame in document.frames if frame.review]:
                reasons.append(f"Check these frames: {', '.join(to_check)}.")
        status = f"[{_STYLES[outcome.status]}]{outcome.status}[/]"
        table.add_row(
            escape(object_names.folder(outcome.name).removesuffix("/")),
            status,
            ", ".join(found),
            escape(" ".join(filter(None, (outcome.message, *reasons)))),
        )
    console.print(table)
    console.print(
        f"{len(finished)} images in {seconds:.0f} s: "
        + _counted(Counter(outcome.status for outcome in finished)),
    )
    console.print(f"Open {page}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
