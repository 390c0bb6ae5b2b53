"""HTTP connections that are kept alive."""

import threading
from functools import cached_property

import requests


class Connections(threading.local):
    """A session for each thread: requests' sessions are not safe to share."""

    @cached_property
    def session(self) -> requests.Session:
        """The calling thread's own."""
        return requests.Session()
