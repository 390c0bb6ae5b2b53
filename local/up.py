"""python -m local.up: runs the complete system until Ctrl-C, for gsutil, gcloud and curl."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from local import sam2, stack
from local.operations.deployment import running_file
from local.processes import ChildDied
from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, PROJECT, Stack
from shared.schemas.environment import BadSettings

_CHECK_SECONDS = 1
"""Interval between checks of the processes. Chosen by hand: a shorter one costs processor time."""

_BOTO = """\
[Credentials]
gs_json_host = 127.0.0.1
gs_json_port = {port}
[Boto]
is_secure = True
https_validate_certificates = False
[GSUtil]
prefer_api = json
default_project_id = {project}
"""


def main() -> None:
    """Runs until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder of buckets and logs")
    root = parser.parse_args().root.absolute()
    console = Console(markup=False, highlight=False, soft_wrap=True)
    try:
        settings = sam2.fetched(console)
        console.print("Starting storage, broker, segmenter and functions …")
        with (
            stack.running(root, settings, with_api=True) as system,
            _registered(system, running_file(root)),
        ):
            console.print(instructions(system, root))
            while True:
                _restart_ended(system, console)
                time.sleep(_CHECK_SECONDS)
    except BadSettings as error:
        sys.exit(str(error))
    except ChildDied as error:
        sys.exit(f"The system failed: {error}")
    except KeyboardInterrupt:
        console.print("Stopped.")


def _restart_ended(system: Stack, console: Console) -> None:
    """Restarts processes that have ended, as the cloud would."""
    for name, code in system.processes.revive().items():
        console.print(f"{name} ended with code {code} and was restarted.")


@contextmanager
def _registered(system: Stack, file: Path) -> Iterator[None]:
    """Writes a file that lets `make redrive`, `make backfill` and `make export` find the system."""
    file.write_text(json.dumps(system.environment))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def instructions(system: Stack, root: Path) -> str:
    """Returns example commands for another terminal; writes the configuration file for gsutil."""
    boto = root / "boto"
    boto.write_text(_BOTO.format(port=system.storage_tls_port, project=PROJECT))
    http = f"http://127.0.0.1:{system.storage_port}"
    gsutil = f"CLOUDSDK_CORE_PASS_CREDENTIALS_TO_GSUTIL=0 BOTO_CONFIG={boto} gsutil"
    gcloud = (
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE={http}/storage/v1/ "
        f"CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true CLOUDSDK_CORE_PROJECT={PROJECT} gcloud storage"
    )
    query = f"{http}/upload/storage/v1/b/{INPUT_BUCKET}/o?uploadType=media&name=album/cat.png"
    result = f"{http}/storage/v1/b/{OUTPUT_BUCKET}/o/album%2Fcat.png%2Fresult.json?alt=media"
    masks = f"{system.page}v1/face-mask-sam2"
    return f"""
Page      {system.page}
Buckets   gs://{INPUT_BUCKET} in, gs://{OUTPUT_BUCKET} out; files under {system.buckets}
Logs      {system.logs}
Pub/Sub   {system.broker} broker at 127.0.0.1:{system.broker_port}, project {PROJECT}

From another terminal:

gsutil
  {gsutil} cp cat.png gs://{INPUT_BUCKET}/album/
  {gsutil} cp -r gs://{OUTPUT_BUCKET}/album .

gcloud storage
  {gcloud} cp cat.png gs://{INPUT_BUCKET}/album/
  {gcloud} cp -r gs://{OUTPUT_BUCKET}/album .

curl
  curl -X POST -H 'Content-Type: image/png' --data-binary @cat.png '{query}'
  curl '{result}'
  curl -F image=@cat.png -F targets=face '{masks}' > out.json
  curl -F image=@cat.png -H 'Accept: image/png' '{masks}?output=cutout' > cut.png

Ctrl-C stops everything.
"""


if __name__ == "__main__":
    main()
