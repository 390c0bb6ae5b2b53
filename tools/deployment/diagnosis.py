"""Where an upload got stuck on its way through the pipeline, why, and what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound

from local.operations import dead_letters
from local.operations.deployment import Target
from local.stack import HOPS, PROJECT
from shared.gcp.gcs import ObjectRef
from tools.deployment.google_apis import ApiError
from tools.deployment.upload_logs import LogEntry, Logs

_PROGRESS = {
    "uploads": "The landmarks hop did not finish it: there is no prompts.json, which the function "
    "landmarks writes.",
    "prompts": "The segmentation hop did not finish it: the function landmarks has written "
    "prompts.json, but the function segmentation has written no masks.",
}
"""How far an upload came, by the hop that did not finish it."""

_ADVICE = {
    HTTPStatus.UNAUTHORIZED: "401: the function does not accept the identity token of the push. "
    "PUSH_ACCOUNT must name the account that pushes.",
    HTTPStatus.FORBIDDEN: "403: the account that pushes may not call the function. "
    "`make deploy` grants it roles/run.invoker.",
    HTTPStatus.NOT_FOUND: "404: the function is not there. `make deploy` creates it.",
    HTTPStatus.TOO_MANY_REQUESTS: "429: no instance was free. Raise the function's max_instances, "
    "or the quota of the region.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "500: the function failed or its container did not start. "
    "A wrong setting ends the start with a line that names it.",
    HTTPStatus.SERVICE_UNAVAILABLE: "503: something that the function needs did not answer, or its "
    "container did not start. A wrong setting ends the start with a line that names it.",
}
"""What failed requests to a function mean, and what to do, by their status."""


@dataclass(frozen=True)
class Progress:
    """How far an upload came. `since` is a moment before it was uploaded."""

    ref: ObjectRef
    since: datetime
    has_prompts: bool

    @property
    def hop(self) -> str:
        """The hop that did not finish the upload."""
        return "prompts" if self.has_prompts else "uploads"


def diagnosis(target: Target, logs: Logs, progress: Progress) -> Iterator[str]:
    """Yields lines for people: the hop, its dead letters, log lines, and what to do."""
    yield _PROGRESS[progress.hop]
    for hop in HOPS:
        yield from _dead_letter(target, hop, progress.ref)
    try:
        yield from _log_lines(target, logs, progress)
    except ApiError as error:
        yield f"The log lines cannot be read: {error}"
        if error.status == HTTPStatus.FORBIDDEN:
            yield "To read them, you need roles/logging.viewer on the project."


def _dead_letter(target: Target, hop: str, ref: ObjectRef) -> Iterator[str]:
    subscription = target.dead_letters(hop)
    try:
        is_held = dead_letters.holds(target, hop, ref)
    except NotFound:
        yield f"There is no subscription {subscription}. `make deploy` creates it."
        return
    except GoogleAPIError as error:
        yield f"The dead letters in {subscription} cannot be read ({error})."
        if isinstance(error, Forbidden):
            yield "To read them, you need roles/pubsub.subscriber on that subscription."
        return
    if is_held:
        yield f"Its message is among the dead letters in {subscription}: every delivery failed."
        yield "Fix the cause, then run `make redrive`, which removes the message from there."
    else:
        most = f"{dead_letters.MOST_SEARCHED:,}"
        yield f"Its message is not among the dead letters in {subscription} (at most {most} read)."


def _log_lines(target: Target, logs: Logs, progress: Progress) -> Iterator[str]:
    service = f"{target.prefix}{HOPS[progress.hop]}"
    services = (service, f"{service}-image")  # from source, and from an image
    lines = logs.of_upload(progress.ref, progress.since)
    if lines:
        yield "The last log lines about it:"
        yield from _indented(lines)
    if any(line.service in services for line in lines):
        yield "The last `why` or `reason` is the cause. docs/operations.md says what to do, in the"
        yield "sections `messages among the dead letters` and `many deliveries or requests fail`."
        return
    yield f"The function {service} has logged no line about it."
    failures = logs.failures(services, progress.since)
    if failures:
        yield f"The last failed requests to {service}, and its errors:"
        yield from _indented(failures)
        statuses = {line.request.status for line in failures if line.request}
        yield from (_ADVICE[status] for status in _ADVICE if status in statuses)
    else:
        yield from _uncalled(target, progress.hop)


def _uncalled(target: Target, hop: str) -> Iterator[str]:
    """Yields what to do if no log shows a request to the hop's function."""
    yield f"No request to it has failed either: the function {HOPS[hop]} does not run, or is still"
    yield "starting, or its messages are not sent to it."
    if target.project == PROJECT:
        yield "The output of `make up` says which functions have ended."
        return
    yield "These commands show whether uploads are announced, and where messages are sent."
    yield "`make deploy` restores what is missing:"
    if hop == "uploads":
        yield f"  gcloud storage buckets notifications list gs://{target.input_bucket}"
    yield f"  gcloud pubsub subscriptions describe {target.prefix}{hop} --project={target.project}"


def _indented(lines: Sequence[LogEntry]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
