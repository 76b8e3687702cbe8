# A plan as kernels read it.

@cython.final
@cython.auto_pickle(False)
cdef class NativePlan:
    """Widths, codes and flags of a network, checked and copied: nothing that others have decides what is read.

    Parameters
    ----------
    widths, activations, bias, dropout : as those of fastnn.plan.Plan
    dtype : numpy.dtype
        float32 or float64.

    Raises
    ------
    ValueError
        If they do not fit together, or an activation is none of those that there are.
    ImportError, TypeError
        If an activation is a user's own and there is no Numba, or Numba cannot compile it.
    """
    cdef cnp.ndarray widths, bias, dropout
    cdef cnp.ndarray activations  # bytes of an Activation for each layer
    cdef list owners              # of users' functions among them
    cdef object loss, own_loss    # a user's own, and what it has been compiled to
    cdef NetworkShape shape
    cdef Py_ssize_t n_params
    cdef int kind

    def __cinit__(self, object widths not None, object activations not None, object bias not None,
                  object dropout not None, object dtype not None):
        self.kind = kind_of(np.empty(0, dtype))
        self.widths = np.array(tuple(widths), np.int64)
        self.bias = np.array(tuple(bias), np.int32)
        self.dropout = np.array(tuple(dropout), np.float64)
        self.read_activations(tuple(activations))
        self.check()
        self.shape.widths = <const int64_t*>cnp.PyArray_DATA(self.widths)
        self.shape.activations = <const Activation*>cnp.PyArray_DATA(self.activations)
        self.shape.has_bias = <const int32_t*>cnp.PyArray_DATA(self.bias)
        self.shape.dropout = <const double*>cnp.PyArray_DATA(self.dropout)
        self.count_params()

    cdef int read_activations(self, tuple activations) except -1:
        self.shape.layers = len(activations)
        self.activations = np.zeros(self.shape.layers * sizeof(Activation), np.uint8)
        cdef Activation* into = <Activation*>cnp.PyArray_DATA(self.activations)
        self.owners = [read_activation(&into[l], activations[l], self.kind) for l in range(self.shape.layers)]
        return 0

    cdef int check(self) except -1:
        if (self.shape.layers < 1 or self.widths.ndim != 1 or len(self.widths) != self.shape.layers + 1
                or self.bias.ndim != 1 or len(self.bias) != self.shape.layers
                or self.dropout.ndim != 1 or len(self.dropout) != self.shape.layers):
            raise ValueError(f"a plan has {len(self.widths)} widths, {self.shape.layers} activations, {len(self.bias)} "
                             f"flags for biases and {len(self.dropout)} rates; wanted one of each for every layer, and "
                             f"one width more")
        if self.widths.min() < 1 or not ((self.dropout >= 0) & (self.dropout < 1)).all():
            raise ValueError(f"a plan has widths {self.widths.tolist()} and dropout {self.dropout.tolist()}, wanted at "
                             f"least 1, and rates in [0, 1)")
        return 0

    cdef int count_params(self) except -1:
        total = 0  # as Python's int, which is never too large
        for l in range(self.shape.layers):
            i, o = int(self.widths[l]), int(self.widths[l + 1])
            total += (i + int(self.bias[l] != 0)) * o
        if total > PY_SSIZE_T_MAX // (8 if self.kind else 4):
            raise ValueError(f"a plan has {total} parameters, more than memory can address")
        self.n_params = total
        return 0


cdef NativePlan native_plan(object plan, int kind):
    """What the plan has made of itself, for parameters of this dtype."""
    native = plan.native
    if not isinstance(native, NativePlan):
        raise TypeError(f"plan.native is {native!r}, wanted a NativePlan")
    if (<NativePlan>native).kind != kind:
        raise TypeError(f"params is {'float64' if kind else 'float32'} and the plan is not; wanted a plan of its dtype")
    return native


cdef double multiply_adds(const NetworkShape& shape) noexcept:
    cdef double total = 0
    cdef Py_ssize_t l
    for l in range(shape.layers):
        total += <double>shape.widths[l] * <double>shape.widths[l + 1]
    return total
