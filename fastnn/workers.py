"""Work in several threads, all of which end with Ctrl-C, of which Python tells only the main thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING, TypeVar

from fastnn.kernels.select import native

if TYPE_CHECKING:
    from fastnn._core import Cancellation

__all__ = ["aside", "cancellation", "finished"]

Task = TypeVar("Task")
Result = TypeVar("Result")


def cancellation() -> Cancellation:
    """What tells `finished` threads to end."""
    made: Cancellation = native.Cancellation()
    return made


def finished(
    do: Callable[[Task], Result],
    tasks: Sequence[Task],
    n_workers: int,
    cancelled: Cancellation,
    *,
    all_or_none: bool = False,
) -> list[Future[Result]]:
    """What has come of every task, in their order, when the last one has ended.

    Parameters
    ----------
    do : callable
    tasks : sequence
    n_workers : int
        Threads.
    cancelled : Cancellation
        Is set where Ctrl-C, or another error, comes to this thread meanwhile: then kernels that the others run raise
        KeyboardInterrupt, and this function the error when all have ended.
    all_or_none : bool, default=False
        Whether the error of a task is such an error too: nobody wants what comes of the others then.
    """
    until = FIRST_EXCEPTION if all_or_none else ALL_COMPLETED
    with _cancelled_by_errors(ThreadPoolExecutor(n_workers), cancelled) as pool:
        futures = [pool.submit(cancelled.run, do, task) for task in tasks]
        # A wait without an end would not hear of Ctrl-C.
        while _some_run(futures, until):
            if all_or_none:
                _raise_error_of(futures)
    return futures


def _some_run(futures: Sequence[Future[Result]], until: str = ALL_COMPLETED) -> bool:
    """Whether some of them still run after a tenth of a second, or when what is waited for has happened.

    Where Ctrl-C comes while Python takes the lock of this wait back, it ends in a RuntimeError that hides it.
    """
    try:
        return bool(wait(futures, timeout=0.1, return_when=until).not_done)
    except RuntimeError as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise


def _raise_error_of(futures: Iterable[Future[Result]]) -> None:
    """Raise the error of the first of them that has ended with one."""
    for future in futures:
        if future.done():
            future.result()


@contextmanager
def _cancelled_by_errors(pool: ThreadPoolExecutor, cancelled: Cancellation) -> Iterator[ThreadPoolExecutor]:
    """The pool, and no thread of it left behind: where the block ends early, its tasks do too."""
    try:
        yield pool
    except BaseException:  # Ctrl-C is one
        cancelled.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def aside(do: Callable[[], Result]) -> Result:
    """What ``do()`` makes, in a thread of its own that Ctrl-C leaves behind.

    For work that cannot be interrupted, but releases the GIL. After Ctrl-C it goes on until its own end, and its result
    is lost.
    """
    if current_thread() is not main_thread():  # nobody tells this one of Ctrl-C
        return do()
    future: Future[Result] = Future()

    def work() -> None:
        try:
            future.set_result(do())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=copy_context().run, args=(work,), daemon=True).start()
    while _some_run([future]):
        pass
    return future.result()
