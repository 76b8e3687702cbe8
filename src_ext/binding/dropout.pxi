# Masks of rows, functions of their numbers.

def dropout(cnp.ndarray x not None, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
            cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = x / (1 - rate) where the mask of (seed, step, layer, row, column) keeps it, else 0."""
    cdef Dropout[float] g
    cdef int kind = kind_of(x)
    if not 0 <= rate < 1:
        raise ValueError(f"rate={rate}, wanted a number in [0, 1)")
    g.x = <float*>input_2d(x, "x", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    apart(out, x)
    if is_nothing(out):
        return
    g.rate, g.seed, g.step, g.layer, g.first_row = rate, seed, step, layer, first_row
    run(kernels.dropout[kind], &g, 8.0 * g.n * g.o, n_threads)
