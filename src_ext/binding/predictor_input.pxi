# What predictors take that is no C-contiguous array of their dtype: lists and other arrays, and sparse matrices. And
# answers that are copied to where the caller wants them.

cdef str wanted_shapes(Predictor p):
    return f"({p.n_inputs},) or (n, {p.n_inputs})"


cdef cnp.ndarray converted(Predictor p, object x):
    if p.strict:
        what = f"of type {type(x).__name__}"
        if type(x) is np.ndarray:
            what = f"of shape {x.shape} and dtype {x.dtype}{state_of(x)}"
        raise ValueError(f"x is {what}; strict=True wants a C-contiguous ndarray of shape {wanted_shapes(p)} and "
                         f"dtype {p.plan.dtype}.")
    check_names(p, x)
    array = x
    if not isinstance(x, np.ndarray):
        from fastnn.tensors import as_host
        array = np.asarray(as_host("x", x))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"x has dtype {array.dtype}, wanted numbers: convert it, such as by "
                        f"np.asarray(x, {p.plan.dtype}).")
    if array.ndim not in (1, 2) or array.shape[array.ndim - 1] != p.n_inputs:
        raise ValueError(f"x has shape {array.shape}, wanted {wanted_shapes(p)}: the model has {p.n_inputs} inputs.")
    cdef int flags = cnp.NPY_ARRAY_CARRAY_RO | cnp.NPY_ARRAY_FORCECAST | cnp.NPY_ARRAY_ENSUREARRAY
    return cnp.PyArray_FROM_OTF(array, p.typenum, flags)


# As the model does, which was fitted to columns of these names: others, or these in another order, are no rows for it.
cdef int check_names(Predictor p, object x) except -1:
    if p.names is None or not hasattr(x, "columns"):
        return 0
    given = tuple(x.columns)
    if given != p.names and all(isinstance(name, str) for name in given):
        from reprlib import repr as shown
        raise ValueError(f"x has the columns {shown(given)}, wanted those that the model was fitted to, in their "
                         f"order: {shown(p.names)}. Pass x[names], or an ndarray.")
    return 0


# z (n, o) of a sparse x, or what the link makes of it, as the model's own methods compute it.
cdef object raw_of_sparse(Predictor p, object x, bint link):
    if p.strict:
        raise ValueError("x is sparse; strict=True wants an ndarray.")
    if x.ndim != 2 or x.shape[1] != p.n_inputs:
        raise ValueError(f"x has shape {x.shape}, wanted (n, {p.n_inputs}): the model has {p.n_inputs} inputs.")
    from fastnn.sparse_input import sparse_rows as read_sparse
    cdef NetworkForward[float] g
    cdef NativePlan native = p.native if link else p.native_of_labels
    rows = read_sparse("x", x, p.plan.dtype)
    rows = scaled_sparse(p.steps, rows.copy() if p.steps else rows)
    if p.check_finite and not np.isfinite(rows.data).all():
        raise ValueError("x has NaN or infinity, which check_finite=True refuses.")
    g.shape = native.shape
    g.infinite = NULL
    g.link, g.pairs = p.frozen.link if link else kNoLink, link and p.frozen.answer == kPairsAnswer
    out = new_matrix(x.shape[0], 2 if g.pairs else g.shape.widths[g.shape.layers], p.kind)
    run_forward(&g, native, p.params, SparseRows(rows), out, p.n_threads)
    return out


# As scikit-learn does it: what would make zeros of others is refused, and to divide is to multiply by inverses.
cdef object scaled_sparse(tuple steps, object rows):
    for operation, values, _ in steps:
        if operation in ("subtract", "add"):
            raise ValueError(f"x is sparse, and a scaler of this pipeline would {operation} something of every "
                             f"feature, zeros too: pass x.toarray().")
        if operation == "clip":
            np.clip(rows.data, values[0], values[1], out=rows.data)
        else:
            factors = 1 / values if operation == "divide" else values
            rows.data *= factors.take(rows.indices)
    return rows


cdef object labels_of_raw(Predictor p, object z):
    if p.labels == "labels":
        return (z > 0).astype(int)
    index = (z[:, 0] > 0).astype(np.intp) if z.shape[1] == 1 else z.argmax(axis=1)
    return p.classes[np.minimum(index, len(p.classes) - 1)]


cdef object answer_sparse(Predictor p, object x, object out):
    if p.gives_labels:
        answer = labels_of_raw(p, raw_of_sparse(p, x, False))
    else:
        answer = raw_of_sparse(p, x, True)
        if p.output == "ones":
            answer = np.ones((len(answer), 1), p.plan.dtype)
        answer = answer[:, 0] if p.squeezed else answer
    return answer if out is None else copy_answer(answer, out, None)


# --- out --------------------------------------------------------------------------------------------------------------

cdef str state_of(cnp.ndarray a):
    return "" if is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) else ", not plain C-contiguous memory"


cdef int refuse_output(object out, tuple shape, object dtype) except -1:
    if not isinstance(out, np.ndarray):
        raise TypeError(f"out is of type {type(out).__name__}, wanted an ndarray.")
    state = ("" if out.flags.writeable else ", read-only") + state_of(out)
    raise ValueError(f"out has shape {out.shape} and dtype {out.dtype}{state}; wanted a writable C-contiguous array of "
                     f"shape {shape} and dtype {dtype}.")


# Of one number or label, out may be () or (1,).
cdef object copy_answer(cnp.ndarray answer, object out, cnp.ndarray x):
    cdef tuple shape = (<object>answer).shape
    if (not isinstance(out, np.ndarray) or out.dtype != (<object>answer).dtype
            or not (out.shape == shape or (shape == () and out.shape == (1,)))
            or not is_plain(out, cnp.NPY_ARRAY_CARRAY)):
        refuse_output(out, shape, (<object>answer).dtype)
    if x is not None:
        apart(out, x)
    out[...] = answer
    return out
