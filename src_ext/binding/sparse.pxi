# X as kernels read it where it may be sparse.

# Rows of a block of a CSC matrix: so many that a column has some elements in it (a pass over 20,000 x 20,000 with 0.3 %
# stored takes 12 ms with 12 of them, 2.9 ms with 24, 2.0 ms with all), but no fewer than this.
cdef double ELEMENTS_OF_CELL = 24.0
cdef Py_ssize_t LEAST_CUT = 256


@cython.auto_pickle(False)
cdef class SparseMatrix:
    """What rows and columns have in common: the values, which are the caller's, and checked copies of the indices."""
    cdef cnp.ndarray values, indices, starts
    cdef Features view
    cdef int kind
    cdef Py_ssize_t longest  # elements of the longest row or column
    cdef readonly tuple shape

    def __cinit__(self, object x not None):
        self.read(sorted_by_row(x) if isinstance(self, SparseColumns) else x)

    cdef int read(self, object x) except -1:
        cdef cnp.ndarray values = x.data, indices = x.indices, starts = x.indptr
        cdef str form = "csc" if isinstance(self, SparseColumns) else "csr"
        self.shape = tuple(x.shape)
        self.view.n, self.view.i = self.shape
        cdef Py_ssize_t count = self.view.n if form == "csr" else self.view.i
        self.kind = kind_of(values)
        self.view.values = input_1d(values, "data", self.kind, -1)
        if (x.format != form or not is_index(starts) or not is_index(indices)
                or cnp.PyArray_TYPE(indices) != cnp.PyArray_TYPE(starts)):
            raise ValueError(f"a sparse matrix has format {x.format!r} and indices of {(<object>indices).dtype}; "
                             f"wanted {form.upper()} with indices of int32 or int64")
        if self.view.n < 0 or self.view.i < 0 or cnp.PyArray_DIM(starts, 0) != count + 1:
            self.refuse()
        self.values = values
        self.copy(indices, starts, count)
        return 0

    cdef int copy(self, cnp.ndarray indices, cnp.ndarray starts, Py_ssize_t count) except -1:
        cdef Py_ssize_t most = min(cnp.PyArray_DIM(indices, 0), cnp.PyArray_DIM(self.values, 0))
        self.view.has_long_indices = cnp.PyArray_TYPE(starts) == cnp.NPY_INT64
        index = np.int64 if self.view.has_long_indices else np.int32
        self.starts = np.empty(count + 1, index)
        self.longest = take_starts(starts, self.starts, most)
        if self.longest < 0 or self.starts[0] != 0:
            self.refuse()
        self.view.stored = self.starts[count]
        self.indices = np.empty(self.view.stored, index)
        if not take_indices(indices, self.indices, 0, self.view.n + self.view.i - count):
            self.refuse()
        self.view.indices, self.view.starts = cnp.PyArray_DATA(self.indices), cnp.PyArray_DATA(self.starts)
        self.view.stride, self.view.cells = 0, NULL
        return 0

    cdef int refuse(self) except -1:
        raise ValueError(f"a sparse matrix of shape {self.shape} has indices that point outside of it")


@cython.final
@cython.auto_pickle(False)
cdef class SparseRows(SparseMatrix):
    """A CSR matrix that has been checked: kernels may follow its indices."""
    cdef cnp.ndarray counts  # of stored elements by column, where somebody has asked


cdef object sorted_by_row(object x):
    return x if x.has_sorted_indices else x.sorted_indices()


@cython.final
@cython.auto_pickle(False)
cdef class SparseColumns(SparseMatrix):
    """A CSC matrix that has been checked, and where blocks of rows begin in each column; for logistic passes."""
    cdef cnp.ndarray cells

    def __cinit__(self, object x not None):
        cdef double rows = ELEMENTS_OF_CELL * self.view.i * self.view.n / max(self.view.stored, 1)
        cdef double most = max(LEAST_CUT, self.view.n / 2.0)  # two members of a team have work
        self.view.cut = (<Py_ssize_t>min(max(rows, LEAST_CUT), most) + 15) // 16 * 16
        blocks = (self.view.n + self.view.cut - 1) // self.view.cut
        self.cells = np.empty((blocks + 1, self.view.i), self.starts.dtype)
        cdef bint right
        if self.view.has_long_indices:
            right = find_cells[int64_t](&self.view, <int64_t*>cnp.PyArray_DATA(self.cells))
        else:
            right = find_cells[int32_t](&self.view, <int32_t*>cnp.PyArray_DATA(self.cells))
        if not right:
            self.refuse()
        self.view.cells = cnp.PyArray_DATA(self.cells)
        self.view.fullest_block = int(np.diff(self.cells.sum(axis=1, dtype=np.int64)).max(initial=0))


cdef bint find_cells(const Features* x, Index* cells) noexcept:
    """Fill cells (blocks + 1, i); False where a column's rows do not ascend from 0 to n - 1."""
    cdef const Index* starts = <const Index*>x.starts
    cdef const Index* rows = <const Index*>x.indices
    cdef Py_ssize_t j, block, blocks = (x.n + x.cut - 1) // x.cut, past
    cdef Index at, end, last
    for j in range(x.i):
        at, end, last = starts[j], starts[j + 1], 0
        cells[j] = at
        for block in range(blocks):
            past = min((block + 1) * x.cut, x.n)
            while at < end and last <= rows[at] < past:
                last = rows[at]
                at += 1
            cells[(block + 1) * x.i + j] = at
        if at != end:
            return False
    return True


cdef int read_features(Features* view, object x) except -1:
    """What x is, ndarray or SparseMatrix; returns its kind. The view is as long valid as x is."""
    cdef cnp.ndarray dense
    cdef Py_ssize_t item
    if isinstance(x, (SparseRows, SparseColumns)):
        view[0] = (<SparseMatrix>x).view
        return (<SparseMatrix>x).kind
    dense = x
    cdef int kind = kind_of(dense)
    item = 8 if kind else 4
    if (cnp.PyArray_NDIM(dense) != 2 or not is_plain(dense, cnp.NPY_ARRAY_ALIGNED)
            or (cnp.PyArray_DIM(dense, 1) > 1 and cnp.PyArray_STRIDE(dense, 1) != item)
            or (cnp.PyArray_DIM(dense, 0) > 1 and cnp.PyArray_STRIDE(dense, 0) % item != 0)):
        raise ValueError(f"x has shape {x.shape} and strides {x.strides}; wanted 2 dimensions with contiguous rows")
    view.values, view.indices, view.starts, view.cells = cnp.PyArray_DATA(dense), NULL, NULL, NULL
    view.n, view.i = cnp.PyArray_DIM(dense, 0), cnp.PyArray_DIM(dense, 1)
    view.stride = cnp.PyArray_STRIDE(dense, 0) // item
    view.stored = view.n * view.i
    view.has_long_indices = 0
    return kind


cdef object as_read(object x):
    if isinstance(x, (np.ndarray, SparseRows, SparseColumns)):
        return x
    return SparseColumns(x) if x.format == "csc" else SparseRows(x)
