"""What is called while a model is fitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Hook:
    """Calls a function when a task of a fit begins and ends."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.called = 0
        self.function = function

    def setup(self, estimator: Any, context: Any) -> None:
        self.call()

    def teardown(self, estimator: Any, context: Any) -> None:
        self.call()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.call()

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        self.call()

    def __reduce__(self) -> tuple[Any, ...]:
        return Hook, (int,)  # a pickle has no use for the function

    def call(self) -> None:
        self.called += 1
        self.function()


def once(function: Callable[[], Any]) -> Callable[[Any], None]:
    """What calls a function the first time it is called."""
    left = [function]
    return lambda epoch: left.pop()() and None if left else None
