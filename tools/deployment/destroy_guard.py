"""python -m tools.deployment.destroy_guard: stops before a deployment with data is destroyed.

`terraform destroy` deletes the pipeline first and then stops at a bucket that holds objects. This
says so beforehand.
"""

import argparse
import sys
from collections.abc import Iterator

from google.api_core.exceptions import Forbidden, NotFound
from google.cloud import storage

from local.operations.deployment import cloud_bucket

_MOST_COUNTED = 1000
"""Objects that are counted in a bucket. More need more requests, and change nothing."""


def main() -> None:
    """Exit code 1 if a bucket holds objects, or cannot be listed, and --force is not given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--deployment", required=True, help="Terraform's variable prefix")
    parser.add_argument("--force", action="store_true", help="destroy the data, too")
    arguments = parser.parse_args()
    client = storage.Client(project=arguments.project)
    names = [
        cloud_bucket(arguments.deployment, purpose, arguments.project)
        for purpose in ("input", "output")
    ]
    obstacles = [obstacle for name in names for obstacle in _obstacles(client, name)]
    for obstacle in obstacles:
        sys.stdout.write(f"{obstacle}\n")
    if obstacles and not arguments.force:
        sys.exit(
            "Nothing was destroyed. Copy what you need (gcloud storage cp -r), then run "
            f"`make destroy PROJECT={arguments.project} FORCE=1`. It deletes these objects."
        )


def _obstacles(client: storage.Client, bucket: str) -> Iterator[str]:
    """Yields a sentence if the bucket holds objects or cannot be listed."""
    try:
        count = sum(1 for _ in client.list_blobs(bucket, max_results=_MOST_COUNTED))
    except NotFound:
        return
    except Forbidden:
        yield f"gs://{bucket} cannot be listed: you need storage.objects.list on it."
        return
    if count:
        more = " or more" if count == _MOST_COUNTED else ""
        yield f"gs://{bucket} holds {count:,}{more} objects."


if __name__ == "__main__":
    main()
