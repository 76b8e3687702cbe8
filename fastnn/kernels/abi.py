"""The C interface: every function that C, Cython and Numba may call, once, with its arguments.

tools/generate_abi.py writes what repeats it: parts of fastnn/include/fastnn.h, fastnn/_core.pxd, and what fills the
table. A place in the list is a place in the table that compiled programs read, so a new function goes to its end, with
the next VERSION; one that is taken away stays, with what to do instead as `removed`, and fails when it is called.
tests/test_abi.py knows what earlier versions had.

Most functions are kernels of the contract, whose arguments they take in its order: options as numbers or structs of the
header, outputs, what is returned as a pointer to it, and the sizes at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fastnn.kernels.contract import KERNELS, Argument, Kernel

__all__ = ["FIRST_FUNCTION", "FUNCTIONS", "VERSION", "Function", "Parameter", "Symbol", "symbols"]

VERSION = 2

# What is before the functions in the table, in words of eight bytes: version, size, and the library's version.
FIRST_FUNCTION = 3

OPTIONS = {
    "activation": "const fastnn_activation*",
    "loss": "const fastnn_loss*",
    "nesterov": "int",
    "seed": "uint64_t",
    **dict.fromkeys(("step", "layer", "first_row"), "int64_t"),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function in C; T in its type stands for float or double."""

    name: str
    type: str
    returned: bool = False  # a number that the function returns through it


@dataclass(frozen=True)
class Function:
    """A function for both element types, or, where no parameter has one, for none."""

    name: str
    parameters: tuple[Parameter, ...]
    says: str
    since: int = 1
    removed: str = ""  # what to call instead, in words; not removed where it is empty

    @property
    def has_elements(self) -> bool:
        """Whether there is one for float32 and one for float64."""
        return any("T" in parameter.type for parameter in self.parameters)


@dataclass(frozen=True)
class Symbol:
    """One entry of the table."""

    name: str
    element: str  # "float", "double", or nothing
    function: Function

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The function's parameters, for this element type."""
        return tuple(replace(each, type=each.type.replace("T", self.element)) for each in self.function.parameters)


def _type_of(argument: Argument) -> str:
    if argument.role == "option":
        return OPTIONS.get(argument.name, "double")
    return "const T*" if argument.role == "input" else "T*"


def _of_contract(kernel: Kernel) -> Iterator[Parameter]:
    yield from (Parameter(argument.name, _type_of(argument)) for argument in kernel.arguments)
    yield from (Parameter(f"mean_{name}" if name == "loss" else name, "double*", True) for name in kernel.returns)
    used = {letter for argument in kernel.arguments for letter in argument.shape}
    yield from (Parameter(letter, "ptrdiff_t") for letter in "niop" if letter in used)


def _kernel(name: str, says: str, since: int = 1) -> Function:
    return Function(name, tuple(_of_contract(KERNELS[name])), says, since)


def _own(name: str, says: str, *parameters: tuple[str, str], since: int = 1) -> Function:
    return Function(name, tuple(Parameter(each, type_) for type_, each in parameters), says, since)


def _step(name: str, title: str, since: int = 1) -> Function:
    return _kernel(f"{name}_step", f"One step of {title}, in place.", since)


FUNCTIONS = (
    _own(
        "activation_of",
        "One of the library's activations with the defaults of its parameters; FASTNN_UNKNOWN for another code.",
        ("int", "code"),
        ("fastnn_activation*", "out"),
    ),
    _own(
        "loss_of",
        "One of the library's losses with its link and the default of its parameter; FASTNN_UNKNOWN for another code.",
        ("int", "code"),
        ("fastnn_loss*", "out"),
    ),
    _kernel("dense_forward", "out = activation(x @ w + b); b may be NULL."),
    _kernel("dense_backward_input", "out = d_z @ w.T: the gradient of a layer's inputs."),
    _kernel("dense_backward_params", "d_w = x.T @ d_z, and d_b the sums of d_z's columns."),
    _kernel("activation_forward", "out = activation(z)."),
    _kernel("activation_backward", "out = d_a * slope, where a = activation(z); of softmax d_a times the Jacobian."),
    _own(
        "activation_tile",
        "a = activation(z) of a few numbers, and their slopes unless slope is NULL; of softmax and log_softmax one row "
        "of count numbers, which has no slope. z and a may be the same memory. A call takes a few nanoseconds.",
        ("const fastnn_activation*", "activation"),
        ("const T*", "z"),
        ("T*", "a"),
        ("T*", "slope"),
        ("ptrdiff_t", "count"),
    ),
    _kernel("link", "out = what z predicts under the loss, of which only the link is read."),
    _kernel(
        "loss_and_gradient",
        "The mean loss of z, and d_z its gradient. sample_weight (n) may be NULL; where all are zero, both are zero.",
    ),
    _step("sgd", "SGD with momentum"),
    _step("adam", "Adam"),
    _step("rmsprop", "RMSprop"),
    _step("adagrad", "Adagrad"),
    _step("adamw", "AdamW"),
    _step("nadam", "NAdam"),
    _step("adamax", "Adamax"),
    _step("adadelta", "Adadelta"),
    _step("lion", "Lion"),
    _kernel("clip_by_value", "Every number of d_params within [-limit, limit], in place."),
    _kernel("clip_by_norm", "d_params scaled down to a Euclidean norm of at most limit, in place; norm: that before."),
    _kernel("ema_step", "average = decay * average + (1 - decay) * params."),
    _kernel("dropout", "out = x / (1 - rate) where the mask of (seed, step, layer, row, column) keeps it, else 0."),
    _own(
        "network_forward",
        "out = the last layer's activation of n rows, or what that predicts under a loss that is not NULL. Where pairs "
        "is not 0, a network of one output writes two columns before the link: its negative and itself, the classes of "
        "a sigmoid neuron. params is one vector: of every layer w, row by row, and then b if it has one.",
        ("const fastnn_network*", "network"),
        ("const T*", "params"),
        ("const T*", "x"),
        ("const fastnn_loss*", "loss"),
        ("int", "pairs"),
        ("T*", "out"),
        ("ptrdiff_t", "n"),
    ),
    _own(
        "predict",
        "out = what a frozen predictor answers for n rows: (n, its n_outputs); a class comes as its number. In Python "
        "fastnn.compile_predict makes it, and its `address` has this function and the handle, which lives as long as "
        "the Python object does.",
        ("const void*", "predictor"),
        ("const T*", "x"),
        ("T*", "out"),
        ("ptrdiff_t", "n"),
        since=2,
    ),
)


def symbols() -> tuple[Symbol, ...]:
    """The table's entries in their order: of each function that for float32 and then that for float64."""
    elements = {"float": "_float32", "double": "_float64"}
    return tuple(
        Symbol(f"{function.name}{suffix}", element, function)
        for function in FUNCTIONS
        for element, suffix in (elements.items() if function.has_elements else [("", "")])
    )
