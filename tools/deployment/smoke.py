"""python -m tools.deployment.smoke: uploads an example image and waits for its result.

It deletes what it has made, also after an error, Ctrl-C and SIGTERM. Exit code 0: the result is
not `failed`. Exit code 1: it is, there is none in time, or no system.
"""

import argparse
import signal
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound
from google.auth.exceptions import GoogleAuthError
from pydantic import ValidationError
from rich.console import Console

from local.operations.deployment import NotRunning, Target, add_arguments, choose_target
from shared.gcp.gcs import RETRY, TIMEOUT, ObjectRef, Storage
from shared.gcp.provenance import Provenance
from shared.runtime.deadline import Deadline
from shared.schemas import object_names
from shared.schemas.documents import Reason, ResultDocument, Status
from shared.schemas.errors import ReasonCode
from tools.deployment.diagnosis import Progress, diagnosis
from tools.deployment.google_apis import LOGIN
from tools.deployment.upload_logs import CloudLogs, LocalLogs, Logs
from tools.support.examples import EXAMPLES

FOLDER = "smoke-test/"
"""Prefix of the upload in the input bucket, and of its results in the output bucket."""

IMAGE = EXAMPLES / "lorelei_04.png"
"""The example that is uploaded. It is small and shows one face, whose score is 0.95; the default of
MIN_SCORE is 0.5."""

_POLL_SECONDS = 0.5
"""Chosen by hand: a smaller value costs more requests, a larger one blurs the printed seconds."""

_SKEW = timedelta(minutes=1)
"""Allowed difference between the clocks of Cloud Storage and of the functions. Chosen by hand: a
larger value shows failed requests from before the upload, a smaller one can hide log lines."""

_SETTLE_SECONDS, _SETTLE_PAUSES = 5, 3
"""Pauses before results of an unfinished upload are deleted once more, until something was. Chosen
by hand: smaller values leave more that a function is just writing, larger ones delay the end of the
test."""

_ADVICE = {
    Status.EMPTY: "The example shows a face whose score is 0.95. Does TARGETS include `face`? Is "
    "MIN_SCORE lower?",
    Status.REJECTED: "MAX_BYTES or MAX_PIXELS of this deployment is too low for the example.",
}
_NO_DEPLOYMENT = (
    "Name a deployment that `make deploy` has finished: PROJECT=…, and DEPLOYMENT=… if its prefix "
    "is not toonmask."
)
_ROLES = "docs/operations.md lists the roles that your login needs, under `Smoke test`."


@dataclass(frozen=True)
class Upload:
    """The test's upload. `since` is a moment before it was made, on the clock of Cloud Storage."""

    ref: ObjectRef
    since: datetime

    @property
    def folder(self) -> str:
        """The prefix of its results."""
        return object_names.folder(self.ref.name)


def main() -> None:
    """Exits with 0 if the deployment works, else with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--seconds", type=float, default=300, help="longest wait for the result")
    arguments = parser.parse_args()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it cleans up
    try:
        target = choose_target(arguments)
        project = arguments.project
        logs = CloudLogs(project) if project else LocalLogs(arguments.root / "logs")
        works = SmokeTest(target, logs, console).run(arguments.seconds)
    except KeyboardInterrupt:
        sys.exit("Stopped.")
    except NotRunning as error:
        sys.exit(str(error))
    except GoogleAuthError as error:
        sys.exit(f"{error}\nLog in first: {LOGIN}")
    except NotFound:
        buckets = f"gs://{target.input_bucket} and gs://{target.output_bucket}"
        sys.exit(f"The buckets {buckets} do not both exist.\n{_NO_DEPLOYMENT}")
    except Forbidden as error:
        sys.exit(f"{error}\n{_ROLES}")
    except (GoogleAPIError, requests.RequestException) as error:
        sys.exit(f"Cloud Storage does not answer as it should: {error}")
    except ValidationError as error:
        sys.exit(f"This version cannot read the result.json of the deployment's version.\n{error}")
    sys.exit(not works)


class SmokeTest:
    """Uploads the example, waits for its result, and deletes both."""

    def __init__(self, target: Target, logs: Logs, console: Console) -> None:
        self._target = target
        self._logs = logs
        self._console = console
        self._storage = Storage()
        self._storage.client = target.storage

    def run(self, seconds: float) -> bool:
        """Prints what came of the upload within so many seconds.

        Returns whether the deployment works and everything that the test has made is deleted.

        Raises:
            GoogleAPIError, requests.RequestException: Cloud Storage refuses, or does not answer.
            ValidationError: another version has written the result.
        """
        name = f"{FOLDER}{uuid.uuid4().hex}{IMAGE.suffix}"
        try:
            works = self._works(self._upload(name), seconds)
        finally:
            is_clean = self._clean_up(name)
        return works and is_clean

    def _upload(self, name: str) -> Upload:
        bucket = self._target.input_bucket
        self._console.print(f"Uploading {IMAGE.name} to gs://{bucket}/{name} …")
        blob = self._target.storage.bucket(bucket).blob(name)
        blob.upload_from_filename(
            str(IMAGE), content_type="image/png", timeout=TIMEOUT, retry=RETRY
        )
        return Upload(ObjectRef(bucket, name, int(blob.generation)), blob.time_created - _SKEW)

    def _works(self, upload: Upload, seconds: float) -> bool:
        started = time.monotonic()
        result = self._await_result(upload, seconds)
        if result is None:
            self._console.print(f"FAILED: no result.json after {seconds:.0f} s.", style="red")
        else:
            _show(self._console, result, time.monotonic() - started)
        if result is None or result.status is Status.FAILED:
            self._diagnose(upload)
        return result is not None and result.status is not Status.FAILED

    def _await_result(self, upload: Upload, seconds: float) -> ResultDocument | None:
        """Returns the result of exactly this generation; None if there is none in time."""
        deadline = Deadline.after(seconds)
        name = upload.folder + object_names.RESULT
        while True:
            found = self._storage.read_document(self._target.output_bucket, name)
            if found and found[1].generation == upload.ref.generation:
                return ResultDocument.model_validate_json(found[0])
            if not deadline.left:
                return None
            time.sleep(min(_POLL_SECONDS, deadline.left))

    def _diagnose(self, upload: Upload) -> None:
        prompts = self._storage.provenance(
            self._target.output_bucket, upload.folder + object_names.PROMPTS
        )
        progress = Progress(upload.ref, upload.since, has_prompts=prompts is not None)
        for line in diagnosis(self._target, self._logs, progress):
            self._console.print(line)

    def _clean_up(self, name: str) -> bool:
        """Deletes the upload and its results; returns whether nothing is left."""
        try:
            self._delete(name)
        except NotFound:  # there is no such bucket
            return True
        except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
            self._console.print(f"The test could not delete what it made: {error}", style="red")
            self._console.print(f"Delete gs://{self._target.input_bucket}/{name}")
            folder = object_names.folder(name)
            self._console.print(f"and everything in gs://{self._target.output_bucket}/{folder}")
            return False
        return True

    def _delete(self, name: str) -> None:
        """Deletes the upload and its results, each if it is still the listed generation.

        The name is unique, so everything under it belongs to the test. Without its upload, no later
        delivery of its message writes anything. A function that has read the upload before still
        writes, so the results of an unfinished upload are deleted once more after a while.
        """
        uploads, results = self._target.input_bucket, self._target.output_bucket
        folder = object_names.folder(name)
        is_uploaded = self._storage.find(uploads, name) is not None
        is_finished = self._storage.find(results, folder + object_names.RESULT) is not None
        self._storage.delete_stale(uploads, name, _any)
        self._storage.delete_stale(results, folder, _any)
        if is_uploaded and not is_finished:
            self._delete_what_is_written_late(folder)

    def _delete_what_is_written_late(self, folder: str) -> None:
        for _ in range(_SETTLE_PAUSES):
            time.sleep(_SETTLE_SECONDS)
            if self._storage.delete_stale(self._target.output_bucket, folder, _any):
                break


def _any(_: str, __: Provenance) -> bool:
    return True


def _show(console: Console, result: ResultDocument, seconds: float) -> None:
    faces = sum(instance.label == "face" for instance in result.instances)
    segmenters = ", ".join(sorted(map(str, result.segmenters)))
    console.print(f"status     {result.status}")
    console.print(f"faces      {faces}")
    console.print(f"segmenter  {segmenters or 'none'}")
    console.print(f"seconds    {seconds:.1f}")
    if result.status is Status.DEGRADED and result.reason:
        console.print(_degraded(result.reason), style="yellow")
    elif result.status is Status.SEGMENTED:
        console.print("OK: the deployment works.", style="green")
    elif result.status in _ADVICE:
        console.print(f"WARNING: the result is {result.status}.", style="yellow")
        if result.reason:
            console.print(f"The reason ({result.reason.code}): {result.reason.message}")
        console.print(f"{_ADVICE[result.status]} If this is intended, the deployment works.")
    else:
        console.print(f"FAILED: the result is {result.status}.", style="red")
        if result.reason:
            console.print(f"The reason ({result.reason.code}): {result.reason.message}")


def _degraded(reason: Reason) -> str:
    """Returns the warning about a result whose masks the fallback has cut."""
    warning = f"WARNING: the result is degraded ({reason.code}): {reason.message}"
    if reason.code is ReasonCode.SAM2_NOT_CONFIGURED:
        return f"{warning}\nThe deployment works without SAM2. docs/sam2.md says how to add it."
    return f"{warning}\nThe pipeline works, but SAM2 does not. docs/sam2.md says what it needs."


if __name__ == "__main__":
    main()
