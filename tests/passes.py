"""How often models are called."""

from collections.abc import Callable
from typing import Any

from shared.models import Models

_MODELS = ("faces", "ovals", "hands")


class Passes:
    """Counts the calls of models."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> "Passes":
        self._plain = {name: getattr(Models, name) for name in _MODELS}
        for name, call in self._plain.items():
            setattr(Models, name, self._counting(call))
        return self

    def __exit__(self, *_: object) -> None:
        for name, call in self._plain.items():
            setattr(Models, name, call)

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self.count += 1
            return call(*arguments)

        return counted
