# The passes of logistic regression, over dense rows, compressed sparse rows and compressed sparse columns.

# Multiply-adds that a sigmoid or one output of a softmax costs.
cdef double LINK_WORK = 40.0
# Passes that a pass seldom comes without: together they pay for waking a worker.
cdef double PASSES_OF_A_FIT = 8.0
# Below this a pass may wait longer for the other core than it computes: while another library's threads still spin, a
# fit on the digits took 14 instead of 6 ms with two threads, and takes 8 with one.
cdef double PASS_TO_TRY = 1e7
# Sums of second derivatives that every slot of rows keeps; larger Hessians are made apart, by columns.
cdef double FUSED_SUMS = 66000.0


# Rows of a block of a CSC matrix: so many that a column has some elements in it (a pass over 20,000 x 20,000 with 0.3 %
# stored takes 12 ms with 12 of them, 2.9 ms with 24, 2.0 ms with all), but no fewer than this.
cdef double ELEMENTS_OF_CELL = 24.0
cdef Py_ssize_t LEAST_CUT = 256


ctypedef fused Index:
    int32_t
    int64_t


@cython.auto_pickle(False)
cdef class SparseMatrix:
    """What rows and columns have in common: arrays that are kept, and the kernels' view of them."""
    cdef object values, indices, starts
    cdef Features view
    cdef int kind
    cdef readonly tuple shape

    cdef int read(self, object x, str form) except -1:
        cdef cnp.ndarray values = x.data
        cdef cnp.ndarray indices = x.indices
        cdef cnp.ndarray starts = x.indptr
        cdef int index_type = cnp.PyArray_TYPE(starts)
        self.shape = tuple(x.shape)
        self.kind = kind_of(values)
        self.view.n, self.view.i = self.shape
        cdef Py_ssize_t count = self.view.n if form == "csr" else self.view.i
        self.view.values = input_1d(values, "data", self.kind, -1)
        if (x.format != form or index_type not in (cnp.NPY_INT32, cnp.NPY_INT64)
                or cnp.PyArray_TYPE(indices) != index_type
                or not is_plain(indices, cnp.NPY_ARRAY_CARRAY_RO) or not is_plain(starts, cnp.NPY_ARRAY_CARRAY_RO)
                or cnp.PyArray_NDIM(starts) != 1 or cnp.PyArray_DIM(starts, 0) != count + 1):
            raise ValueError(f"a sparse matrix has format {x.format!r} and indices of {indices.dtype}; "
                             f"wanted {form.upper()} with indices of int32 or int64")
        self.view.indices, self.view.starts = cnp.PyArray_DATA(indices), cnp.PyArray_DATA(starts)
        self.view.has_long_indices = index_type == cnp.NPY_INT64
        self.view.stride, self.view.cells = 0, NULL
        self.values, self.indices, self.starts = values, indices, starts
        stored = starts[count]
        if starts[0] != 0 or stored > min(len(indices), len(values)) or not (starts[1:] >= starts[:count]).all():
            self.refuse()
        self.view.stored = stored
        return 0

    cdef int refuse(self) except -1:
        raise ValueError(f"a sparse matrix of shape {self.shape} has indices that point outside of it")


@cython.auto_pickle(False)
cdef class SparseRows(SparseMatrix):
    """A CSR matrix that has been checked: kernels may follow its indices."""
    cdef Py_ssize_t longest  # entries of the longest row
    cdef cnp.ndarray counts  # of stored elements by column, where somebody has asked

    def __init__(self, object x not None):
        self.read(x, "csr")
        columns = self.indices[:self.view.stored]
        if len(columns) and (columns.min() < 0 or columns.max() >= self.view.i):
            self.refuse()
        self.longest = int(np.diff(self.starts).max(initial=0))


@cython.auto_pickle(False)
cdef class SparseColumns(SparseMatrix):
    """A CSC matrix that has been checked, and where blocks of rows begin in each column; for logistic passes."""
    cdef object cells

    def __init__(self, object x not None):
        if not x.has_sorted_indices:
            x = x.sorted_indices()
        self.read(x, "csc")
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
    if isinstance(x, SparseMatrix):
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
    if isinstance(x, (np.ndarray, SparseMatrix)):
        return x
    return SparseColumns(x) if x.format == "csc" else SparseRows(x)


cdef int read_params(LogisticPass[float]* g, cnp.ndarray params, Py_ssize_t outputs) except -1:
    g.params = <double*>input_1d(params, "params", 1, -1)
    g.o = outputs
    cdef Py_ssize_t size = cnp.PyArray_DIM(params, 0)
    g.has_bias = size != g.x.i * outputs
    if outputs < 1 or (g.has_bias and size != (g.x.i + 1) * outputs):
        raise ValueError(f"params has {size} elements, wanted {g.x.i * outputs} or {(g.x.i + 1) * outputs}: "
                         f"for {g.x.i} features and {outputs} output(s)")
    return 0


cdef int read_labels(LogisticPass[float]* g, cnp.ndarray y) except -1:
    cdef Py_ssize_t r
    cdef int32_t low = 0, high = 0
    if (cnp.PyArray_NDIM(y) != 1 or cnp.PyArray_TYPE(y) != cnp.NPY_INT32
            or not is_plain(y, cnp.NPY_ARRAY_CARRAY_RO) or cnp.PyArray_DIM(y, 0) != g.x.n):
        raise ValueError(f"y has shape {(<object>y).shape} and dtype {y.dtype}; wanted ({g.x.n},) of int32")
    g.y = <const int32_t*>cnp.PyArray_DATA(y)
    if g.o == 1:
        return 0  # a row is of class 1 or it is not
    for r in range(g.x.n):
        low, high = min(low, g.y[r]), max(high, g.y[r])
    if low < 0 or high >= g.o:
        raise ValueError(f"y has classes from {low} to {high}, wanted 0 to {g.o - 1}")
    return 0


cdef int run_pass(LogisticPass[float]* g, int kind, Py_ssize_t n_threads) except -1:
    cdef double pairs = g.o * (g.o + 1) / 2.0 if g.hessian != NULL else 0.0
    cdef double filled = <double>g.x.stored / max(g.x.n, 1)
    cdef double work = g.x.stored * (4.0 * g.o + pairs * filled) + LINK_WORK * g.x.n * g.o
    cdef int team = team_for(work, PASSES_OF_A_FIT * work, n_threads)
    cdef Trial* trial = NULL
    if team > 1 and work < PASS_TO_TRY:
        trial = trial_of(work, team)
        team = quicker_team(trial)
    cdef double started = fastnn_seconds()
    cdef int members
    g.workspace = need_scratch(kernels.logistic_workspace[kind](g, team))
    if work < WORK_WITH_GIL:
        kernels.logistic_prepare[kind](g)
        kernels.logistic_rows[kind](g, 0, 1)
        kernels.logistic_sums[kind](g, 0, 1)
        kernels.logistic_finish[kind](g)
        return 0
    with nogil:
        kernels.logistic_prepare[kind](g)
        members = run_repeatedly(kernels.logistic_rows[kind], g, team)
        run_shares(team, <TeamFunction>kernels.logistic_sums[kind], g)
        kernels.logistic_finish[kind](g)
    release_large_scratch()
    if trial != NULL and members == team:
        book_trial(trial, team, fastnn_seconds() - started)
    return 0


def logistic_gradient(object x not None, cnp.ndarray y not None, cnp.ndarray sample_weight,
                      cnp.ndarray params not None, Py_ssize_t outputs, cnp.ndarray d_params not None,
                      cnp.ndarray state, cnp.ndarray diagonal, cnp.ndarray hessian, Py_ssize_t n_threads=0):
    """The weighted sum of cross-entropies; d_params its gradient, the others second derivatives."""
    cdef LogisticPass[float] g
    x = as_read(x)
    cdef int kind = read_features(&g.x, x)
    read_params(&g, params, outputs)
    read_labels(&g, y)
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.x.n)
    cdef Py_ssize_t p = cnp.PyArray_DIM(params, 0)
    g.d_params = <double*>output_1d(d_params, "d_params", 1, p)
    cdef bint fused = hessian is not None and outputs * (outputs + 1) / 2.0 * (g.x.i + 1) * (g.x.i + 1) <= FUSED_SUMS
    if hessian is not None and not fused and state is None:
        state = np.empty((g.x.n, outputs), np.float64 if kind else np.float32)
    no_outputs(&g)
    if state is not None:
        g.state = <float*>output_2d(state, "state", kind, g.x.n, outputs)
    if diagonal is not None:
        g.diagonal = <double*>output_1d(diagonal, "diagonal", 1, p)
    if hessian is not None:
        g.hessian = <double*>output_2d(hessian, "hessian", 1, p, p)
    separate_outputs((d_params, state, diagonal, hessian), (x, y, sample_weight, params))
    if not fused:
        g.hessian = NULL
    run_pass(&g, kind, n_threads)
    if hessian is not None and not fused:
        fill_hessian(x, sample_weight, state, g.has_bias, hessian, n_threads)
    return g.loss


cdef void no_outputs(LogisticPass[float]* g) noexcept:
    g.state = NULL
    g.diagonal = NULL
    g.hessian = NULL


cdef int separate_outputs(tuple outputs, tuple inputs) except -1:
    cdef Py_ssize_t k
    for k in range(len(outputs)):
        for other in outputs[k + 1:] + inputs:
            if outputs[k] is not None and isinstance(other, np.ndarray) and np.may_share_memory(outputs[k], other):
                raise ValueError("an output overlaps an input or another output in memory")
    return 0


cdef int fill_hessian(object x, object sample_weight, object state, bint has_bias, object hessian,
                      Py_ssize_t n_threads) except -1:
    """A weighted Gram matrix for every two outputs, by the second derivative of the loss by both."""
    cdef Py_ssize_t o = state.shape[1], k, m
    if o == 1:
        weighted_gram(x, np.ravel(state), hessian, n_threads)
        return 0
    cdef Py_ssize_t columns = x.shape[1] + has_bias
    blocks = hessian.reshape(columns, o, columns, o)
    block = np.empty((columns, columns))
    for k in range(o):
        for m in range(k, o):
            weight = state[:, k] * ((k == m) - state[:, m])
            if sample_weight is not None:
                weight *= sample_weight
            weighted_gram(x, weight, block, n_threads)
            blocks[:, k, :, m] = blocks[:, m, :, k] = block
    return 0


def logistic_product(object x not None, cnp.ndarray sample_weight, cnp.ndarray state not None,
                     cnp.ndarray vector not None, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = the Hessian where logistic_gradient wrote state, times vector."""
    cdef LogisticPass[float] g
    x = as_read(x)
    cdef int kind = read_features(&g.x, x)
    no_outputs(&g)
    g.state = <float*>input_2d(state, "state", kind, g.x.n, -1)
    read_params(&g, vector, cnp.PyArray_DIM(state, 1))
    g.y = NULL
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.x.n)
    g.d_params = <double*>output_1d(out, "out", 1, cnp.PyArray_DIM(vector, 0))
    separate_outputs((out,), (x, state, vector, sample_weight))
    run_pass(&g, kind, n_threads)


def weighted_gram(object x not None, cnp.ndarray weight not None, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = x.T @ diag(weight) @ x; where out is one larger, x has a last column of ones."""
    cdef WeightedGram[float] g
    x = as_read(x)
    cdef int kind = read_features(&g.x, x)
    g.weight = <float*>input_1d(weight, "weight", kind, g.x.n)
    cdef Py_ssize_t m = cnp.PyArray_DIM(out, 0) if cnp.PyArray_NDIM(out) == 2 else g.x.i
    g.has_ones = m == g.x.i + 1
    m = g.x.i + g.has_ones
    g.out = <double*>output_2d(out, "out", 1, m, m)
    separate_outputs((out,), (x, weight))
    out.fill(0)
    cdef double work = <double>g.x.stored * g.x.stored / max(g.x.n, 1)
    cdef int team = team_for(work, work, n_threads)
    g.packed = <float*>need_scratch(team * kernels.gram_scratch[kind](&g) * (8 if kind else 4))
    with nogil:
        run_repeatedly(kernels.gram_columns[kind], &g, team)
        run_shares(team, <TeamFunction>kernels.gram_mirror[kind], &g)
