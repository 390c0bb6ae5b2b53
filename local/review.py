"""What of a result a person should look at."""

from shared.documents import ResultDocument


def doubts(document: ResultDocument) -> tuple[str, ...]:
    """The sentences of its `review`, which results written before there was one do not have."""
    return tuple(one.message for one in getattr(document, "review", ()))
