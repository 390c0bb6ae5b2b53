"""Writing an upload's results so that the newest upload wins and no older picture stays behind."""

from collections.abc import Sequence
from re import Pattern

from shared import layout
from shared.documents import ResultDocument
from shared.record import Record
from shared.storage import Item, Outcome, Stamp, Storage


def document_item(name: str, document: Record) -> Item:
    """A JSON document as an object to be written."""
    return Item(name, "application/json", lambda: document.model_dump_json(indent=1).encode())


def write_results(
    storage: Storage,
    bucket: str,
    document: ResultDocument,
    pictures: Sequence[Item],
    owned: Pattern[str],
) -> Outcome:
    """Writes the pictures, then result.json, and clears away what they replace.

    The first picture is written before the others begin: every upload with pictures has it, so
    where nothing stands in its place there are no strays of an older upload, and the common path
    lists nothing. Where a newer upload got ahead, what this one wrote goes. `owned` are the names
    that may be cleared away.
    """
    stamp = Stamp(document.source.generation, document.config)
    folder = layout.folder(document.source.name)
    outcomes = storage.write_all(bucket, pictures[:1], stamp)
    if Outcome.NEWER_EXISTS not in outcomes:
        outcomes |= storage.write_all(bucket, pictures[1:], stamp)
    if Outcome.NEWER_EXISTS not in outcomes:
        if not pictures or outcomes != {Outcome.CREATED}:
            storage.sweep(
                bucket,
                folder,
                owned,
                lambda found: found.generation <= stamp.generation and found != stamp,
            )
        last = storage.write(bucket, document_item(folder + layout.RESULT, document), stamp)
        if last is not Outcome.NEWER_EXISTS:
            return last
    storage.sweep(bucket, folder, owned, lambda found: found.generation <= stamp.generation)
    return Outcome.NEWER_EXISTS
