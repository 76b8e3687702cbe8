"""`jit` of every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastnn.kernels.available import why_no_numba
from fastnn.models.common.as_network import AsNetwork
from fastnn.models.common.fitting import held

if TYPE_CHECKING:
    from fastnn.jit.networks.network import JitNetwork

__all__ = ["Jitted"]


class Jitted(AsNetwork):
    """What all models have for functions that are compiled with Numba."""

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
        from fastnn.jit.networks.contents import Contents
        from fastnn.jit.networks.network import JitNetwork

        network = held(self)._as_network(method)
        output = network.output(method)
        labels = network.labels() if output == "class" else np.empty(0, np.int64)
        return JitNetwork(Contents(network.plan, network.params.copy(), output, labels))
