# Losses and links.

LOSS_CODES = {kListedLosses[code].name.decode(): code for code in range(kLossCount)}
LINK_CODES = {kLinkNames[code].decode(): code for code in range(kLinkCount)}


@cython.final
@cython.auto_pickle(False)
cdef class NativeLoss:
    """A user's own loss, compiled for one dtype, as the kernels take it.

    `tile` is the address of a LossTile of contract/losses.hpp, `run` that of a LossRun of the same loss or 0,
    `parameters` is handed on to both, and `owner` keeps all in memory. Nothing can check an address, so only compilers
    make these.
    """
    cdef UserLoss loss
    cdef object owner
    cdef int kind, link

    def __cinit__(self, size_t tile, object dtype, str link="identity", object owner=None, size_t parameters=0,
                  size_t run=0):
        if tile == 0:
            raise ValueError("tile=0, wanted the address of a compiled function")
        self.loss.tile, self.loss.parameters, self.loss.run = <LossTile>tile, <const void*>parameters, <LossRun>run
        self.kind, self.link = np.dtype(dtype) == np.float64, LINK_CODES[link]
        self.owner = owner


cdef object compiled_loss = None


# A user's own loss, compiled for the dtype.
cdef NativeLoss compile_users_loss(object loss, int kind):
    global compiled_loss
    if compiled_loss is None:
        from fastnn.kernels.users.compiled import compiled_loss as function
        compiled_loss = function
    compiled = compiled_loss(loss, np.float64 if kind else np.float32)
    if type(compiled) is not NativeLoss or (<NativeLoss>compiled).kind != kind:
        raise TypeError(f"loss {loss!r} has been compiled to {compiled!r}, wanted a NativeLoss of the arrays' dtype")
    return compiled


cdef struct LossNumbers:
    int code, link
    const UserLoss* users  # NULL for the library's
    double parameter


cdef int read_listed_code(object loss, Py_ssize_t code) except -1:
    if not 0 <= code < kLossCount:
        raise ValueError(f"unknown loss {loss!r}, wanted one of {', '.join(LOSS_CODES)}")
    return <int>code


# A Loss in numbers, or one that a name stands for with its default parameter; each is read once. Returns what has to
# live as long as `into` is used: what holds a user's own in memory, None for those of the library.
cdef object read_loss(LossNumbers* into, object loss, int kind):
    cdef NativeLoss native = None
    cdef Py_ssize_t code = -1
    if type(loss) is NativeLoss:
        native = loss
        if native.kind != kind:
            raise ValueError("a loss is compiled for another dtype than the arrays have")
    else:
        if type(loss) is str:
            from fastnn.losses import get
            loss = get(loss)
        code = loss.code
        if code == -1:
            native = compile_users_loss(loss, kind)
    if native is not None:
        into.code, into.link, into.parameter = -1, native.link, 0.0
        into.users = &native.loss
        return native
    into.code, into.parameter = read_listed_code(loss, code), loss.parameter
    into.users = NULL
    into.link = kListedLosses[into.code].link
    return None


# The link of a loss alone: a user's own need not be compiled for it.
cdef int read_link(object loss, int kind) except -2:
    cdef LossNumbers numbers
    cdef Py_ssize_t code
    if type(loss) is NativeLoss or type(loss) is str:
        read_loss(&numbers, loss, kind)
        return numbers.link
    code = loss.code
    if code == -1:
        return LINK_CODES[loss.link]
    return kListedLosses[read_listed_code(loss, code)].link


def link(cnp.ndarray z not None, object loss, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = the loss's prediction for the raw output z"""
    cdef Link[float] g
    cdef int kind = kind_of(z)
    g.z = <float*>input_2d(z, "z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(z, 0), cnp.PyArray_DIM(z, 1)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    apart(out, z)
    g.link = read_link(loss, kind)
    if is_nothing(out):
        return
    run(kernels.link[kind], &g, 16.0 * g.n * g.o, n_threads)


def loss_and_gradient(cnp.ndarray z not None, cnp.ndarray y not None, cnp.ndarray sample_weight, object loss,
                      cnp.ndarray d_z not None, Py_ssize_t n_threads=0):
    """The mean loss as a float; d_z its gradient."""
    cdef LossAndGradient[float] g
    cdef int kind = kind_of(z)
    g.z = <float*>input_2d(z, "z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(z, 0), cnp.PyArray_DIM(z, 1)
    g.y = <float*>input_2d(y, "y", kind, g.n, g.o)
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.n)
        apart(d_z, sample_weight)
    g.d_z = <float*>output_2d(d_z, "d_z", kind, g.n, g.o)
    apart(d_z, z)
    apart(d_z, y)
    cdef LossNumbers numbers
    own = read_loss(&numbers, loss, kind)
    g.loss, g.users_loss, g.parameter = numbers.code, numbers.users, numbers.parameter
    if is_nothing(d_z):
        return 0.0
    if kind:
        g.weight_total = weight_total(<const double*>g.sample_weight, g.n)
    else:
        g.weight_total = weight_total(g.sample_weight, g.n)
    cdef Py_ssize_t blocks = (g.n + kLossRows - 1) // kLossRows
    cdef cnp.ndarray partial = np.zeros(blocks)
    g.partial = <double*>cnp.PyArray_DATA(partial)
    run(kernels.loss_and_gradient[kind], &g, 32.0 * g.n * g.o, n_threads)
    return sum_in_order(g.partial, blocks) / g.weight_total
