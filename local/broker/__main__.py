"""python -m local.broker --port N: the embedded broker."""

import argparse
from concurrent.futures import ThreadPoolExecutor

from local.broker.grpc_api import create_server
from local.broker.push import Pusher
from local.broker.topics import Broker


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    broker = Broker()
    Pusher(broker).start()
    server = create_server(broker, ThreadPoolExecutor(32), arguments.port)
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
