"""Starts all of toonmask on this machine: its processes, topics, subscriptions and buckets."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from google.api_core.exceptions import AlreadyExists
from google.cloud import pubsub_v1, storage
from google.pubsub_v1 import types

from local.broker import official
from local.metadata import ACCOUNT
from local.processes import ProcessTree, free_ports
from local.sam2 import await_model
from local.settings import ATTEMPTS, FIXED, SETTINGS
from shared.sam2_server.settings import Sam2Settings
from shared.schemas.environment import read

PROJECT = FIXED["TRACE_PROJECT"]
INPUT_BUCKET, OUTPUT_BUCKET = FIXED["INPUT_BUCKET"], FIXED["OUTPUT_BUCKET"]
HOPS = {"uploads": "landmarks", "prompts": "segmentation"}
"""The topics, and the functions to which their messages are pushed."""

_ROOT = Path(__file__).parent.parent
_ACK_SECONDS = 600
"""Acknowledgement deadline: Pub/Sub's maximum, as in terraform/messaging.tf."""

_LEAST_BACKOFF, _MOST_BACKOFF = timedelta(seconds=0.5), timedelta(seconds=5)
"""Pauses between deliveries. Chosen by hand: shorter than in the cloud, because a person waits."""

LEAN = {"OPENCV_FOR_THREADS_NUM": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Limits a worker to one processor and one heap, as terraform/modules/function does."""

BrokerKind = Literal["official", "embedded"]


@dataclass(frozen=True)
class Stack:
    """The running system: its ports and folders, and clients for its storage and broker."""

    processes: ProcessTree
    broker: BrokerKind
    storage_port: int
    storage_tls_port: int
    broker_port: int
    metadata_port: int
    buckets: Path
    logs: Path

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that make Google's client libraries use this stack."""
        metadata = f"127.0.0.1:{self.metadata_port}"
        return {
            "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{self.storage_port}",
            "PUBSUB_EMULATOR_HOST": f"127.0.0.1:{self.broker_port}",
            "GCE_METADATA_HOST": metadata,
            "GCE_METADATA_IP": metadata,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            "PYTHONWARNINGS": "ignore::FutureWarning",  # Google's packages warn about Python 3.11
        }

    @property
    def certs(self) -> str:
        """The URL of the certificates that verify identity tokens."""
        return f"http://127.0.0.1:{self.metadata_port}/certs"

    @property
    def page(self) -> str:
        """The URL of the page. Requires `with_api`."""
        return f"http://127.0.0.1:{self.processes.port('api')}/"

    @cached_property
    def storage(self) -> storage.Client:
        """A client of the local storage."""
        with _environment(self.environment):
            return storage.Client()

    @cached_property
    def publisher(self) -> pubsub_v1.PublisherClient:
        """A client of the local broker."""
        with _environment(self.environment):
            return pubsub_v1.PublisherClient()

    @cached_property
    def subscriber(self) -> pubsub_v1.SubscriberClient:
        """A client of the local broker."""
        with _environment(self.environment):
            return pubsub_v1.SubscriberClient()


@contextmanager
def running(
    root: Path,
    settings: Mapping[str, str],
    broker: BrokerKind = "embedded",
    *,
    with_api: bool = False,
) -> Iterator[Stack]:
    """Starts the system, yields it, and stops it.

    `root` is the folder of buckets and logs. `settings` are environment variables of the functions.
    The embedded broker is the default: the official emulator lets pages in a browser publish.

    Raises:
        BadSettings: a variable has an invalid value.
        ChildDied: a process ended, or did not start to listen.
        FileNotFoundError: the official emulator is not installed.
    """
    jar = official.find_emulator() if broker == "official" else None
    if broker == "official" and jar is None:
        raise FileNotFoundError("The Pub/Sub emulator needs gcloud, its component and java on PATH")
    storage_port, tls_port, broker_port, metadata_port, *ports = free_ports(10)
    with ProcessTree(root / "logs") as processes:
        stack = Stack(
            processes=processes,
            broker=broker,
            storage_port=storage_port,
            storage_tls_port=tls_port,
            broker_port=broker_port,
            metadata_port=metadata_port,
            buckets=root / "buckets",
            logs=root / "logs",
        )
        landmarks, segmentation, drain, sam2, iam_proxy, api = ports
        _start_infrastructure(stack, jar)
        _start_sam2(stack, settings, sam2, iam_proxy)
        _start_function(stack, "segmentation", segmentation, {**_sam2(stack), **settings})
        _start_function(stack, "landmarks", landmarks, settings)
        _start_function(stack, "drain", drain, {})
        if with_api:
            _start_api(stack, settings, api)
        processes.await_ready()
        if _is_real_sam2(settings):
            await_model(processes.port("sam2"))
        create_hops(stack)
        _create_buckets(stack)
        yield stack


def _start_infrastructure(stack: Stack, jar: Path | None) -> None:
    start, environment = stack.processes.start, stack.environment
    key = ["--key", str(issuer_key(stack.buckets.parent))]
    metadata = [*_module("local.metadata", stack.metadata_port), "--project", PROJECT, *key]
    start("metadata", metadata, environment, stack.metadata_port)
    journal = ["--journal", str(stack.buckets.parent / "broker.sqlite")]
    embedded = [*_module("local.broker", stack.broker_port), *journal]
    command = official.command(jar, stack.broker_port) if jar else embedded
    start("broker", command, environment, stack.broker_port)
    files = ["--root", str(stack.buckets), "--tls-port", str(stack.storage_tls_port)]
    storage_server = [*_module("local.storage", stack.storage_port), *files]
    start("storage", storage_server, environment, stack.storage_port)


def _start_sam2(stack: Stack, settings: Mapping[str, str], port: int, proxy: int) -> None:
    """Starts the SAM2 service, and a proxy that checks identity tokens, as Cloud Run does."""
    # real SAM2 has its weights in memory once, and computes with all processors
    single = {"WORKERS": "1", "THREADS": "16"} if _is_real_sam2(settings) else {}
    _start_function(stack, "sam2", port, {**single, **settings})
    target = ["--target", f"http://127.0.0.1:{port}", "--certs", stack.certs]
    stack.processes.start(
        "iam-proxy", [*_module("local.iam_proxy", proxy), *target], stack.environment, proxy
    )


def _is_real_sam2(settings: Mapping[str, str]) -> bool:
    with _environment(settings):
        return read(Sam2Settings).sam2_backend == "sam2"


def _start_api(stack: Stack, settings: Mapping[str, str], port: int) -> None:
    """Starts the HTTP API and the page in one process, so that requests share a memory budget."""
    one = {"WORKERS": "1", "THREADS": "16", "CAN_DELETE": "true"}  # the buckets are the user's own
    environment = {**one, **_sam2(stack), **settings}
    _start_function(stack, "api", port, environment)


def _sam2(stack: Stack) -> dict[str, str]:
    """Returns the settings for our SAM2 service; none if the environment configures another."""
    if {"SAM2_URL", "SAM2_PROVIDER"} & os.environ.keys():
        return {}
    url = f"http://127.0.0.1:{stack.processes.port('iam-proxy')}/v1/segment"
    return {"SAM2_PROVIDER": "toonmask", "SAM2_URL": url}


def _start_function(stack: Stack, name: str, port: int, settings: Mapping[str, str]) -> None:
    """Starts a function as in the cloud, with a worker process for each processor.

    Raises:
        BadSettings: the function's settings are invalid.
    """
    environment = {
        **stack.environment,
        "PYTHONPATH": str(_ROOT),
        "WORKERS": str(os.cpu_count() or 1),
        "THREADS": "2",
        **LEAN,
        **FIXED,
        "PUSH_ACCOUNT": ACCOUNT if stack.broker == "embedded" else "",  # official: no tokens
        "PUSH_CERTS_URL": stack.certs,
        **settings,
    }
    with _environment(environment):
        read(SETTINGS[name])
    stack.processes.start(name, function_command(name, port), environment, port)


def function_command(name: str, port: int, source: Path | None = None) -> list[str]:
    """Returns the command that serves a function on 127.0.0.1: ours, or the one in `source`."""
    file = source or _ROOT / "functions" / name / "main.py"
    framework = [*_module("functions_framework", port), "--target", name, "--source", str(file)]
    return [*framework, "--host", "127.0.0.1"]


def create_hops(stack: Stack) -> None:
    """Creates the topics and subscriptions that do not exist since an earlier run."""
    for hop, function in HOPS.items():
        _create_hop(stack, hop, stack.processes.port(function), stack.processes.port("drain"))


def _create_hop(stack: Stack, hop: str, port: int, drain: int) -> None:
    """Creates a topic with a push to its function. Dead letters are kept, and pushed to drain."""
    topic, dead = topic_path(hop), topic_path(f"{hop}-dead")
    for name in (topic, dead):
        with suppress(AlreadyExists):  # the embedded broker keeps topics over a restart
            stack.publisher.create_topic(name=name)
    dead_letters = types.Subscription(name=subscription_path(f"{hop}-dead"), topic=dead)
    drain_push = _push(f"{hop}-drain", dead, drain)
    function_push = _push(hop, topic, port)
    function_push.dead_letter_policy = types.DeadLetterPolicy(
        dead_letter_topic=dead, max_delivery_attempts=ATTEMPTS
    )
    for subscription in (dead_letters, drain_push, function_push):
        try:
            stack.subscriber.create_subscription(request=subscription)
        except AlreadyExists:  # the function's port may have changed
            stack.subscriber.modify_push_config(
                subscription=subscription.name, push_config=subscription.push_config
            )


def _push(name: str, topic: str, port: int) -> types.Subscription:
    endpoint = f"http://127.0.0.1:{port}/"
    return types.Subscription(
        name=subscription_path(name),
        topic=topic,
        ack_deadline_seconds=_ACK_SECONDS,
        push_config=types.PushConfig(
            push_endpoint=endpoint,
            oidc_token=types.PushConfig.OidcToken(service_account_email=ACCOUNT, audience=endpoint),
        ),
        retry_policy=types.RetryPolicy(
            minimum_backoff=_LEAST_BACKOFF, maximum_backoff=_MOST_BACKOFF
        ),
    )


def _create_buckets(stack: Stack) -> None:
    """Creates the buckets and the notification that do not exist since an earlier run."""
    for name in (INPUT_BUCKET, OUTPUT_BUCKET):
        if not stack.storage.bucket(name).exists():
            stack.storage.create_bucket(name)
    bucket = stack.storage.bucket(INPUT_BUCKET)
    if not any(bucket.list_notifications()):
        bucket.notification(
            topic_name="uploads",
            topic_project=PROJECT,
            event_types=["OBJECT_FINALIZE"],
            payload_format="JSON_API_V1",
        ).create()


def issuer_key(root: Path) -> Path:
    """Returns the file with the key that signs identity tokens."""
    return root / "issuer.pem"


def topic_path(name: str) -> str:
    """Returns the full name of a topic of the local project."""
    return f"projects/{PROJECT}/topics/{name}"


def subscription_path(name: str) -> str:
    """Returns the full name of a subscription of the local project."""
    return f"projects/{PROJECT}/subscriptions/{name}"


def _module(name: str, port: int) -> list[str]:
    return [sys.executable, "-m", name, "--port", str(port)]


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables while a client library reads them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
