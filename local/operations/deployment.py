"""The target of an operation: the system that `make up` runs, or a deployment in the cloud."""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path

from google.cloud import pubsub_v1, storage

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, PROJECT, Stack


class NotRunning(Exception):
    """The local system does not run. The message says what to do."""


@dataclass(frozen=True)
class Target:
    """A system's buckets, topics and clients. `prefix` starts topics' and subscriptions' names."""

    project: str
    prefix: str
    input_bucket: str
    output_bucket: str
    storage: storage.Client
    publisher: pubsub_v1.PublisherClient
    subscriber: pubsub_v1.SubscriberClient

    def topic(self, hop: str) -> str:
        """Returns the full name of a hop's topic."""
        return f"projects/{self.project}/topics/{self.prefix}{hop}"

    def dead_letters(self, hop: str) -> str:
        """Returns the full name of the subscription that keeps a hop's dead letters."""
        return f"projects/{self.project}/subscriptions/{self.prefix}{hop}-dead"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `choose_target` reads."""
    parser.add_argument("--project", default="", help="Google Cloud project; empty: `make up`'s")
    parser.add_argument("--deployment", default="toonmask", help="Terraform's variable prefix")
    parser.add_argument(
        "--root", type=Path, default=Path(".toonmask/up"), help="folder of `make up`"
    )


def choose_target(arguments: argparse.Namespace) -> Target:
    """Returns the target that the options name.

    Raises:
        NotRunning: no project is given, and `make up` does not run.
    """
    if arguments.project:
        deployment, project = arguments.deployment, arguments.project
        return _target(
            project,
            f"{deployment}-",
            cloud_bucket(deployment, "input", project),
            cloud_bucket(deployment, "output", project),
        )
    file = running_file(arguments.root)
    if not file.exists():
        raise NotRunning(
            "The local system does not run. Start `make up`, or add PROJECT=my-project."
        )
    os.environ.update(json.loads(file.read_text()))
    return _target(PROJECT, "", INPUT_BUCKET, OUTPUT_BUCKET)


def cloud_bucket(deployment: str, purpose: str, project: str) -> str:
    """Returns the name of a bucket that Terraform creates (`bucket_names` in requirements.tf)."""
    return f"{deployment}-{purpose}-{project}"


def local_target(system: Stack) -> Target:
    """Returns the target of a local system that this process runs."""
    return Target(
        PROJECT,
        "",
        INPUT_BUCKET,
        OUTPUT_BUCKET,
        system.storage,
        system.publisher,
        system.subscriber,
    )


def running_file(root: Path) -> Path:
    """Returns the file in which `make up` keeps its clients' environment while it runs."""
    return root / "running.json"


def _target(project: str, prefix: str, input_bucket: str, output_bucket: str) -> Target:
    return Target(
        project,
        prefix,
        input_bucket,
        output_bucket,
        storage.Client(project=project),
        pubsub_v1.PublisherClient(),
        pubsub_v1.SubscriberClient(),
    )
