# The two loops of L-BFGS over rings of its last steps; float64 alone.

cdef int run_memory(TeamKernel kernel, cnp.ndarray steps, cnp.ndarray changes, cnp.ndarray curvatures,
                    Py_ssize_t newest, Py_ssize_t count, cnp.ndarray factors, cnp.ndarray vector) except -1:
    cdef LimitedMemory g
    g.vector = <double*>output_1d(vector, "vector", 1, -1)
    g.p = cnp.PyArray_DIM(vector, 0)
    g.steps = <double*>input_2d(steps, "steps", 1, -1, g.p)
    g.size = cnp.PyArray_DIM(steps, 0)
    g.changes = <double*>input_2d(changes, "changes", 1, g.size, g.p)
    g.curvatures = <double*>input_1d(curvatures, "curvatures", 1, g.size)
    g.factors = <double*>output_1d(factors, "factors", 1, g.size)
    if not (0 < count <= g.size and 0 <= newest < g.size):
        raise ValueError(f"newest={newest}, count={count} of {g.size} pairs; wanted 0 <= newest < {g.size} and "
                         f"0 < count <= {g.size}")
    for array in (steps, changes, curvatures, factors):
        apart(vector, array)
    g.newest, g.count = newest, count
    return run_released(kernel, &g, 1)


def memory_backward(cnp.ndarray steps not None, cnp.ndarray changes not None, cnp.ndarray curvatures not None,
                    Py_ssize_t newest, Py_ssize_t count, cnp.ndarray factors not None, cnp.ndarray vector not None):
    """vector (p,) without the last changes, by factors (size,) that are kept; before the metric."""
    run_memory(kernels.memory_backward, steps, changes, curvatures, newest, count, factors, vector)


def memory_forward(cnp.ndarray steps not None, cnp.ndarray changes not None, cnp.ndarray curvatures not None,
                   Py_ssize_t newest, Py_ssize_t count, cnp.ndarray factors not None, cnp.ndarray vector not None):
    """vector (p,) with the last steps, by the factors that memory_backward kept; after the metric."""
    run_memory(kernels.memory_forward, steps, changes, curvatures, newest, count, factors, vector)


def dot(cnp.ndarray a not None, cnp.ndarray b not None):
    """The inner product of two vectors (p,), summed in one order."""
    cdef double* first = <double*>input_1d(a, "a", 1, -1)
    return kernels.dot(first, <double*>input_1d(b, "b", 1, cnp.PyArray_DIM(a, 0)), cnp.PyArray_DIM(a, 0))
