"""python -m tests.hostile.limited BYTES COMMAND …: runs a command that has so much memory at most.

The limit is on what a process allocates (RLIMIT_DATA), not on what it maps from files.
"""

import os
import resource
import sys


def main() -> None:
    """Becomes the command."""
    limit, *command = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
