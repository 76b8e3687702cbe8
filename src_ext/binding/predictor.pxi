# Frozen predictors: a model's weights, packed once, and its answers with as little as can be around the kernel.

# What a predictor gives, by the names of fastnn.models.common.as_network.
cdef dict ANSWERS = {"raw": kValuesAnswer, "link": kValuesAnswer, "pairs": kPairsAnswer, "class": kClassAnswer,
                     "labels": kLabelsAnswer, "ones": kOnesAnswer}
cdef dict SCALING_STEPS = {"subtract": kSubtractStep, "divide": kDivideStep, "multiply": kMultiplyStep,
                           "add": kAddStep, "clip": kClipStep}


@cython.final
@cython.auto_pickle(False)
cdef class Predictor:
    """A frozen model: ``p(x)`` and ``p(x, out)`` give what a method of the model gives, `label` its classes.

    `fastnn.compile_predict` makes it, and says what its arguments mean. It cannot be changed, and any number of threads
    may call it at a time.

    Parameters
    ----------
    plan : fastnn.plan.Plan
    params : ndarray (p,)
        Of the plan's dtype; copied.
    output : {"raw", "link", "pairs", "class", "labels", "ones"}
        What `__call__` gives of the last layer's activation.
    labels : {"class", "labels"}, optional
        What `label` gives; None of a model without classes.
    labels_plan : fastnn.plan.Plan, optional
        Whose last activation `label` decides by; None for that of `plan`. They differ in no more.
    classes : ndarray (k,), optional
    steps : tuple of (operation, values, in_double)
        What happens to x before, in order.
    squeezed : bool
        Whether the one column of an answer is dropped: (n, 1) becomes (n,).
    strict, check_finite, n_threads
        As those of compile_predict.
    names : tuple of str, optional
        Of the columns of a data frame x, where it has names.
    """
    cdef FrozenNetwork[float] frozen
    cdef FrozenNetwork[float] classifier  # the same for labels
    # What both read: a plan makes its own anew when a user's functions read something else than before.
    cdef NativePlan native, native_of_labels
    cdef readonly object plan, classes
    cdef object params, output, labels, labels_plan
    cdef tuple names
    cdef tuple steps
    cdef list values_of_steps  # as they are computed with
    cdef cnp.ndarray block_of_steps
    cdef void* packed
    cdef size_t nbytes, scratch_of_row
    cdef double work_of_row
    cdef int kind, typenum
    cdef bint gives_labels, squeezed, strict, check_finite
    cdef Py_ssize_t n_threads
    cdef readonly Py_ssize_t n_inputs
    cdef readonly Py_ssize_t n_outputs

    def __cinit__(self, object plan not None, cnp.ndarray params not None, str output not None, str labels=None,
                  object labels_plan=None, object classes=None, tuple steps=(), bint squeezed=False, bint strict=False,
                  bint check_finite=False, Py_ssize_t n_threads=1, tuple names=None):
        self.native = native_plan(plan, kind_of(params))
        input_1d(params, "params", self.native.kind, self.native.n_params)
        if n_threads < 0:
            raise ValueError(f"n_threads={n_threads}, wanted at least 1")
        self.plan, self.output, self.labels, self.labels_plan = plan, output, labels, labels_plan
        self.steps, self.names = steps, names
        self.squeezed, self.strict, self.check_finite, self.n_threads = squeezed, strict, check_finite, n_threads
        self.kind = self.native.kind
        self.typenum = cnp.NPY_FLOAT64 if self.kind else cnp.NPY_FLOAT32
        self.params = params.copy()
        self.params.flags.writeable = False
        self.classes = None if classes is None else np.array(classes)
        if self.classes is not None:
            self.classes.flags.writeable = False
        self.read_network()
        self.read_steps()
        self.read_answers()
        self.pack()

    cdef int read_network(self) except -1:
        self.frozen.shape = self.native.shape
        self.frozen.params = <float*>cnp.PyArray_DATA(self.params)
        self.frozen.table = kernels
        # Places of zeros are numbers of 32 bits.
        self.frozen.is_finite = bool(np.isfinite(self.params).all()) and self.native.widths.max() <= INT32_MAX
        self.n_inputs = self.frozen.shape.widths[0]
        self.work_of_row = 2 * multiply_adds(self.frozen.shape)
        return 0

    # Their values are copied to arrays of the dtype that each is computed in.
    cdef int read_steps(self) except -1:
        cdef Py_ssize_t k, count = len(self.steps)
        cdef ScalingStep* into
        self.block_of_steps = np.zeros(max(count, 1) * sizeof(ScalingStep), np.uint8)
        self.values_of_steps = []
        into = <ScalingStep*>cnp.PyArray_DATA(self.block_of_steps)
        for k, (operation, given, in_double) in enumerate(self.steps):
            if operation not in SCALING_STEPS:
                raise ValueError(f"unknown step {operation!r}, wanted one of {', '.join(SCALING_STEPS)}")
            in_double = in_double and operation != "clip"
            values = np.array(given, np.float64 if in_double or self.kind else np.float32)
            if values.shape != ((2 if operation == "clip" else self.n_inputs),):
                raise ValueError(f"a step {operation!r} has values of shape {values.shape}, wanted one for each of "
                                 f"{self.n_inputs} features, or the two bounds of 'clip'")
            self.values_of_steps.append(values)
            into[k].operation, into[k].in_double = SCALING_STEPS[operation], in_double
            into[k].values = cnp.PyArray_DATA(values)
        self.frozen.steps, self.frozen.step_count = into, count
        return 0

    cdef int read_answers(self) except -1:
        cdef Py_ssize_t o = self.frozen.shape.widths[self.frozen.shape.layers]
        if self.output not in ANSWERS or self.labels not in (None, "class", "labels"):
            raise ValueError(f"unknown output {self.output!r} or labels {self.labels!r}")
        if self.classes is not None and self.classes.size == 0:
            raise ValueError("classes is empty, wanted one at least")
        self.frozen.answer = ANSWERS[self.output]
        self.gives_labels = self.output in ("class", "labels")
        self.frozen.link = kNoLink
        if self.output in ("link", "pairs"):
            self.frozen.link = read_link(self.plan.loss, self.kind)
        if ((self.output == "pairs" and o != 1) or (self.labels and self.classes is None)
                or (self.gives_labels and self.labels != self.output)):
            raise ValueError(f"output {self.output!r} and labels {self.labels!r} do not fit {o} outputs and the "
                             f"classes {self.classes}")
        self.frozen.columns = 2 if self.output == "pairs" else 1 if self.output in ("class", "ones") else o
        self.frozen.last_class = 0 if self.classes is None else len(self.classes) - 1
        self.squeezed = self.squeezed and self.frozen.columns == 1
        self.n_outputs = self.frozen.columns
        return 0

    cdef int pack(self) except -1:
        cdef Prediction[float] g
        cdef Job job
        cdef size_t item = 8 if self.kind else 4
        self.nbytes = max(<size_t>1, kernels.predictor_size[self.kind](&self.frozen) * item)
        self.packed = allocate(self.nbytes)
        if self.packed == NULL:
            raise MemoryError(f"a predictor needs {self.nbytes} bytes for its packed weights")
        self.frozen.packed = <float*>self.packed
        with nogil:
            begin_job(&job)
            kernels.pack_predictor[self.kind](&self.frozen)
            end_job(&job)
        raise_if_stopped(job)
        self.classifier = self.frozen
        self.native_of_labels = self.plan_of_labels()
        self.classifier.shape.activations = self.native_of_labels.shape.activations
        self.classifier.link = kNoLink
        self.classifier.answer = ANSWERS[self.labels or "class"]
        self.classifier.columns = 1 if self.labels != "labels" else self.frozen.shape.widths[self.frozen.shape.layers]
        g.predictor, g.n = &self.classifier, 1
        self.scratch_of_row = kernels.predict_scratch[self.kind](&g) * item
        g.predictor = &self.frozen
        self.scratch_of_row = max(self.scratch_of_row, kernels.predict_scratch[self.kind](&g) * item)
        return 0

    cdef NativePlan plan_of_labels(self):
        cdef NativePlan own = self.native, other = own
        if self.labels_plan is not None:
            other = native_plan(self.labels_plan, self.kind)
        if other.widths.tolist() != own.widths.tolist() or other.bias.tolist() != own.bias.tolist():
            raise ValueError("labels_plan is of another network than plan")
        return other

    def __dealloc__(self):
        if self.packed != NULL:
            release(self.packed, self.nbytes)

    def __reduce__(self):
        return Predictor, (self.plan, self.params, self.output, self.labels, self.labels_plan, self.classes, self.steps,
                           self.squeezed, self.strict, self.check_finite, self.n_threads, self.names)

    def __repr__(self):
        return f"<Predictor: {self.n_inputs} inputs, {self.n_outputs} outputs, {self.dtype}>"

    @property
    def dtype(self):
        """What is computed in: numpy.float32 or numpy.float64."""
        return self.plan.dtype

    # --- the answers --------------------------------------------------------------------------------------------------

    cdef int compute(self, const FrozenNetwork[float]* frozen, const void* x, void* out, Py_ssize_t n) except -1:
        cdef Prediction[float] g
        cdef Scratch memory
        cdef Py_ssize_t claimed = 0
        cdef int infinite = 0, team = 1
        cdef size_t nbytes = self.scratch_of_row
        cdef double work = n * self.work_of_row
        g.predictor, g.x, g.out, g.n, g.claimed = frozen, <const float*>x, <float*>out, n, &claimed
        g.infinite = &infinite if self.check_finite else NULL
        if n != 1:
            if n == 0:
                return 0
            nbytes = kernels.predict_scratch[self.kind](&g) * <size_t>(8 if self.kind else 4)
            team = team_for(work, work, self.n_threads)
        g.scratch = <float*>need_scratch(memory, team * nbytes)
        run(kernels.predict[self.kind], &g, work, team)
        if infinite:
            raise ValueError("x has NaN or infinity, which check_finite=True refuses.")
        return 0

    cdef inline bint is_ready(self, object x) noexcept:
        cdef int ndim
        if not cnp.PyArray_CheckExact(x):
            return False
        ndim = cnp.PyArray_NDIM(<cnp.ndarray>x)
        return (cnp.PyArray_TYPE(<cnp.ndarray>x) == self.typenum and (ndim == 1 or ndim == 2)
                and is_plain(<cnp.ndarray>x, cnp.NPY_ARRAY_CARRAY_RO)
                and cnp.PyArray_DIM(<cnp.ndarray>x, ndim - 1) == self.n_inputs)

    # An array for the answers to x: its dimensions, the last of them with the columns, or without it.
    cdef inline cnp.ndarray new_output(self, cnp.ndarray x, Py_ssize_t columns, bint squeezed):
        cdef cnp.npy_intp shape[2]
        cdef int ndim = cnp.PyArray_NDIM(x)
        shape[0] = cnp.PyArray_DIM(x, 0)
        shape[ndim - 1] = columns
        return <cnp.ndarray>cnp.PyArray_EMPTY(ndim - squeezed, shape, self.typenum, 0)

    cdef inline int check_output(self, cnp.ndarray x, object out) except -1:
        cdef cnp.ndarray given
        cdef int ndim = cnp.PyArray_NDIM(x), wanted = ndim - self.squeezed
        if not isinstance(out, cnp.ndarray):
            return refuse_output(out, self.shape_of_answer(x), self.plan.dtype)
        given = <cnp.ndarray>out
        if self.squeezed and ndim == 1 and cnp.PyArray_SIZE(given) == 1 and cnp.PyArray_NDIM(given) <= 1:
            wanted = cnp.PyArray_NDIM(given)  # one number, () or (1,)
        if (cnp.PyArray_TYPE(given) != self.typenum or not is_plain(given, cnp.NPY_ARRAY_CARRAY)
                or cnp.PyArray_NDIM(given) != wanted
                or (not self.squeezed and cnp.PyArray_DIM(given, ndim - 1) != self.n_outputs)
                or (ndim == 2 and cnp.PyArray_DIM(given, 0) != cnp.PyArray_DIM(x, 0))):
            return refuse_output(out, self.shape_of_answer(x), self.plan.dtype)
        return apart(given, x)

    cdef tuple shape_of_answer(self, object x):
        return x.shape[: x.ndim - 1] + (() if self.squeezed else (self.n_outputs,))

    def __call__(self, object x, object out=None):
        """Answer one row or several.

        Parameters
        ----------
        x : ndarray (i,) or (n, i), or what can be converted to one
            One row, or several.
        out : ndarray, optional
            Where the answers go; it is returned.

        Returns
        -------
        ndarray (o,) or (n, o)
        """
        cdef cnp.ndarray rows, result
        cdef bint single
        if not self.is_ready(x):
            if hasattr(x, "tocsr"):
                return answer_sparse(self, x, out)
            x = converted(self, x)
        rows = <cnp.ndarray>x
        if self.gives_labels:
            return self.label_rows(rows, out)
        if out is None:
            result = self.new_output(rows, self.n_outputs, self.squeezed)
        else:
            self.check_output(rows, out)
            result = <cnp.ndarray>out
        single = cnp.PyArray_NDIM(rows) == 1
        self.compute(&self.frozen, cnp.PyArray_DATA(rows), cnp.PyArray_DATA(result),
                     1 if single else cnp.PyArray_DIM(rows, 0))
        return result[()] if single and self.squeezed and out is None else result

    # --- labels -------------------------------------------------------------------------------------------------------

    def label(self, object x):
        """Find the class of one row or of several.

        Parameters
        ----------
        x : ndarray (i,) or (n, i), or what can be converted to one
            One row, or several.

        Returns
        -------
        scalar or ndarray (n,)
            Of the classes' dtype; of several labels a row (k,) or (n, k) zeros and ones.

        Raises
        ------
        TypeError
            If the model has no classes.
        """
        if self.labels is None:
            raise TypeError("This predictor has no labels: its model has no classes.")
        if not self.is_ready(x):
            if hasattr(x, "tocsr"):
                return labels_of_raw(self, raw_of_sparse(self, x, False))
            x = converted(self, x)
        return self.label_rows(<cnp.ndarray>x, None)

    cdef object label_rows(self, cnp.ndarray x, object out):
        cdef double number
        cdef float narrow
        cdef cnp.ndarray numbers
        cdef bint single = cnp.PyArray_NDIM(x) == 1, of_class = self.classifier.answer == kClassAnswer
        if single and of_class and out is None:
            self.compute(&self.classifier, cnp.PyArray_DATA(x), <void*>&number if self.kind else <void*>&narrow, 1)
            return self.classes[<Py_ssize_t>(number if self.kind else narrow)]
        numbers = self.new_output(x, self.classifier.columns, of_class)
        self.compute(&self.classifier, cnp.PyArray_DATA(x), cnp.PyArray_DATA(numbers),
                     1 if single else cnp.PyArray_DIM(x, 0))
        if not of_class:
            labels = numbers.astype(int)
        elif out is None:
            return self.classes[numbers.astype(np.intp)]
        else:
            labels = self.classes[numbers.astype(np.intp), ...]  # an array of one class too, which may be an object
        return labels if out is None else copy_answer(labels, out, x)

    # --- without Python -----------------------------------------------------------------------------------------------

    @property
    def address(self):
        """Two numbers for callers without Python: the address of a function, and that of this predictor's handle.

        The function is `predict_float32` or `predict_float64` of fastnn/include/fastnn.h, by the dtype: it takes the
        handle, x (n, i), out (n, n_outputs) and n. It runs in the calling thread, needs no GIL, and checks nothing.
        For a class it gives its number in `classes`. The handle lives as long as this object does: keep that.
        """
        if self.kind:
            return <size_t><void*>fastnn_predict_float64, <size_t>&self.frozen
        return <size_t><void*>fastnn_predict_float32, <size_t>&self.frozen
