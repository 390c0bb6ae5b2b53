"""Where an operation works: the system that `make up` keeps running, or a deployment."""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path

from google.cloud import pubsub_v1, storage

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, PROJECT, Stack


class NotRunning(Exception):
    """There is nothing to operate on; the message says what to do."""


@dataclass(frozen=True)
class Target:
    """A system's buckets, topics and clients; `beginning` is that of its resources' names."""

    project: str
    beginning: str
    input_bucket: str
    output_bucket: str
    storage: storage.Client
    publisher: pubsub_v1.PublisherClient
    subscriber: pubsub_v1.SubscriberClient

    def topic(self, hop: str) -> str:
        """The full name of a hop's topic."""
        return f"projects/{self.project}/topics/{self.beginning}{hop}"

    def dead_letters(self, hop: str) -> str:
        """The full name of the subscription that keeps a hop's dead letters."""
        return f"projects/{self.project}/subscriptions/{self.beginning}{hop}-dead"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options by which `chosen` chooses."""
    parser.add_argument("--project", default="", help="a project in the cloud; else `make up`'s")
    parser.add_argument("--deployment", default="toonmask", help="Terraform's variable prefix")
    parser.add_argument("--root", type=Path, default=Path(".toonmask/up"), help="of `make up`")


def chosen(arguments: argparse.Namespace) -> Target:
    """The target that the options name.

    Raises:
        NotRunning: `make up` does not run.
    """
    if arguments.project:
        deployment, project = arguments.deployment, arguments.project
        return _target(
            project,
            f"{deployment}-",
            f"{deployment}-input-{project}",
            f"{deployment}-output-{project}",
        )
    file = running_file(arguments.root)
    if not file.exists():
        raise NotRunning(
            "The local system does not run: start `make up`, or say PROJECT=my-project."
        )
    os.environ.update(json.loads(file.read_text()))
    return _target(PROJECT, "", INPUT_BUCKET, OUTPUT_BUCKET)


def of(system: Stack) -> Target:
    """The local system, from the process that keeps it running."""
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
    """Where `make up` leaves the environment that leads clients to it, while it runs."""
    return root / "running.json"


def _target(project: str, beginning: str, input_bucket: str, output_bucket: str) -> Target:
    return Target(
        project,
        beginning,
        input_bucket,
        output_bucket,
        storage.Client(project=project),
        pubsub_v1.PublisherClient(),
        pubsub_v1.SubscriberClient(),
    )
