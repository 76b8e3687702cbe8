# What predictors take that is no C-contiguous array of their dtype: lists and other arrays, and sparse matrices.

cdef str wanted_shapes(Predictor p):
    return f"({p.n_inputs},) or (n, {p.n_inputs})"


cdef cnp.ndarray converted(Predictor p, object x):
    if p.strict:
        what = f"shape {x.shape} and dtype {x.dtype}" if isinstance(x, np.ndarray) else f"type {type(x).__name__}"
        raise ValueError(f"x is of {what}; strict=True wants a C-contiguous ndarray of shape {wanted_shapes(p)} and "
                         f"dtype {p.plan.dtype}.")
    from fastnn.tensors import as_host
    array = np.asarray(as_host("x", x))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"x has dtype {array.dtype}, wanted numbers: convert it, such as by "
                        f"np.asarray(x, {p.plan.dtype}).")
    if array.ndim not in (1, 2) or array.shape[array.ndim - 1] != p.n_inputs:
        raise ValueError(f"x has shape {array.shape}, wanted {wanted_shapes(p)}: the model has {p.n_inputs} inputs.")
    return np.require(array, p.plan.dtype, ["C", "A"])


# z (n, o) of a sparse x, or what the link makes of it, as the model's own methods compute it.
cdef object raw_of_sparse(Predictor p, object x, bint link):
    if p.strict:
        raise ValueError("x is sparse; strict=True wants an ndarray.")
    if x.ndim != 2 or x.shape[1] != p.n_inputs:
        raise ValueError(f"x has shape {x.shape}, wanted (n, {p.n_inputs}): the model has {p.n_inputs} inputs.")
    rows = x.tocsr().astype(p.plan.dtype)
    rows = scaled_sparse(p.steps, rows.copy() if p.steps else rows)
    if p.check_finite and not np.isfinite(rows.data).all():
        raise ValueError("x has NaN or infinity, which check_finite=True refuses.")
    o = 2 if link and p.output == "pairs" else p.plan.widths[len(p.plan.widths) - 1]
    out = np.empty((x.shape[0], o), p.plan.dtype)
    loss = p.plan.loss if link and p.output != "raw" else None
    plan = p.plan if link or p.labels_plan is None else p.labels_plan
    network_predict(plan, p.params, SparseRows(rows), loss, out, p.n_threads)
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
        labels = labels_of_raw(p, raw_of_sparse(p, x, False))
        return labels if out is None else p.copy_labels(x, labels, out)
    answer = raw_of_sparse(p, x, True)
    if p.output == "ones":
        answer = np.ones((len(answer), 1), p.plan.dtype)
    answer = answer[:, 0] if p.squeezed else answer
    if out is None:
        return answer
    if not isinstance(out, np.ndarray) or out.shape != answer.shape or out.dtype != answer.dtype:
        p.refuse_output(x, out, answer.dtype, p.squeezed)
    out[...] = answer
    return out
