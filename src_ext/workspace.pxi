# Memory of training that outlives an epoch.

# What decides, beside the plan, how a workspace is laid out.
cdef struct Layout:
    Py_ssize_t batch_size, longest_row
    int kind, optimizer
    bint is_sparse, has_average, clips_norm


cdef Layout epoch_layout_of(const Epoch[float]& g, int kind) noexcept:
    return Layout(g.batch_size, g.longest_row if g.x == NULL else 0, kind, g.optimizer, g.x == NULL, g.ema >= 0,
                  g.clip_norm < INFINITY)


cdef bint are_alike(const Layout& a, const Layout& b) noexcept:
    return (a.batch_size == b.batch_size and a.longest_row == b.longest_row and a.kind == b.kind
            and a.optimizer == b.optimizer and a.is_sparse == b.is_sparse and a.has_average == b.has_average
            and a.clips_norm == b.clips_norm)


@cython.auto_pickle(False)
cdef class Workspace:
    """Runs epochs as fit_epoch does, and keeps memory and packed vectors from one for the next.

    Vectors that are the same arrays as in the epoch before are not packed again, unless params have changed since. What
    is in state.slots must not change in between.
    """
    cdef void* memory
    cdef size_t nbytes
    cdef object plan, params, slots  # whose vectors lie packed in memory; None: nobody's
    cdef Layout layout
    cdef bint is_lent

    def __dealloc__(self):
        release(self.memory, self.nbytes)

    def fit_epoch(self, *arguments):
        """The kernel fit_epoch, with its arguments by position."""
        if self.is_lent:
            raise ValueError("this Workspace is in use by another thread: every one needs its own")
        self.is_lent = True
        try:
            return _fit_epoch(self, *arguments)
        finally:
            self.is_lent = False

    cdef int lend(self, Epoch[float]* g, int kind, object plan, object params, object slots) except -1:
        """Give the epoch memory, and what lies packed in it if that is what the epoch begins with."""
        cdef Layout layout = epoch_layout_of(g[0], kind)
        g.resumes = (self.plan is plan and self.params is params and self.slots is slots
                     and are_alike(self.layout, layout))
        self.plan = self.params = self.slots = None  # until the epoch has come to its end
        if not g.resumes:
            self.reserve(kernels.epoch_workspace[kind](g))
            self.layout = layout
        g.workspace = self.memory
        return 0

    cdef int reserve(self, size_t nbytes) except -1:
        if nbytes <= self.nbytes:
            return 0
        release(self.memory, self.nbytes)
        self.nbytes = 0
        self.memory = allocate(nbytes)
        if self.memory == NULL:
            raise MemoryError(f"training needs {nbytes} bytes of memory for its packed parameters and a batch")
        self.nbytes = nbytes
        return 0

    cdef void remember(self, object plan, object params, object slots) noexcept:
        """Take note of whose vectors the epoch has left behind."""
        self.plan, self.params, self.slots = plan, params, slots
