"""Every way through a function that asks questions about its arguments, as one expression.

A function is run once for each way: where it asks for the truth of a comparison, it is told one answer, and in another
run the other. The results are joined by selections, so no branch is left, whatever `if`, `and`, `or` and loops there
are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn.kernels.jit.functions.graph import Graph, Node
from fastnn.kernels.jit.functions.refusal import Refused

__all__ = ["Questions", "every_way"]

_MOST_WAYS = 128
_MOST_QUESTIONS = 128  # on one way


class Questions:
    """What one run of a function has asked, and was told."""

    def __init__(self) -> None:
        self.asked: list[Node] = []
        self.told: list[bool] = []
        self._answers: dict[Node, bool] = {}
        self._given: list[bool] = []

    def begin(self, given: list[bool]) -> None:
        """Begin a run in which the first questions are answered so."""
        self.asked, self.told, self._answers, self._given = [], [], {}, given

    def answer(self, condition: Node) -> bool:
        """Whether a condition holds on this way."""
        if condition.constant is not None:
            return bool(condition.constant)
        if condition in self._answers:
            return self._answers[condition]
        place = len(self.asked)
        if place >= _MOST_QUESTIONS:
            raise Refused(
                f"asks more than {_MOST_QUESTIONS} questions about its arguments one after another; a loop must end "
                "after a number of steps that does not depend on them"
            )
        told = self._given[place] if place < len(self._given) else True
        self.asked.append(condition)
        self.told.append(told)
        self._answers[condition] = told
        return told


def every_way(
    graph: Graph, questions: Questions, run: Callable[[], tuple[Node, Node | None]]
) -> tuple[Node, Node | None]:
    """Value and slope of a function, whichever way its arguments take through it.

    Parameters
    ----------
    graph : Graph
        Of what `run` returns.
    questions : Questions
        Whom the arguments ask.
    run : callable
        Gives value and slope of the way that the answers lead.
    """
    ways = 0

    def explored(given: list[bool]) -> tuple[Node, Node | None]:
        nonlocal ways
        ways += 1
        if ways > _MOST_WAYS:
            raise Refused(
                f"has more than {_MOST_WAYS} ways through its ifs; write some as max(a, b), min(a, b) or "
                "np.where(condition, a, b), which are none"
            )
        questions.begin(given)
        result = run()
        asked, told = questions.asked, questions.told
        for place in reversed(range(len(given), len(asked))):
            other = explored([*told[:place], False])
            result = _joined(graph, asked[place], result, other)
        return result

    return explored([])


def _joined(graph: Graph, condition: Node, chosen: Any, other: Any) -> tuple[Node, Node | None]:
    value = graph.select(condition, chosen[0], other[0])
    if chosen[1] is None and other[1] is None:
        return value, None
    chosen_slope, other_slope = (graph.real(0.0) if each is None else each for each in (chosen[1], other[1]))
    return value, graph.select(condition, chosen_slope, other_slope)
