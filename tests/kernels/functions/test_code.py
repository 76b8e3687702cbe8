"""What LLVM makes of users' functions: whole vectors, no calls, no branches but those of the loop."""

from __future__ import annotations

import math
import platform
import re
import subprocess
import sys

import numpy as np
import pytest
from compiled_tiles import run_activation
from llvmlite import binding as llvm

from fastnn.kernels.jit.functions import llvm_text, object_code, tile_text
from fastnn.kernels.jit.functions.graph import Graph
from fastnn.kernels.jit.functions.recording import recorded
from fastnn.kernels.jit.functions.tile_text import activation_text

pytestmark = pytest.mark.jit

FUNCTIONS = {
    "tanh": math.tanh,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "gelu": lambda z: 0.5 * z * (1 + math.erf(z / math.sqrt(2))),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "snake": lambda z: z + math.sin(z) ** 2,
    "powers": lambda z: abs(z) ** 1.7 + (1 + z * z) ** z,
    "steps": lambda z: z - math.floor(z) + round(z) * np.sign(z),
    "ifs": lambda z: z if z > 1 else 0.5 * z if z > 0 else 0.1 * z if z > -1 else -0.1,
}


def _text(function, dtype):
    graph = Graph(dtype)
    z = graph.argument("z")
    value, slope = recorded(graph, function, {"z": (z, graph.real(1.0))})
    return activation_text(value, graph.real(0.0) if slope is None else slope)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks at x86's instructions")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("cpu", "bits", "register"), [("haswell", 256, "%ymm"), ("skylake-avx512", 512, "%zmm")])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_whole_vectors_and_no_calls(name, cpu, bits, register, dtype, monkeypatch):
    monkeypatch.setattr(tile_text, "vector_bits", lambda: bits)
    code = object_code.assembly(_text(FUNCTIONS[name], dtype), cpu, "")
    for function in ("value", "both"):
        body = re.search(rf"^{function}:\n(.*?)^\.Lfunc_end", code, re.DOTALL | re.MULTILINE)
        assert body is not None
        lines = [line for line in body[1].splitlines() if line.startswith("\t") and not line.startswith("\t.")]
        instructions = [(*line.split(None, 1), "")[:2] for line in lines]
        called = [each[1] for each in instructions if each[0].startswith("call")]
        assert all(each.startswith(("fastnn_sin", "fastnn_cos")) for each in called)  # for angles that are large
        assert bool(called) == (name == "snake")
        kind = "ps" if dtype is np.float32 else "pd"
        names = [each[0] for each in instructions]
        scalar = kind[0].replace("p", "s") + kind[1]
        assert not [
            each for each in names if each.startswith("v") and each.endswith(scalar) and "broadcast" not in each
        ]
        whole = [each for each in instructions if each[0].endswith(kind) and register in each[1]]
        assert len(whole) > 4 or function == "value"
        branches = [each for each in names if each.startswith("j") and each != "jmp"]
        assert len(branches) <= 6  # of the loop, and one for large angles, however many ifs there are


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="compiles for x86")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("cpu", "features"), [("x86-64", {}), ("haswell", {"avx2": True, "fma": True})])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_older_machines(name, cpu, features, dtype, monkeypatch):
    """SSE2 has neither masks nor a product and a sum in one operation; AVX2 has them for half as many numbers."""
    monkeypatch.setattr(object_code, "_features", lambda: (cpu, features))
    z = np.linspace(-3, 3, 77).astype(dtype)
    a, slope = run_activation(FUNCTIONS[name], z)
    monkeypatch.undo()
    here, slope_here = run_activation(FUNCTIONS[name], z)
    tolerance = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(a, here, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(slope, slope_here, rtol=tolerance, atol=tolerance)


def test_a_product_and_a_sum_are_one_operation():
    graph = Graph(np.float32)
    z = graph.argument("z")
    value, slope = recorded(graph, lambda z: 2.0 * z + 1.0 - z * z, {"z": (z, graph.real(1.0))})
    assert slope is not None
    body = "\n".join(llvm_text.Writer(graph, 8).body([value]))
    assert body.count("fmuladd") == 2
    assert "fast" not in body
    assert "contract" not in body  # which LLVM would do in one place, and not in another


def test_equal_expressions_are_one():
    graph = Graph(np.float64)
    z = graph.argument("z")
    assert z + 1.0 is 1.0 + z
    assert z * 2.0 is 2.0 * z
    assert (z - 1.0) is not (1.0 - z)
    assert graph.real(0.0) is not graph.real(-0.0)
    minus = -z
    assert -minus is z
    assert z * 1.0 is z
    assert z + 0.0 is not z  # which makes 0 of -0


def test_a_large_function_is_one_object():
    text = _text(lambda z: sum(math.sin(k * z) for k in range(5)), np.float32)
    module = llvm.parse_assembly(f"{text}\nattributes #0 = {{ nounwind }}\nattributes #1 = {{ noinline }}\n")
    module.verify()
    assert [each.name for each in module.functions if not each.is_declaration and each.linkage.name == "external"] == [
        "fastnn_tile"
    ]


_USERS = """
import math
from numba import njit
{imports}
def users(z, n):
    total = 0.0
    for k in range(n):
        total = max(total, abs(math.exp(z) - z ** 2 // 3)) + math.sin(z * k) % 2.5
    return total

compiled = njit(users)
compiled(1.5, 3)
print(compiled.inspect_llvm(compiled.signatures[0]))
"""


def _llvm(imports):
    command = [sys.executable, "-c", _USERS.format(imports=imports)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_other_code_of_users_stays_what_it_is():
    """Importing and using what compiles users' functions registers nothing with Numba."""
    pytest.importorskip("numba")
    used = (
        "from fastnn.kernels.jit.functions.tiles import activation_tile_code\n"
        "activation_tile_code(lambda z: abs(math.exp(z)) ** 2 % 3, None, 'float32')"
    )
    assert _llvm(used) == _llvm("")
