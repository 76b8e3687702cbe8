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

    Vectors that are the same arrays as in the epoch before are not packed again, unless params have changed since. An
    epoch writes params, and their average if there is one, to the caller's arrays; what else is in state.slots must not
    change in between, and is written by `write_state`, or before an epoch that does not go on from there. An epoch that
    is refused leaves it as it was written last; one that Ctrl-C ends has taken the steps it took, the last one perhaps
    for a part of the parameters.
    """
    cdef void* memory
    cdef size_t nbytes
    cdef NativePlan plan  # whose vectors lie packed in memory; None: nobody's
    cdef object params
    cdef tuple slots
    cdef Layout layout
    cdef bint goes_on  # the vectors are those that an epoch has ended with
    cdef cppbool is_lent

    def __dealloc__(self):
        release(self.memory, self.nbytes)

    def fit_epoch(self, *arguments):
        """The kernel fit_epoch, with its arguments by position."""
        self.claim()
        try:
            return _fit_epoch(self, *arguments)
        finally:
            clear(&self.is_lent)

    def write_state(self, bint ends=False):
        """Write what the optimizer remembers to the slots that it belongs to.

        Where it `ends`, memory is given back meanwhile, and nothing is packed any more.
        """
        self.claim()
        try:
            self.write(ends)
            if ends:
                self.forget()
        finally:
            clear(&self.is_lent)

    cdef int claim(self) except -1:
        if set_and_tell(&self.is_lent):
            raise RuntimeError("this Workspace is in use, by another thread or by a call that this one has "
                               "interrupted: let that end, or take one of its own")
        return 0

    cdef int write(self, bint ends) except -1:
        cdef Epoch[float] g
        cdef Py_ssize_t k
        if self.slots is None:
            return 0
        for k, slot in enumerate(self.slots):
            g.slots[k] = <float*>output_1d(slot, "state.slots", self.layout.kind, self.plan.n_params)
        g.workspace, g.ends = self.memory, ends
        with nogil:
            kernels.epoch_slots[self.layout.kind](&g)
        return 0

    cdef int lend(self, Epoch[float]* g, int kind, NativePlan plan, object params, tuple slots) except -1:
        """Give the epoch memory in which its vectors lie packed: they may from the epoch before."""
        cdef Layout layout = epoch_layout_of(g[0], kind)
        g.resumes = (self.goes_on and self.plan is plan and self.params is params and self.slots is slots
                     and are_alike(self.layout, layout))
        if not g.resumes:
            self.write(False)
            self.forget()
            self.reserve(kernels.epoch_workspace[kind](g))
        g.workspace = self.memory
        self.goes_on = False  # until the epoch has come to its end
        prepare_epoch(g, kind)
        self.plan, self.params, self.slots, self.layout = plan, params, slots, layout
        return 0

    cdef void take_back(self, bint is_finite) noexcept:
        """The epoch has come to its end; or it was refused, and nothing goes on from there."""
        self.goes_on = is_finite
        if not is_finite:
            self.forget()

    cdef void forget(self) noexcept:
        self.plan = self.params = self.slots = None
        self.goes_on = False

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
