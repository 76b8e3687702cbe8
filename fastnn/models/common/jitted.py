"""`jit` of every model: which network, and which of its outputs, a method means."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name
from fastnn.kernels.available import why_no_numba
from fastnn.kernels.contract import Array
from fastnn.models.common.fitting import held
from fastnn.plan import Plan

if TYPE_CHECKING:
    from fastnn.jit.network import JitNetwork

__all__ = ["JitSource", "Jitted"]


@dataclass(frozen=True)
class JitSource:
    """A fitted model as a network.

    Attributes
    ----------
    plan : Plan
    params : ndarray (p,)
    outputs : dict of str to str
        By the names of the methods that there are: "raw", what the last layer's activation gives; "link", the loss's
        link of it; "pairs", the same for one output and its negative; "class"; "labels".
    classes : ndarray (k,), optional
        Of "class".
    """

    plan: Plan
    params: Array
    outputs: Mapping[str, str]
    classes: NDArray[Any] | None = None

    def output(self, method: str) -> str:
        """What a method gives; ValueError if there is no such method."""
        if method not in self.outputs:
            raise unknown_name("method", method, self.outputs)
        output = self.outputs[method]
        return "raw" if output == "link" and self.plan.loss.link == "identity" else output

    def labels(self) -> NDArray[np.int64]:
        """What stands for each class: the label itself where that is an integer, else its number in classes_.

        There are at least two: the class of a model that knows no other one stands for both answers.
        """
        classes = np.empty(0) if self.classes is None else self.classes
        labels = np.arange(len(classes), dtype=np.int64)
        if classes.dtype.kind in "iub":
            same = classes.astype(np.int64)
            labels = same if (same == classes).all() else labels
        return np.repeat(labels, 2) if len(labels) == 1 else labels


class Jitted:
    """What all models have for functions that are compiled with Numba."""

    @abstractmethod
    def _jit_source(self, method: str) -> JitSource:
        """The model as the network of a method; NotFittedError where it is not fitted."""

    def jit(self, method: str = "predict") -> JitNetwork:
        """Make an object that predicts inside functions compiled with Numba.

        As an argument of such a function or as a global, it has the methods ``row(x, out)``, which allocates nothing,
        ``batch(x, out)`` and ``row_gradient(x, out)``, and can be called: ``net(x)``. Its results have the bits of the
        model's own; what is not finite in x is not refused. It has parameters of its own, and can be pickled.

        Parameters
        ----------
        method : str, default="predict"
            What it gives: "predict", "predict_proba" of a classifier with probabilities, or "raw", the output before
            the link (also as "decision_function" of a classifier, or "forward" of a `Network`); of a `Neuron` also
            "activate". Labels that are no integers become their numbers in `classes_`.

        Returns
        -------
        JitNetwork
            Of the same Numba type as that of any network of the same layers, so that nothing is compiled anew.

        Raises
        ------
        ValueError
            If there is no such method.
        ImportError
            If Numba cannot be imported.
        """
        reason = why_no_numba()
        if reason is not None:
            raise ImportError(f"jit needs Numba, which cannot be imported here ({reason}): pip install numba.")
        from fastnn.jit.contents import Contents
        from fastnn.jit.network import JitNetwork

        source = held(self)._jit_source(method)
        output = source.output(method)
        labels = source.labels() if output == "class" else np.empty(0, np.int64)
        return JitNetwork(Contents(source.plan, source.params.copy(), output, labels))
