"""python -m local.process_reaper: kills process groups when their parent ends for any reason.

The parent writes a line with the ID of each group that it starts, and the negative ID when the
group has ended. When the input ends, because the parent closed it or died, all other groups are
killed.
"""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Reads to the end of the input, then kills the remaining groups."""
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
