# What every binding needs: the table of kernels in use, codes of names, and checks of arrays.

cdef const Kernels* kernels = NULL


cdef dict _available():
    """The tables that can run here by name, the lowest instruction set first."""
    cdef const Kernels* table
    found = {}
    for level in range(level_count):
        table = kernels_of(level)
        if table != NULL:
            found[table.name.decode()] = <size_t>table
    return found


def _choose_kernels():
    """Take the highest instruction set, or the one that FASTNN_SIMD names; ImportError where it cannot run."""
    global kernels
    available = _available()
    wanted = os.environ.get("FASTNN_SIMD", "").strip().lower() or max(available, key=list(available).index)
    if wanted not in available:
        raise ImportError(
            f"FASTNN_SIMD={wanted!r} cannot run here: this build and processor offer {', '.join(available)}. "
            f"Unset FASTNN_SIMD to take the fastest."
        )
    kernels = <const Kernels*><size_t>available[wanted]


_choose_kernels()


# 0 for float32, 1 for float64.
cdef inline int kind_of(cnp.ndarray a) except -1:
    if a is None:
        raise TypeError("an array is None, wanted one of float32 or float64")
    cdef int number = cnp.PyArray_TYPE(a)
    if number == cnp.NPY_FLOAT32:
        return 0
    if number == cnp.NPY_FLOAT64:
        return 1
    raise TypeError(f"an array has dtype {(<object>a).dtype}, wanted float32 or float64")


cdef inline bint is_plain(cnp.ndarray a, int flags) noexcept:
    return cnp.PyArray_CHKFLAGS(a, flags) and cnp.PyArray_ISNOTSWAPPED(a)


cdef object refuse(cnp.ndarray a, str name, int kind, int ndim):
    if a is None:
        raise TypeError(f"{name} is None, wanted an array")
    wanted = "float32" if kind == 0 else "float64"
    state = "" if is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) else ", not plain C-contiguous memory"
    state += "" if cnp.PyArray_ISWRITEABLE(a) else ", read-only"
    raise ValueError(f"{name} has shape {(<object>a).shape} and dtype {(<object>a).dtype}{state}; "
                     f"wanted {ndim} dimension(s) of {wanted} that fit the other arrays")


# An input: right type and dimensions, C-contiguous, aligned, native byte order. -1 as a size means any.
cdef inline void* input_1d(cnp.ndarray a, str name, int kind, Py_ssize_t size) except? NULL:
    if (a is None or cnp.PyArray_NDIM(a) != 1 or cnp.PyArray_TYPE(a) != (cnp.NPY_FLOAT64 if kind else cnp.NPY_FLOAT32)
            or not is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) or (size >= 0 and cnp.PyArray_DIM(a, 0) != size)):
        refuse(a, name, kind, 1)
    return cnp.PyArray_DATA(a)


cdef inline void* input_2d(cnp.ndarray a, str name, int kind, Py_ssize_t rows, Py_ssize_t columns) except? NULL:
    if (a is None or cnp.PyArray_NDIM(a) != 2 or cnp.PyArray_TYPE(a) != (cnp.NPY_FLOAT64 if kind else cnp.NPY_FLOAT32)
            or not is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) or (rows >= 0 and cnp.PyArray_DIM(a, 0) != rows)
            or (columns >= 0 and cnp.PyArray_DIM(a, 1) != columns)):
        refuse(a, name, kind, 2)
    return cnp.PyArray_DATA(a)


cdef inline void* output_1d(cnp.ndarray a, str name, int kind, Py_ssize_t size) except? NULL:
    if a is None or not cnp.PyArray_ISWRITEABLE(a):
        refuse(a, name, kind, 1)
    return input_1d(a, name, kind, size)


cdef inline void* output_2d(cnp.ndarray a, str name, int kind, Py_ssize_t rows, Py_ssize_t columns) except? NULL:
    if a is None or not cnp.PyArray_ISWRITEABLE(a):
        refuse(a, name, kind, 2)
    return input_2d(a, name, kind, rows, columns)


# Whether there is nothing to write. Kernels would go through the rows or columns of what has no elements, which may be
# more than a lifetime allows.
cdef inline bint is_nothing(cnp.ndarray out) noexcept:
    return cnp.PyArray_SIZE(out) == 0


# Both are contiguous, so their memory overlaps exactly where their address ranges do.
cdef inline int apart(cnp.ndarray out, cnp.ndarray a) except -1:
    cdef char* first = <char*>cnp.PyArray_DATA(out)
    cdef char* second = <char*>cnp.PyArray_DATA(a)
    if first < second + cnp.PyArray_NBYTES(a) and second < first + cnp.PyArray_NBYTES(out):
        raise ValueError("an output overlaps an input or another output in memory")
    return 0
