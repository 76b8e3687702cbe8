"""Makes fastnn's threads visible to threadpoolctl, which limits the threads of all libraries at once."""

from __future__ import annotations

from functools import cache

from fastnn._version import __version__
from fastnn.threads import get_num_threads, set_num_threads

__all__ = ["enable_threadpoolctl"]


@cache
def enable_threadpoolctl() -> None:
    """Register fastnn with threadpoolctl, once; the estimators do it when they are imported.

    Afterwards ``threadpoolctl.threadpool_info()`` lists fastnn, and ``threadpool_limits(1)`` also limits its kernels.

    Raises
    ------
    ImportError
        If threadpoolctl is not installed (scikit-learn brings it).
    """
    import threadpoolctl

    class FastnnController(threadpoolctl.LibController):  # type: ignore[misc]
        user_api = "fastnn"
        internal_api = "fastnn"
        filename_prefixes = ("_core",)
        check_symbols = ("fastnn_thread_pool",)  # only our _core has it

        def get_num_threads(self) -> int:
            return get_num_threads()

        def set_num_threads(self, num_threads: int) -> None:
            set_num_threads(num_threads)

        def get_version(self) -> str:
            return __version__

    threadpoolctl.register(FastnnController)
