# Names of users as kernels read them; names and numbers come from the contract's lists.

from _lists cimport (
    Activation, UserActivation, is_row_function, kActivationCount, kActivationFacts, kUsersOwn, listed_activation,
)

ACTIVATION_CODES = {kActivationFacts[code].name.decode(): code for code in range(kActivationCount)}
ACTIVATION_DEFAULTS = {
    name: tuple(kActivationFacts[code].defaults[k] for k in range(kActivationFacts[code].parameters))
    for name, code in ACTIVATION_CODES.items()
}

cdef dict activation_code_of = dict(ACTIVATION_CODES, logistic=ACTIVATION_CODES["sigmoid"])

cdef object compiled_activation = None

# (parameters, z, a, d_a, d_z, count): d_z = d_a times the slope, of one element type.
ctypedef void (*BackwardTile)(const void*, const void*, const void*, const void*, void*, Py_ssize_t) noexcept nogil


@cython.final
@cython.auto_pickle(False)
cdef class NativeActivation:
    """A function of single numbers, compiled for one dtype, as the kernels take it.

    `function` is the address of a UserActivation of contract/activations.hpp, and `backward`, unless it is 0, that of a
    BackwardTile; `owner` keeps both in memory. Nothing can check an address, so only compilers make these.
    """
    cdef const UserActivation* function
    cdef BackwardTile backward
    cdef object owner
    cdef int kind

    def __cinit__(self, size_t function, object dtype, object owner, size_t backward=0):
        if function == 0:
            raise ValueError("function=0, wanted the address of a compiled function")
        self.function, self.backward = <const UserActivation*>function, <BackwardTile>backward
        self.kind, self.owner = np.dtype(dtype) == np.float64, owner


cdef object read_compiled_activation(Activation* into, NativeActivation activation, int kind):
    if activation.kind != kind:
        raise ValueError("an activation is compiled for another dtype than the arrays have")
    into.code, into.users = kUsersOwn, activation.function
    return activation


cdef object unknown_activation(object activation):
    return ValueError(f"unknown activation {activation!r}, wanted one of {', '.join(ACTIVATION_CODES)}")


# A user's own activation, compiled for the dtype.
cdef object read_users_activation(Activation* into, object activation, int kind):
    global compiled_activation
    if compiled_activation is None:
        from fastnn.kernels.users.compiled import compiled_activation as function
        compiled_activation = function
    compiled = compiled_activation(activation, np.float64 if kind else np.float32)
    into.code = kUsersOwn
    into.users = <const UserActivation*><size_t>compiled.address
    return compiled


cdef int read_parameters(Activation* into, object activation) except -1:
    cdef int k, count = kActivationFacts[into.code].parameters
    cdef tuple numbers = activation.parameters
    if numbers is None or len(numbers) != count:
        raise ValueError(f"activation {activation!r} has the parameters {numbers}, wanted {count}")
    for k in range(count):
        into.parameters[k] = numbers[k]
    return 0


# An Activation, or one that a name stands for with the defaults of its parameters. Returns what has to live as long as
# `into` is used: what holds a user's own in memory, None for those of the library.
cdef inline object read_activation(Activation* into, object activation, int kind):
    if type(activation) is NativeActivation:
        return read_compiled_activation(into, activation, kind)
    cdef bint is_named = type(activation) is str
    found = activation_code_of.get(activation) if is_named else activation.code
    if found is None:
        raise unknown_activation(activation)
    cdef Py_ssize_t code = found
    if code < 0:
        return read_users_activation(into, activation, kind)
    if code >= kActivationCount:
        raise unknown_activation(activation)
    into[0] = listed_activation(<int>code)
    if not is_named and kActivationFacts[code].parameters > 0:
        read_parameters(into, activation)
    return None
