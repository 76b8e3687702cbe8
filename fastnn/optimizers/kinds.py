"""Every optimizer: its hyper-parameters, with their defaults, and what it remembers. A class here is listed thereby."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastnn.optimizers.base import Optimizer

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "RMSprop",
]


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent with momentum, Nesterov's or classical.

    Parameters
    ----------
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    momentum : float, default=0.9
        What the velocity keeps of itself at a step, in [0, 1].
    nesterov : bool, default=True
        Whether a step looks ahead along the velocity (Nesterov), or only follows it.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), "On the importance of initialization and momentum in deep learning".
    """

    learning_rate: float = 0.001
    momentum: float = 0.9
    nesterov: bool = True

    name: ClassVar[str] = "sgd"
    slots: ClassVar[tuple[str, ...]] = ("velocity",)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: a mean of the gradients over the root of a mean of their squares, both corrected for their start.

    Parameters
    ----------
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization".
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"
    slots: ClassVar[tuple[str, ...]] = ("m", "v")
    counts_steps: ClassVar[bool] = True


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop: the gradient over the root of a running mean of its square.

    Parameters
    ----------
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    rho : float in [0, 1), default=0.99
        How much of the mean of squares a step keeps.
    epsilon : float, default=1e-8
        What is added to the root, above 0, so that nothing is divided by zero.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Tieleman and Hinton (2012), "Lecture 6.5, RMSprop", in Neural Networks for Machine Learning.
    """

    learning_rate: float = 0.001
    rho: float = 0.99
    epsilon: float = 1e-8

    name: ClassVar[str] = "rmsprop"
    slots: ClassVar[tuple[str, ...]] = ("v",)


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Adagrad: the gradient over the root of the sum of all its squares so far.

    Parameters
    ----------
    learning_rate, epsilon : float, default=0.01 and 1e-10
        What a step is multiplied by, and what is added to the root so that nothing is divided by zero; both above 0.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Duchi, Hazan and Singer (2011), "Adaptive subgradient methods for online learning and stochastic optimization".
    """

    learning_rate: float = 0.01
    epsilon: float = 1e-10

    name: ClassVar[str] = "adagrad"
    slots: ClassVar[tuple[str, ...]] = ("v",)


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: a step also shrinks every parameter, biases too.

    Parameters
    ----------
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.
    weight_decay : float, default=0.01
        A step first multiplies the parameters by ``1 - learning_rate * weight_decay``.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Loshchilov and Hutter (2019), "Decoupled weight decay regularization".
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01

    name: ClassVar[str] = "adamw"
    slots: ClassVar[tuple[str, ...]] = ("m", "v")
    counts_steps: ClassVar[bool] = True


@dataclass(frozen=True)
class NAdam(Optimizer):
    """Adam with Nesterov's look-ahead.

    Parameters
    ----------
    learning_rate : float, default=0.002
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Dozat (2016), "Incorporating Nesterov momentum into Adam"; here with a constant beta_1.
    """

    learning_rate: float = 0.002
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "nadam"
    slots: ClassVar[tuple[str, ...]] = ("m", "v")
    counts_steps: ClassVar[bool] = True


@dataclass(frozen=True)
class Adamax(Optimizer):
    """Adamax: Adam with the largest gradient so far, slowly forgotten, in place of a root of the mean of squares.

    Parameters
    ----------
    learning_rate : float, default=0.002
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the mean of gradients and the largest gradient keep, in [0, 1), and what is added to every gradient's
        magnitude, above 0, as PyTorch does.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization", section 7.1.
    """

    learning_rate: float = 0.002
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adamax"
    slots: ClassVar[tuple[str, ...]] = ("m", "u")
    counts_steps: ClassVar[bool] = True


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Adadelta: the gradient in units of the root mean square of the steps so far over that of the gradients.

    Parameters
    ----------
    learning_rate : float, default=1.0
        What a step, which has the parameters' units by itself, is multiplied by, above 0.
    rho : float, default=0.9
        How much of both means of squares a step keeps, in [0, 1).
    epsilon : float, default=1e-6
        Added to both means of squares, above 0; its root is about the size of the first steps.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Zeiler (2012), "ADADELTA: an adaptive learning rate method".
    """

    learning_rate: float = 1.0
    rho: float = 0.9
    epsilon: float = 1e-6

    name: ClassVar[str] = "adadelta"
    slots: ClassVar[tuple[str, ...]] = ("v", "u")


@dataclass(frozen=True)
class Lion(Optimizer):
    """Lion: a step of the same size in every parameter, by the sign of an interpolated momentum.

    Parameters
    ----------
    learning_rate : float, default=0.0001
        The size of a step, above 0.
    beta_1, beta_2 : float, default=0.9 and 0.99
        The share of the momentum in what decides the sign, and how much of the momentum a step keeps; in [0, 1).
    weight_decay : float, default=0.0
        A step first multiplies the parameters by ``1 - learning_rate * weight_decay``, as in AdamW.
    clip_value, clip_norm, ema : float, optional
        What every optimizer has: limits of the gradient, and a moving average of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a parameter is out of its range or no number.

    References
    ----------
    Chen et al. (2023), "Symbolic discovery of optimization algorithms".
    """

    learning_rate: float = 0.0001
    beta_1: float = 0.9
    beta_2: float = 0.99
    weight_decay: float = 0.0

    name: ClassVar[str] = "lion"
    slots: ClassVar[tuple[str, ...]] = ("m",)
