"""The C interface as others compile against it: a C99 header, an extension, a program with Python inside, Cython."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import kernels
from fastnn.kernels import abi

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls the compilers of Linux")

PACKAGE = Path(fastnn.__file__).parent
STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic", "-I", fastnn.get_include())
PYTHON = ("-isystem", sysconfig.get_path("include"))  # whose headers are not as strict
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
LIBRARY = Path(sysconfig.get_config_var("LIBDIR") or ".") / (sysconfig.get_config_var("LDLIBRARY") or ".")


def call(folder: Path, *command: str | Path) -> str:
    """What a command prints that finds the package and what is in the folder; the test fails where it fails."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(PACKAGE.parent)])}
    words = [str(word) for word in command]
    answer = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environ)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def python(folder: Path, code: str) -> str:
    return call(folder, sys.executable, "-c", code)


def numbers(text: str) -> np.ndarray:
    return np.array([float.fromhex(word) for word in text.split()])


# --- the header ---------------------------------------------------------------------------------

ALONE = """
#include "fastnn.h"
#define STRING(x) #x
int main(void) { return fastnn_attach(&(fastnn_api){FASTNN_ABI_VERSION, sizeof(fastnn_api), "", 0}) ? 0 : 1; }
"""
IN_CPP = """
#include "fastnn.h"
int main() {
  fastnn_api table = {};
  table.version = FASTNN_ABI_VERSION - 1, table.size = sizeof table;
  return fastnn_attach(&table) == nullptr && FASTNN_ACTIVATION_RELU == 4 && FASTNN_OK == 0 ? 0 : 1;
}
"""


@pytest.mark.parametrize("standard", ["c99", "c11", "c17"])
def test_the_header_is_plain_c(tmp_path: Path, standard: str) -> None:
    zeros = ", ".join("0" * len(abi.symbols()))
    (tmp_path / "alone.c").write_text(ALONE.replace('"", 0', f'"", {zeros}'))
    call(tmp_path, "gcc", f"-std={standard}", *STRICT, "alone.c", "-o", "alone")
    call(tmp_path, "./alone")


@pytest.mark.parametrize("standard", ["c++11", "c++17", "c++20"])
def test_the_header_is_plain_cpp(tmp_path: Path, standard: str) -> None:
    (tmp_path / "alone.cpp").write_text(IN_CPP)
    call(tmp_path, "g++", f"-std={standard}", *STRICT, "alone.cpp", "-o", "alone")
    call(tmp_path, "./alone")


def test_a_file_that_only_includes_it_has_no_warning(tmp_path: Path) -> None:
    (tmp_path / "empty.c").write_text('#include <Python.h>\n#include "fastnn.h"\nint nothing;\n')
    call(tmp_path, "gcc", "-std=c99", *STRICT, *PYTHON, "-c", "empty.c")


# --- what is compiled against it ----------------------------------------------------------------

LAYER = """
#include <Python.h>
#include "fastnn.h"

/* A multiple of half the squared error. */
static void squares(const void* factor, const void* z, const void* y, void* losses, void* d_z, ptrdiff_t count) {
  ptrdiff_t k;
  for (k = 0; k < count; ++k) {
    const float r = ((const float*)z)[k] - ((const float*)y)[k];
    ((float*)losses)[k] = 0.5f * r * r * *(const float*)factor;
    ((float*)d_z)[k] = r * *(const float*)factor;
  }
}

/* Prints the outputs of a layer, the loss of these, and that of a function of its own. */
static int compute(void) {
  float x[6] = {0.5f, -1, 2, 0.25f, 3, -2}, w[6] = {1, -0.5f, 0.125f, 2, -1, 0.75f}, b[2] = {0.1f, -0.2f};
  float out[4], y[4] = {0, 1, 0.5f, -1}, d_z[4];
  double loss = 0;
  int k;
  fastnn_activation gelu;
  const float factor = 4;
  const fastnn_own_loss own = {squares, &factor};
  const fastnn_loss mine = {FASTNN_LOSS_OWN, FASTNN_LINK_IDENTITY, 0, &own};
  fastnn_loss huber;
  if (fastnn_activation_of(FASTNN_ACTIVATION_GELU, &gelu) || fastnn_loss_of(FASTNN_LOSS_HUBER, &huber)) return 1;
  if (fastnn_dense_forward_float32(x, w, b, &gelu, out, 2, 3, 2)) return 1;
  if (fastnn_loss_and_gradient_float32(out, y, NULL, &huber, d_z, &loss, 2, 2)) return 1;
  for (k = 0; k < 4; ++k) printf("%a %a ", (double)out[k], (double)d_z[k]);
  printf("%a ", loss);
  if (fastnn_loss_and_gradient_float32(out, y, NULL, &mine, d_z, &loss, 2, 2)) return 1;
  for (k = 0; k < 4; ++k) printf("%a ", (double)d_z[k]);
  printf("%a\\n", loss);
  fflush(stdout);
  return 0;
}
"""
EXTENSION = """
static PyObject* compute_here(PyObject* self, PyObject* nothing) {
  (void)self, (void)nothing;
  if (compute()) return PyErr_Format(PyExc_RuntimeError, "a status");
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"compute", compute_here, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "probe", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_probe(void) { return fastnn_import() ? PyModule_Create(&definition) : NULL; }
"""
PROGRAM = """
int main(void) {
  int failed;
  Py_Initialize();
  failed = fastnn_import() ? compute() : (PyErr_Print(), 2);
  Py_Finalize();
  return failed;
}
"""


def expected() -> np.ndarray:
    x = np.array([[0.5, -1, 2], [0.25, 3, -2]], np.float32)
    w = np.array([[1, -0.5], [0.125, 2], [-1, 0.75]], np.float32)
    out = kernels.dense_forward(x, w, np.array([0.1, -0.2], np.float32), "gelu")
    loss, d_z = kernels.loss_and_gradient(out, np.array([[0, 1], [0.5, -1]], np.float32), "huber")
    squares, of_squares = kernels.loss_and_gradient(out, np.array([[0, 1], [0.5, -1]], np.float32), "squared_error")
    parts = np.stack([out.ravel(), d_z.ravel()], axis=1).ravel(), loss, 4 * of_squares.ravel(), 4 * squares
    return np.hstack(parts)


def compile_extension(folder: Path, source: str) -> None:
    (folder / "probe.c").write_text(source)
    flags = ("-std=c99", "-shared", "-fPIC", *STRICT, *PYTHON, "-Wno-cast-function-type")
    call(folder, "gcc", *flags, "probe.c", "-o", f"probe{SUFFIX}")


def test_an_extension_module_gets_the_bits_of_kernels(tmp_path: Path) -> None:
    compile_extension(tmp_path, LAYER + EXTENSION)
    np.testing.assert_array_equal(numbers(python(tmp_path, "import probe; probe.compute()")), expected())


@pytest.mark.skipif(not LIBRARY.is_file(), reason="this Python has no library to link with")
def test_a_program_with_python_inside_gets_them_too(tmp_path: Path) -> None:
    (tmp_path / "program.c").write_text(LAYER + PROGRAM)
    version = sysconfig.get_config_var("LDVERSION")
    library = [f"-L{LIBRARY.parent}", f"-Wl,-rpath,{LIBRARY.parent}", f"-lpython{version}"]
    system = (sysconfig.get_config_var("LIBS") or "").split()
    call(tmp_path, "gcc", "-std=c99", *STRICT, *PYTHON, "program.c", *library, *system, "-o", "program")
    found = python(tmp_path, "import sys; print(sys.prefix, *[path for path in sys.path if path])").split()
    environ = {"PYTHONPATH": os.pathsep.join(found[1:])}
    answer = subprocess.run([tmp_path / "program"], capture_output=True, text=True, env=os.environ | environ)
    assert answer.returncode == 0, answer.stderr
    np.testing.assert_array_equal(numbers(answer.stdout), expected())


def test_an_older_fastnn_than_the_header_is_an_import_error(tmp_path: Path) -> None:
    newer = (Path(fastnn.get_include()) / "fastnn.h").read_text()
    newer = newer.replace(f"#define FASTNN_ABI_VERSION {abi.VERSION}", f"#define FASTNN_ABI_VERSION {abi.VERSION + 1}")
    (tmp_path / "fastnn.h").write_text(newer)
    compile_extension(tmp_path, LAYER + EXTENSION)  # which finds the one beside it
    told = python(tmp_path, "try:\n    import probe\nexcept ImportError as error:\n    print(error)")
    assert told.startswith(
        f"this module was compiled with version {abi.VERSION + 1} of fastnn's C interface, and fastnn "
    )
    assert told.endswith(f"has version {abi.VERSION}; install a newer fastnn\n")


def test_a_fastnn_without_the_interface_is_an_import_error(tmp_path: Path) -> None:
    compile_extension(tmp_path, LAYER + EXTENSION)
    older = "import sys, types; import fastnn; sys.modules['fastnn._core'] = types.ModuleType('fastnn._core')\n"
    told = python(tmp_path, f"{older}try:\n    import probe\nexcept ImportError as error:\n    print(error)")
    assert told == "fastnn, which is installed, has no C interface yet; install a newer fastnn\n"


# --- Cython -------------------------------------------------------------------------------------

PROBE = """
# cython: language_level=3
from fastnn cimport _core

def neuron(double x, double w, double b, int code):
    cdef double out = 0
    cdef _core.fastnn_activation activation
    with nogil:
        _core.activation_of(code, &activation)
        _core.dense_forward_float64(&x, &w, &b, &activation, &out, 1, 1, 1)
    return out.hex()

def loss_of_neuron(float z, float y):
    cdef float d_z = 0
    cdef double mean = 0
    cdef _core.fastnn_loss loss
    assert _core.loss_of(_core.FASTNN_LOSS_POISSON, &loss) == _core.FASTNN_OK
    _core.loss_and_gradient_float32(&z, &y, NULL, &loss, &d_z, &mean, 1, 1)
    return mean.hex() + " " + (<double>d_z).hex()

def answer(size_t handle, float[:, ::1] x, float[:, ::1] out):
    cdef int status
    with nogil:
        status = _core.predict_float32(<void*>handle, &x[0, 0], &out[0, 0], x.shape[0])
    return status
"""

ANSWERED = """
import numpy as np, fastnn, probe
x = np.float32([[0, 1], [2, 3], [1, 0]])
model = fastnn.LogisticRegression(solver="newton-cholesky").fit(x, [0, 1, 0])
p, out = fastnn.compile_predict(model), np.zeros((3, 2), np.float32)
print(probe.answer(p.address[1], x, out), (out == model.predict_proba(x)).all())
"""


def test_another_project_can_cimport_the_compiled_module(tmp_path: Path) -> None:
    (tmp_path / "probe.pyx").write_text(PROBE, encoding="utf-8")
    call(tmp_path, sys.executable, "-m", "cython", "--cplus", "-I", PACKAGE.parent, "probe.pyx")
    include = ("-I", fastnn.get_include(), *PYTHON)
    call(tmp_path, "g++", "-shared", "-fPIC", *include, "probe.cpp", "-o", f"probe{SUFFIX}")
    told = python(tmp_path, "import probe; print(probe.neuron(0.5, 2, -1.5, 2), probe.loss_of_neuron(0.5, 2))")
    one = kernels.dense_forward([[0.5]], [[2.0]], [-1.5], "tanh")
    loss, d_z = kernels.loss_and_gradient(np.float32([[0.5]]), np.float32([[2]]), "poisson")
    np.testing.assert_array_equal(numbers(told), [one.item(), loss, d_z.item()])
    told = python(tmp_path, ANSWERED)
    assert told.split() == ["0", "True"]


# --- predictors ---------------------------------------------------------------------------------

SERVER = """
#include <Python.h>
#include "fastnn.h"

/* serve(handle): three rows, one after the other and then together, by the table's function. */
static PyObject* serve(PyObject* self, PyObject* number) {
  const void* predictor = PyLong_AsVoidPtr(number);
  float x[6] = {0.5f, -1, 2, 0.25f, 3, -2}, out[12];
  int k;
  (void)self;
  for (k = 0; k < 3; ++k)
    if (fastnn_predict_float32(predictor, x + 2 * k, out + 2 * k, 1)) return PyErr_NoMemory();
  if (fastnn_predict_float32(predictor, x, out + 6, 3)) return PyErr_NoMemory();
  for (k = 0; k < 12; ++k) printf("%a ", (double)out[k]);
  fflush(stdout);
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"serve", serve, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "probe", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_probe(void) { return fastnn_import() ? PyModule_Create(&definition) : NULL; }
"""
SERVED = """
import numpy as np, fastnn, probe
model = fastnn.LogisticRegression(solver="newton-cholesky").fit(np.float32([[0, 1], [2, 3], [1, 0]]), [0, 1, 0])
p = fastnn.compile_predict(model)
probe.serve(p.address[1])
x = np.float32([[0.5, -1], [2, 0.25], [3, -2]])
print(*(float(number).hex() for number in np.tile(model.predict_proba(x).ravel(), 2)))
"""


def test_c_calls_a_predictor(tmp_path: Path) -> None:
    compile_extension(tmp_path, SERVER)
    told = numbers(python(tmp_path, SERVED)).reshape(2, 12)
    np.testing.assert_array_equal(told[0], told[1])


def test_the_header_is_where_the_package_says() -> None:
    assert os.listdir(fastnn.get_include()) == ["fastnn.h"]
