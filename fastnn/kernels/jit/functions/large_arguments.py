"""sin, cos and tan of numbers that are too large for the reduction of `trigonometry`, by libm's functions.

Such a number is rare, so nothing is computed for it: a whole vector of results passes through a small
function that looks whether there is one. LLVM is told which function to call for vectors of which
length; a loop over sin is vectorised around these calls, which take a fifth of its time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from fastnn.kernels.jit.functions import trigonometry
from fastnn.kernels.jit.functions.expressions import Real

__all__ = ["cos", "cos_slope", "sin", "sin_slope", "tan", "tan_slope"]

BIT, PLACE = ir.IntType(1), ir.IntType(32)
VECTOR_BITS = (128, 256, 512)


def sin(x: Real) -> Real:
    return corrected("sin", x, trigonometry.sin(x))


def cos(x: Real) -> Real:
    return corrected("cos", x, trigonometry.cos(x))


def tan(x: Real) -> Real:
    return corrected("tan", x, trigonometry.tan(x))


def sin_slope(x: Real, value: Real) -> Real:
    return cos(x)


def cos_slope(x: Real, value: Real) -> Real:
    return -sin(x)


tan_slope = trigonometry.tan_slope


def corrected(name: str, x: Real, near: Real) -> Real:
    """`near`, or what libm's function gives where |x| is too large."""
    builder: Any = x.builder
    function, variants = _of_one(builder.module, name, x)
    called = builder.call(function, [x.value, near.value])
    set.add(called.attributes, f'"vector-function-abi-variant"="{variants}"')  # llvmlite has no list of such names
    return Real(x.builder, called)


def definition(name: str, bits: int, lanes: int) -> tuple[str, str]:
    """
    Give the correction for vectors as text, for code that is written in whole vectors from the start.

    Parameters
    ----------
    name : {"sin", "cos", "tan"}
        The function.
    bits : {32, 64}
        Of a number.
    lanes : int
        Numbers in a vector.

    Returns
    -------
    symbol : str
        Of the function (x, near).
    text : str
        The definitions and declarations that it needs, beside those of other names.
    """
    kind = ir.FloatType() if bits == 32 else ir.DoubleType()
    module = ir.Module()
    of_one = _branching(module, name, Real(ir.IRBuilder(), ir.Constant(kind, 0.0)))
    function = _of_vector(module, of_one, lanes, Real(ir.IRBuilder(), ir.Constant(kind, 0.0)))
    return function.name, "\n".join(str(each) for each in module.functions)


def _new(module: Any, symbol: str, kind: Any) -> tuple[Any, ir.IRBuilder]:
    """An empty function (x, near) of one number or of vectors."""
    function = ir.Function(module, ir.FunctionType(kind, [kind, kind]), symbol)
    function.linkage = (
        "linkonce_odr"  # an internal one would get another name, and lose its variants, where modules meet
    )
    function.args[0].name, function.args[1].name = "x", "near"
    for attribute in ("nounwind", "readnone"):
        function.attributes.add(attribute)
    return function, ir.IRBuilder(function.append_basic_block())


def _declared(module: Any, symbol: str, kind: Any) -> Any:
    """A function of libm."""
    return module.globals.get(symbol) or ir.Function(module, ir.FunctionType(kind, [kind]), symbol)


def _of_one(module: Any, name: str, like: Real) -> tuple[Any, str]:
    """The function of one number, and the names of those of vectors, as LLVM wants them."""
    symbol = f"fastnn_{name}_{like.value.type}"
    lanes = [bits // like.format.bits for bits in VECTOR_BITS]
    variants = ",".join(f"_ZGV_LLVM_N{count}vv_{symbol}({symbol}_{count})" for count in lanes)
    if symbol not in module.globals:
        function = _branching(module, name, like)
        _keep(module, [_of_vector(module, function, count, like) for count in lanes])
    return module.globals[symbol], variants


def _branching(module: Any, name: str, like: Real) -> Any:
    """The function of one number."""
    kind, form = like.value.type, like.format
    function, builder = _new(module, f"fastnn_{name}_{kind}", kind)
    function.attributes.add("noinline")  # a loop is to be vectorised around its call
    x, near = function.args
    libm = _declared(module, name if form.bits == 64 else f"{name}f", kind)
    with builder.if_then((abs(Real(builder, x)) > form.largest_angle).value):
        builder.ret(builder.call(libm, [x]))
    builder.ret(near)
    return function


def _of_vector(module: Any, of_one: Any, lanes: int, like: Real) -> Any:
    """The function of so many numbers: it looks at all of them at once, and takes each alone where one is large."""
    kind, form = ir.VectorType(like.value.type, lanes), like.format
    function, builder = _new(module, f"{of_one.name}_{lanes}", kind)
    x, near = function.args
    bits = builder.bitcast(x, ir.VectorType(ir.IntType(form.bits), lanes))
    without_sign = builder.and_(bits, ir.Constant(bits.type, [(1 << (form.bits - 1)) - 1] * lanes))
    size = builder.bitcast(without_sign, kind)
    large = builder.fcmp_ordered(">", size, ir.Constant(kind, [form.largest_angle] * lanes))
    mask = builder.bitcast(large, ir.IntType(lanes))
    with builder.if_then(builder.icmp_unsigned("!=", mask, ir.Constant(mask.type, 0))):
        found = near
        for lane in range(lanes):
            place = ir.Constant(PLACE, lane)
            operands = [builder.extract_element(each, place) for each in (x, near)]
            found = builder.insert_element(found, builder.call(of_one, operands), place)
        builder.ret(found)
    builder.ret(near)
    return function


def _keep(module: Any, functions: list[Any]) -> None:
    """Nothing calls these until loops are vectorised; LLVM is not to drop them before."""
    pointer, name = ir.IntType(8).as_pointer(), "llvm.compiler.used"
    listed = module.globals.get(name) or ir.GlobalVariable(module, ir.ArrayType(pointer, 0), name)
    before = listed.initializer.constant if listed.initializer else []
    kept = [*before, *(function.bitcast(pointer) for function in functions)]
    array = ir.ArrayType(pointer, len(kept))
    listed.value_type, listed.type, listed.initializer = array, array.as_pointer(), ir.Constant(array, kept)
    listed.linkage, listed.section = "appending", "llvm.metadata"
