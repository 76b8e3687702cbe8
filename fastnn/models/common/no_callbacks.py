"""What stands in for scikit-learn's callback protocol in versions before 1.9, which have none.

Estimators fit as they do without callbacks; whoever sets some is told what they need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

import sklearn

__all__ = ["CallbackSupportMixin", "FitCallback", "with_callbacks"]

Method = TypeVar("Method", bound=Callable[..., Any])


class FitCallback:
    """Stands for scikit-learn's protocol of a callback, so that no object is taken for one."""


class CallbackSupportMixin:
    """`set_callbacks` that says what it needs."""

    def set_callbacks(self, *callbacks: Any) -> Self:
        """Return the model, which has no callbacks that could be removed; ImportError if some are given."""
        if callbacks:
            raise ImportError(
                f"{type(self).__name__}.set_callbacks needs scikit-learn 1.9 or newer, whose callback protocol it "
                f'follows; this is {sklearn.__version__}: pip install "scikit-learn>=1.9".'
            )
        return self


def with_callbacks(method: Method) -> Method:
    """The method as it is: there are no callbacks to tidy up after."""
    return method
