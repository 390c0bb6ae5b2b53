"""python -m local.process_reaper: ends process groups whose parent is gone, however it went.

The parent writes the id of each group it starts, a line each, and the id with a minus once it has
ended. When the input ends, because the parent closed it or died, whatever is left is killed.
"""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Reads to the end of the input, then kills."""
    alive: set[int] = set()
    for line in sys.stdin:
        number = int(line)
        if number > 0:
            alive.add(number)
        else:
            alive.discard(-number)
    for group in alive:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
