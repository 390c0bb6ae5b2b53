"""python -m local.storage --root FOLDER --port N --tls-port M: runs the storage server."""

import argparse
import tempfile
import threading
from pathlib import Path

from local.certificate import write_certificate
from local.serving import server
from local.storage.api import create_app
from local.storage.notifications import Sender
from local.storage.store import Store


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-port", type=int, required=True)
    arguments = parser.parse_args()
    store = Store(arguments.root)
    Sender(store.index).start()
    app = create_app(store)
    with tempfile.TemporaryDirectory() as folder:
        secure = server(app, arguments.tls_port, write_certificate(Path(folder)))
        secure.prepare()
        threading.Thread(target=secure.serve, daemon=True).start()
        server(app, arguments.port).safe_start()


if __name__ == "__main__":
    main()
