"""Waiting for the results of a batch."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from google.cloud import storage as gcs

from local import batch
from local.stack import OUTPUT_BUCKET, Stack


@pytest.mark.usefixtures("storage_url")
def test_waiting_ends_where_nothing_comes_to_its_end_and_names_what_is_missing() -> None:
    client = gcs.Client()
    client.create_bucket(OUTPUT_BUCKET)
    alive = SimpleNamespace(check=lambda: None)
    stack: Any = SimpleNamespace(storage=client, processes=alive)
    waiting = batch.outcomes(
        cast("Stack", stack), {"b.png": 1, "a.png": 2, "c.png": 3}, seconds=0.1
    )
    with pytest.raises(batch.Stalled, match=r"missing: a\.png and 2 more"):
        next(waiting)
