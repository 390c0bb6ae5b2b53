"""python -m local.broker --port N --journal FILE: runs the embedded broker."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.broker.grpc_api import create_server
from local.broker.journal import Journal
from local.broker.push import Pusher
from local.broker.topics import Broker

_THREADS = 32
"""Threads of the gRPC server. Chosen by hand: each waiting pull occupies one."""


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, help="file that keeps messages over restarts")
    arguments = parser.parse_args()
    broker = Broker(Journal(arguments.journal))
    Pusher(broker).start()
    server = create_server(broker, ThreadPoolExecutor(_THREADS), arguments.port)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
