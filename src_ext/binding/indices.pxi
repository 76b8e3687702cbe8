# What kernels follow as an index: copies, made and checked in one pass (runtime/indices.hpp), since the caller's arrays
# may change meanwhile.

cdef Py_ssize_t MOST_ROWS = 0x7fffffff  # numbers of rows are int32 where columns list them

ctypedef fused Index:
    int32_t
    int64_t


cdef bint is_index(cnp.ndarray a) except -1:
    """Whether a is one plain dimension of int32 or int64."""
    if a is None:
        raise TypeError("an array of indices is None, wanted one of int32 or int64")
    return (cnp.PyArray_NDIM(a) == 1 and cnp.PyArray_TYPE(a) in (cnp.NPY_INT32, cnp.NPY_INT64)
            and is_plain(a, cnp.NPY_ARRAY_CARRAY_RO))


cdef bint take_indices(cnp.ndarray given, cnp.ndarray own, Py_ssize_t first, Py_ssize_t limit) except -1:
    """own = the given ones from `first` on; whether all are in 0 .. limit - 1, which the type of `own` holds."""
    cdef Py_ssize_t count = cnp.PyArray_DIM(own, 0) - first
    cdef void* to = <char*>cnp.PyArray_DATA(own) + first * cnp.PyArray_ITEMSIZE(own)
    cdef const void* source = <char*>cnp.PyArray_DATA(given) + first * cnp.PyArray_ITEMSIZE(given)
    cdef bint is_long = cnp.PyArray_TYPE(given) == cnp.NPY_INT64, becomes_long = cnp.PyArray_TYPE(own) == cnp.NPY_INT64
    cdef bint right
    with nogil:
        if is_long and becomes_long:
            right = copy_indices(<const int64_t*>source, <int64_t*>to, count, limit)
        elif is_long:
            right = copy_indices(<const int64_t*>source, <int32_t*>to, count, limit)
        elif becomes_long:
            right = copy_indices(<const int32_t*>source, <int64_t*>to, count, limit)
        else:
            right = copy_indices(<const int32_t*>source, <int32_t*>to, count, limit)
    return right


cdef Py_ssize_t take_starts(cnp.ndarray given, cnp.ndarray own, Py_ssize_t stored) noexcept:
    """own = the given starts; the longest row or column, or -1 where they are no starts of `stored` elements."""
    cdef void* to = cnp.PyArray_DATA(own)
    cdef const void* source = cnp.PyArray_DATA(given)
    cdef Py_ssize_t count = cnp.PyArray_DIM(own, 0) - 1
    cdef bint is_long = cnp.PyArray_TYPE(given) == cnp.NPY_INT64, becomes_long = cnp.PyArray_TYPE(own) == cnp.NPY_INT64
    if is_long and becomes_long:
        return copy_starts(<const int64_t*>source, <int64_t*>to, count, stored)
    if becomes_long:
        return copy_starts(<const int32_t*>source, <int64_t*>to, count, stored)
    return copy_starts(<const int32_t*>source, <int32_t*>to, count, stored)


cdef const int64_t* copy_order(cnp.ndarray order, int64_t* own, Py_ssize_t rows) except? NULL:
    """The rows to visit, all of which there are."""
    cdef Py_ssize_t k, count = cnp.PyArray_DIM(order, 0)
    if not copy_indices(<const int64_t*>cnp.PyArray_DATA(order), own, count, rows):
        for k in range(count):
            if not 0 <= own[k] < rows:
                raise ValueError(f"order[{k}] = {own[k]} is not a row of x, which has {rows}")
    return own


cdef Py_ssize_t length_of_order(cnp.ndarray order) except -1:
    if (cnp.PyArray_NDIM(order) != 1 or cnp.PyArray_TYPE(order) != cnp.NPY_INT64
            or not is_plain(order, cnp.NPY_ARRAY_CARRAY_RO)):
        raise ValueError(f"order has shape {(<object>order).shape} and dtype {order.dtype}; "
                         f"wanted one dimension of int64")
    return cnp.PyArray_DIM(order, 0)
