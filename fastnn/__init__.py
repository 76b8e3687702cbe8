"""Dense neural networks on the CPU, from one neuron through logistic regression to deep networks.

Names are loaded when they are first used: ``import fastnn`` imports neither SciPy, nor
scikit-learn, nor Numba.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from fastnn._version import __version__

# Not lazy: the function `threads` must replace the module of that name here, once and for all.
from fastnn.threads import get_num_threads, set_num_threads, threads

if TYPE_CHECKING:
    import fastnn.typing as typing
    from fastnn import activations as activations
    from fastnn import errors as errors
    from fastnn import interop as interop
    from fastnn import jit as jit
    from fastnn import kernels as kernels
    from fastnn import layers as layers
    from fastnn import losses as losses
    from fastnn import optimizers as optimizers
    from fastnn import plan as plan
    from fastnn import schedules as schedules
    from fastnn.activations import Activation as Activation
    from fastnn.install import get_include as get_include
    from fastnn.interop.c.header import to_c as to_c
    from fastnn.interop.keras import from_keras as from_keras
    from fastnn.interop.onnx.reading import from_onnx as from_onnx
    from fastnn.interop.onnx.writing import to_onnx as to_onnx
    from fastnn.interop.sklearn.convert import from_sklearn as from_sklearn
    from fastnn.interop.sklearn.convert import to_sklearn as to_sklearn
    from fastnn.interop.torch.reading import from_torch as from_torch
    from fastnn.interop.torch.writing import to_torch as to_torch
    from fastnn.kernels.select import show_config as show_config
    from fastnn.layers import Dense as Dense
    from fastnn.layers import Dropout as Dropout
    from fastnn.losses import Loss as Loss
    from fastnn.machine import machine_peak as machine_peak
    from fastnn.models.common.loss_curve import LossCurveDisplay as LossCurveDisplay
    from fastnn.models.logistic.cv.estimator import LogisticRegressionCV as LogisticRegressionCV
    from fastnn.models.logistic.estimator import LogisticRegression as LogisticRegression
    from fastnn.models.logistic.path import logistic_regression_path as logistic_regression_path
    from fastnn.models.mlp import MLPClassifier as MLPClassifier
    from fastnn.models.mlp import MLPRegressor as MLPRegressor
    from fastnn.models.mlp.many import fit_many as fit_many
    from fastnn.models.network.network import Network as Network
    from fastnn.models.neuron.estimator import Neuron as Neuron

    # tools/generate_optimizers.py writes this: imports
    from fastnn.optimizers import SGD as SGD
    from fastnn.optimizers import Adadelta as Adadelta
    from fastnn.optimizers import Adagrad as Adagrad
    from fastnn.optimizers import Adam as Adam
    from fastnn.optimizers import Adamax as Adamax
    from fastnn.optimizers import AdamW as AdamW
    from fastnn.optimizers import Lion as Lion
    from fastnn.optimizers import NAdam as NAdam
    from fastnn.optimizers import RMSprop as RMSprop

    # until here
    from fastnn.serving.predictor import compile_predict as compile_predict

# tools/generate_optimizers.py writes this: names
_OPTIMIZERS = ("SGD", "Adadelta", "Adagrad", "Adam", "Adamax", "AdamW", "Lion", "NAdam", "RMSprop")
# until here

# The module that each public name comes from; None: the name is that module.
_HOME = {
    "Activation": "activations",
    "Dense": "layers",
    "Dropout": "layers",
    "LogisticRegression": "models.logistic.estimator",
    "LogisticRegressionCV": "models.logistic.cv.estimator",
    "Loss": "losses",
    "LossCurveDisplay": "models.common.loss_curve",
    "MLPClassifier": "models.mlp",
    "MLPRegressor": "models.mlp",
    "Network": "models.network.network",
    "Neuron": "models.neuron.estimator",
    "activations": None,
    "compile_predict": "serving.predictor",
    "errors": None,
    "fit_many": "models.mlp.many",
    "from_keras": "interop.keras",
    "from_onnx": "interop.onnx.reading",
    "from_sklearn": "interop.sklearn.convert",
    "from_torch": "interop.torch.reading",
    "get_include": "install",
    "interop": None,
    "jit": None,
    "kernels": None,
    "layers": None,
    "logistic_regression_path": "models.logistic.path",
    "losses": None,
    "machine_peak": "machine",
    "optimizers": None,
    "plan": None,
    "schedules": None,
    "show_config": "kernels.select",
    "to_c": "interop.c.header",
    "to_onnx": "interop.onnx.writing",
    "to_sklearn": "interop.sklearn.convert",
    "to_torch": "interop.torch.writing",
    "typing": None,
    **dict.fromkeys(_OPTIMIZERS, "optimizers"),
}

__all__ = [  # noqa: F822 - __getattr__ has them
    "Activation",
    "Dense",
    "Dropout",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Loss",
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "Network",
    "Neuron",
    "__version__",
    "activations",
    "compile_predict",
    "errors",
    "fit_many",
    "from_keras",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "get_include",
    "get_num_threads",
    "interop",
    "jit",
    "kernels",
    "layers",
    "logistic_regression_path",
    "losses",
    "machine_peak",
    "optimizers",
    "plan",
    "schedules",
    "set_num_threads",
    "show_config",
    "threads",
    "to_c",
    "to_onnx",
    "to_sklearn",
    "to_torch",
    "typing",
]
# tools/generate_optimizers.py writes this: exports
__all__ += ["SGD", "Adadelta", "Adagrad", "Adam", "Adamax", "AdamW", "Lion", "NAdam", "RMSprop"]  # noqa: F822
# until here


if not TYPE_CHECKING:  # a type checker that saw it would take any name for a public one, of type Any

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = _HOME[name]
        module = import_module(f"{__name__}.{home or name}")
        value = getattr(module, name) if home else module
        if str(home).startswith("models.") and sys.modules.get("skl2onnx") is not None:
            import_module(f"{__name__}.interop").register_onnx()  # so that it converts what holds these models
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
