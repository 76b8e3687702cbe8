"""Threads that work for a caller: what it hears of Ctrl-C."""

from __future__ import annotations

from typing import Any

import pytest

from fastnn import workers


@pytest.mark.parametrize(("within", "raised"), [(KeyboardInterrupt, KeyboardInterrupt), (ValueError, RuntimeError)])
def test_ctrl_c_is_not_hidden_by_a_lock(
    within: type[BaseException], raised: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's wait ends so where the signal comes while it takes its lock back."""

    def wait(*args: Any, **options: Any) -> Any:
        try:
            raise within
        finally:
            raise RuntimeError("release unlocked lock")

    monkeypatch.setattr(workers, "wait", wait)
    with pytest.raises(raised):
        workers.finished(abs, [-1, 2], 2, workers.cancellation())
