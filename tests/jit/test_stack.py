"""What the code of a network keeps on the stack is known before it is compiled."""

from __future__ import annotations

import pytest
from llvmlite import ir

from fastnn import Dense, MLPClassifier, Network
from fastnn.jit.networks.emit_gradient import GradientEmitter
from fastnn.jit.networks.emit_outputs import OutputEmitter

pytestmark = [pytest.mark.jit, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]


def rows_on_stack(architecture, kind, write):
    """Bytes of the rows that the code reserves."""
    real = (ir.FloatType() if architecture.itemsize == 4 else ir.DoubleType()).as_pointer()
    arguments = [ir.IntType(8).as_pointer(), real, real]
    function = ir.Function(ir.Module(), ir.FunctionType(ir.VoidType(), arguments), "written")
    builder = ir.IRBuilder(function.append_basic_block())
    write(kind(builder, architecture, function.args[0]), *function.args[1:])
    builder.ret_void()
    reserved = [each for block in function.blocks for each in block.instructions if each.opname == "alloca"]
    counts = [each.operands[0].constant for each in reserved if each.align == 64]
    return sum(-(-count * architecture.itemsize // 64) * 64 for count in counts)


@pytest.mark.parametrize("name", ["relu", "tanh", "softmax", "log_softmax"])
@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy", "poisson"])
def test_no_more_than_is_said(name, loss, dtype):
    for widths in ((1, 1), (3, 17), (2, 17, 1, 9), (4, 300, 17)):
        layers = [Dense(width, name) for width in widths[1:]]
        net = Network(layers, widths[0], loss, dtype=dtype, random_state=0).jit()
        for kind, write in ((GradientEmitter, GradientEmitter.gradient), (OutputEmitter, OutputEmitter.outputs)):
            assert rows_on_stack(net.architecture, kind, write) <= net.architecture.stack_bytes
        assert rows_on_stack(net.architecture, GradientEmitter, GradientEmitter.gradient) > 0


def test_both_classes_of_one_output(rng):
    x = rng.normal(size=(40, 3))
    net = MLPClassifier((4,), max_iter=3, random_state=0).fit(x, x[:, 0] > 0).jit("predict_proba")
    assert rows_on_stack(net.architecture, GradientEmitter, GradientEmitter.gradient) <= net.architecture.stack_bytes


@pytest.mark.parametrize(
    ("widths", "fits"), [((19000,), True), ((20000,), False), ((16000, 1, 14000, 1), True), ((33000, 1), False)]
)
def test_what_is_too_much(widths, fits):
    model = Network([Dense(width, "tanh") for width in widths], 1, "binary_cross_entropy", random_state=0)
    if fits:
        assert model.jit("raw").architecture.stack_bytes <= 3 << 17
    else:
        with pytest.raises(
            ValueError, match=f"{sum(widths)} outputs together, too many for the stack.* jit takes 393216"
        ):
            model.jit("raw")
