"""Kernels of layers and losses for nopython code, and for Python alike.

tools/generate_jit.py writes this file.
"""

from __future__ import annotations

from fastnn import kernels
from fastnn.activations import Activation
from fastnn.jit.named import named_activation, named_loss
from fastnn.kernels.contract import Array
from fastnn.losses import Loss

__all__ = [
    "activation_backward",
    "activation_forward",
    "dense_backward_input",
    "dense_backward_params",
    "dense_forward",
    "link",
    "loss_and_gradient",
]


def dense_forward(
    x: Array,
    w: Array,
    b: Array | None,
    activation: str | int | Activation = "relu",
    out: Array | None = None,
) -> Array:
    """Compute activation(x @ w + b).

    Parameters
    ----------
    x : ndarray of shape (n, i), float32 or float64
        The inputs of the layer, a row for each sample.
    w : ndarray of shape (i, o), of x's dtype
        The weights.
    b : ndarray of shape (o,), of x's dtype, or None
        The biases; None for a layer that has none.
    activation : str, int or Activation, default="relu"
        Its name, its code, or the activation itself. Nopython code takes a name only where
        it is written in the call.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    ndarray of shape (n, o)
        The activations of the layer, in x's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.

    See Also
    --------
    dense_backward_input : The gradient of x.
    dense_backward_params : The gradients of w and b.
    """
    return kernels.dense_forward(x, w, b, named_activation(activation), out=out, n_threads=1)


def dense_backward_input(
    d_z: Array,
    w: Array,
    out: Array | None = None,
) -> Array:
    """Compute d_x = d_z @ w.T.

    Parameters
    ----------
    d_z : ndarray of shape (n, o), float32 or float64
        The gradient of the layer's raw outputs.
    w : ndarray of shape (i, o), of d_z's dtype
        The weights.
    out : ndarray of shape (n, i), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    ndarray of shape (n, i)
        The gradient of the layer's inputs, in d_z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.dense_backward_input(d_z, w, out=out, n_threads=1)


def dense_backward_params(
    x: Array,
    d_z: Array,
    out: tuple[Array, Array] | None = None,
) -> tuple[Array, Array]:
    """Compute d_w = x.T @ d_z and d_b = d_z.sum(axis=0): sums over the rows.

    Parameters
    ----------
    x : ndarray of shape (n, i), float32 or float64
        The inputs of the layer.
    d_z : ndarray of shape (n, o), of x's dtype
        The gradient of its raw outputs.
    out : tuple of two ndarrays of shape (i, o) and (o,), optional
        Memory for d_w and d_b: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    d_w : ndarray of shape (i, o)
        The gradient of the weights, in x's dtype.
    d_b : ndarray of shape (o,)
        The gradient of the biases, in x's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.dense_backward_params(x, d_z, out=out, n_threads=1)


def activation_forward(
    z: Array,
    activation: str | int | Activation,
    out: Array | None = None,
) -> Array:
    """Compute a = activation(z).

    Parameters
    ----------
    z : ndarray of shape (n, o), float32 or float64
        The raw outputs of a layer.
    activation : str, int or Activation
        Its name, its code, or the activation itself. Nopython code takes a name only where
        it is written in the call.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    ndarray of shape (n, o)
        The activations, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.

    See Also
    --------
    activation_backward : The gradient on its way back through the activation.
    dense_forward : The activation of a whole layer.
    """
    return kernels.activation_forward(z, named_activation(activation), out=out, n_threads=1)


def activation_backward(
    z: Array,
    a: Array,
    d_a: Array,
    activation: str | int | Activation,
    out: Array | None = None,
) -> Array:
    """Compute d_z = d_a * slope; for softmax and log_softmax, d_a times each row's Jacobian.

    Parameters
    ----------
    z : ndarray of shape (n, o), float32 or float64
        The raw outputs of a layer.
    a : ndarray of shape (n, o), of z's dtype
        Their activation, as `activation_forward` gives it.
    d_a : ndarray of shape (n, o), of z's dtype
        The gradient of a.
    activation : str, int or Activation
        Its name, its code, or the activation itself. Nopython code takes a name only where
        it is written in the call.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    ndarray of shape (n, o)
        The gradient of z, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.activation_backward(z, a, d_a, named_activation(activation), out=out, n_threads=1)


def link(
    z: Array,
    loss: str | int | Loss,
    out: Array | None = None,
) -> Array:
    """Compute the prediction that z means under a loss, such as probabilities.

    Parameters
    ----------
    z : ndarray of shape (n, o), float32 or float64
        The raw outputs of a network.
    loss : str, int or Loss
        Its name, its code, or the loss itself. Nopython code takes a name only where
        it is written in the call.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    ndarray of shape (n, o)
        The predictions, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.link(z, named_loss(loss), out=out, n_threads=1)


def loss_and_gradient(
    z: Array,
    y: Array,
    loss: str | int | Loss,
    sample_weight: Array | None = None,
    out: Array | None = None,
) -> tuple[float, Array]:
    """Compute the mean loss of z and its gradient: a sum over outputs, a weighted mean over rows.

    Parameters
    ----------
    z : ndarray of shape (n, o), float32 or float64
        The raw outputs of a network.
    y : ndarray of shape (n, o), of z's dtype
        The targets.
    loss : str, int or Loss
        Its name, its code, or the loss itself. Nopython code takes a name only where
        it is written in the call.
    sample_weight : ndarray of shape (n,), of z's dtype, optional
        The weight of each row in the mean, at least 0; None for equal ones. Where all are zero, loss and gradient are
        zero.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    loss : float
        The mean loss.
    d_z : ndarray of shape (n, o)
        Its gradient by z, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.loss_and_gradient(z, y, named_loss(loss), sample_weight, out=out, n_threads=1)
