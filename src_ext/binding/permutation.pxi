# The order of an epoch's rows.

def permutation(uint64_t seed, uint64_t epoch, cnp.ndarray out not None):
    """Fill `out` (n,) int64 with the epoch's order of rows: Fisher-Yates over a counter-based generator."""
    if (cnp.PyArray_NDIM(out) != 1 or cnp.PyArray_TYPE(out) != cnp.NPY_INT64
            or not is_plain(out, cnp.NPY_ARRAY_CARRAY) or cnp.PyArray_DIM(out, 0) >= 1 << 32):
        raise ValueError(f"out has shape {(<object>out).shape} and dtype {out.dtype}; "
                         f"wanted one writable dimension of int64")
    cdef int64_t* order = <int64_t*>cnp.PyArray_DATA(out)
    cdef Py_ssize_t n = cnp.PyArray_DIM(out, 0)
    cdef Job job
    with nogil:
        begin_job(&job)
        fill_permutation(seed, epoch, order, n)
        end_job(&job)
    raise_if_stopped(job)
