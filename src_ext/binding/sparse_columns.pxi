# Columns of compressed sparse rows, as coordinate descent reads them.

cdef Py_ssize_t ROWS_OF_PIECE = 1024  # between two looks for Ctrl-C

ctypedef fused Stored:
    float
    double


cdef void copy_columns(const Features* x, const int32_t* place, double* values, Index* columns, Index* starts,
                       Stored* unused=NULL) noexcept nogil:
    """The stored elements of columns that have a place, by rows. Writes one element beyond the last."""
    cdef const Stored* given = <const Stored*>x.values
    cdef const Index* x_starts = <const Index*>x.starts
    cdef const Index* x_columns = <const Index*>x.indices
    cdef Py_ssize_t r
    cdef Index k, end = 0
    cdef int32_t j
    starts[0] = 0
    for r in range(x.n):
        if r % ROWS_OF_PIECE == 0 and fastnn_interrupted():
            return
        for k in range(x_starts[r], x_starts[r + 1]):
            j = place[x_columns[k]]
            values[end] = given[k]  # whether it counts is not known in advance: no branch that would be guessed wrong
            columns[end] = j
            end += j >= 0
        starts[r + 1] = end


cdef void rows_to_columns(const double* values, const Index* columns, const Index* starts, Py_ssize_t n,
                          double* by_column, int32_t* rows, int64_t* ends) noexcept nogil:
    """From rows to columns by counting; ends (m,) come in as the columns' starts."""
    cdef Py_ssize_t r
    cdef Index k
    cdef int64_t at
    for r in range(n):
        if r % ROWS_OF_PIECE == 0 and fastnn_interrupted():
            return
        for k in range(starts[r], starts[r + 1]):
            at = ends[columns[k]]
            ends[columns[k]] = at + 1
            by_column[at] = values[k]
            rows[at] = <int32_t>r


cdef void fill_columns(const Features* x, int kind, const int32_t* place, double* values, Index* columns, Index* starts,
                       double* by_column, int32_t* rows, int64_t* ends) noexcept nogil:
    if kind:
        copy_columns[Index, double](x, place, values, columns, starts, NULL)
    else:
        copy_columns[Index, float](x, place, values, columns, starts, NULL)
    if by_column != NULL and not fastnn_interrupted():  # else columns are not complete
        rows_to_columns[Index](values, columns, starts, x.n, by_column, rows, ends)


cdef void count_columns(const Features* x, int64_t* counts, Index* unused=NULL) noexcept nogil:
    cdef const Index* columns = <const Index*>x.indices
    cdef Py_ssize_t k
    for k in range(x.stored):
        counts[columns[k]] += 1


cdef cnp.ndarray counts_of(SparseRows x):
    """Stored elements of every column, (i,) of int64; counted once."""
    with cython.critical_section(x):
        if x.counts is None:
            counts = np.zeros(x.view.i, np.int64)
            count_all(&x.view, <int64_t*>cnp.PyArray_DATA(<cnp.ndarray>counts))
            x.counts = counts
        return x.counts


cdef void count_all(const Features* x, int64_t* counts) noexcept:
    if x.has_long_indices:
        count_columns[int64_t](x, counts, NULL)
    else:
        count_columns[int32_t](x, counts, NULL)


def take_columns(object x not None, cnp.ndarray features not None, bint by_column=False):
    """Columns of a sparse matrix in float64, as (data, indices, indptr): by rows, and by columns or None.

    features (m,) are their numbers, each once.
    """
    cdef SparseRows given = x if isinstance(x, SparseRows) else SparseRows(x)
    features = np.array(features)  # what is counted below is what is written
    cdef Py_ssize_t m = len(features)
    cdef cnp.ndarray place = np.full(given.view.i, -1, np.int32)
    place[features] = np.arange(m, dtype=np.int32)
    if given.view.n > MOST_ROWS or np.count_nonzero(place >= 0) != m:
        raise ValueError(f"x has shape {given.shape} and features {m} numbers; wanted at most {MOST_ROWS} rows, and "
                         f"each feature once")
    cdef cnp.ndarray ends = np.zeros(m + 1, np.int64)
    np.cumsum(counts_of(given)[features], out=ends[1:])
    cdef Py_ssize_t size = ends[m]
    index = np.int64 if given.view.has_long_indices else np.int32
    cdef cnp.ndarray values = np.empty(size + 1), columns = np.empty(size + 1, index)
    cdef cnp.ndarray starts = np.empty(given.view.n + 1, index)
    cdef cnp.ndarray turned = np.empty(size if by_column else 0)
    cdef cnp.ndarray rows = np.empty(len(turned), np.int32), moving = ends.copy()
    cdef double* to = <double*>cnp.PyArray_DATA(turned) if by_column else NULL
    cdef const int32_t* at = <const int32_t*>cnp.PyArray_DATA(place)
    cdef double* v = <double*>cnp.PyArray_DATA(values)
    cdef void* c = cnp.PyArray_DATA(columns)
    cdef void* s = cnp.PyArray_DATA(starts)
    cdef int32_t* r = <int32_t*>cnp.PyArray_DATA(rows)
    cdef int64_t* e = <int64_t*>cnp.PyArray_DATA(moving)
    cdef Job job
    with nogil:
        begin_job(&job)
        if given.view.has_long_indices:
            fill_columns[int64_t](&given.view, given.kind, at, v, <int64_t*>c, <int64_t*>s, to, r, e)
        else:
            fill_columns[int32_t](&given.view, given.kind, at, v, <int32_t*>c, <int32_t*>s, to, r, e)
        end_job(&job)
    raise_if_stopped(job)
    return (values[:size], columns[:size], starts), ((turned, rows, ends) if by_column else None)
