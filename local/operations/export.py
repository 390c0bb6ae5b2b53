"""python -m local.operations.export: exports results as a dataset, into a folder.

An interrupted export continues when it is started again with the same options.
"""

import argparse
import sqlite3
import sys
from pathlib import Path

from google.api_core.exceptions import GoogleAPICallError, RetryError
from requests.exceptions import RequestException
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from local.export.dataset import Dataset, Options, Refused, Summary
from local.export.sources import BucketSource, FolderSource, Source
from local.operations.deployment import NotRunning, add_arguments, choose_target
from shared.export.formats import Format
from shared.schemas import file_names
from shared.schemas.errors import Transient


def main() -> None:
    """Runs the export. The exit code is 1 if it could not run, was stopped, or a result failed."""
    arguments = _arguments()
    console = Console(highlight=False, soft_wrap=True)
    try:
        source = _source(arguments)
        with _progress(console) as progress:
            task = progress.add_task("", total=None)
            summary = Dataset(source, _options(arguments), arguments.output).export(
                lambda done, total: progress.update(task, completed=done, total=total)
            )
    except (NotRunning, Refused) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. The same command continues from here.")
    except (GoogleAPICallError, RetryError, RequestException, Transient) as error:
        sys.exit(f"Cloud Storage failed: {error}. The same command continues from here.")
    except (OSError, sqlite3.Error) as error:
        sys.exit(f"A file failed: {error}. The same command continues from here.")
    _report(console, summary, arguments.output)
    sys.exit(1 if summary.failed else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--results", default="", help="folder that `make run` wrote; empty: none")
    parser.add_argument("--prefix", default="", help="prefix of the uploads' names")
    parser.add_argument(
        "--format", type=_formats, required=True, help=f"of {', '.join(Format)}; several by comma"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the dataset")
    parser.add_argument("--split", type=_share, default=0.8, help="share for training, 0 to 1")
    parser.add_argument("--empty", action="store_true", help="include images without instances")
    parser.add_argument("--no-images", action="store_true", help="do not copy the images")
    return parser.parse_args()


def _formats(text: str) -> frozenset[Format]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in list(Format)]:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is no format. The formats are {', '.join(Format)}."
        )
    return frozenset(map(Format, names))


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share from 0 to 1.")
    return share


def _source(arguments: argparse.Namespace) -> Source:
    """Returns the source that the options name.

    Raises:
        NotRunning: there is none, or no such folder.
    """
    if not arguments.results:
        return BucketSource(choose_target(arguments))
    folder = Path(arguments.results)
    if not folder.is_dir():
        raise NotRunning(f"There is no folder {folder}.")
    return FolderSource(folder)


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        arguments.prefix,
        arguments.format,
        arguments.split,
        with_empty=arguments.empty,
        with_images=not arguments.no_images,
    )


def _progress(console: Console) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def _report(console: Console, summary: Summary, output: Path) -> None:
    console.print(f"{summary.exported} images were exported into {output}.", markup=False)
    for reason, count in summary.left_out.items():
        console.print(f"{count} were left out: {reason}.", markup=False)
    if not summary.failed:
        return
    console.print(f"{len(summary.failed)} could not be exported:", markup=False)
    for folder, reason in summary.failed.items():
        name = file_names.without_faults(folder.removesuffix("/"))
        console.print(f"  {name}: {reason}", markup=False)
    console.print("The same command tries these again.", markup=False)


if __name__ == "__main__":
    main()
