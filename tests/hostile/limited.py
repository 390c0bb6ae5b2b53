"""python -m tests.hostile.limited BYTES COMMAND …: runs a command with a limit for its memory.

The limit applies to allocated memory (RLIMIT_DATA), not to mapped files.
"""

import os
import resource
import sys


def main() -> None:
    """Sets the limit, and replaces this process by the command."""
    limit, *command = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
