"""What MLPClassifier and MLPRegressor share: from parameters to a trained network."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fastnn import activations
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.base import SHARED, VERBOSE, Estimator
from fastnn.models.packed import Packed
from fastnn.models.parameters import Check, Flag, Integer, Is, OneOf, Real
from fastnn.optimizers import SGD, Adam, Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.solvers.lbfgs import lbfgs
from fastnn.training import rates
from fastnn.training.engine import Engine
from fastnn.training.loop import Order, Outcome, Run, Samples, in_order, shuffled, train
from fastnn.training.progress import Printer
from fastnn.training.stopping import Stopping

__all__ = ["BaseMLP"]
