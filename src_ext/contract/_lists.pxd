# The lists of the contract (activations.hpp, losses.hpp, optimizers.hpp) as Cython sees them.

cdef extern from "contract/losses.hpp" namespace "fastnn" nogil:
    const int kLossCount

    cdef struct ListedLoss:
        const char *name
        int link

    const ListedLoss *kListedLosses
    const int kNoLink
    const int kLinkCount
    const char **kLinkNames

    ctypedef void (*LossTile)(const void*, const void*, const void*, void*, void*, Py_ssize_t) noexcept nogil

    cdef struct UserLoss:
        LossTile tile
        const void *parameters


cdef extern from "contract/optimizers.hpp" namespace "fastnn" nogil:
    const int kMaxSlots
    const int kStoreGradient
    int slots_of(int optimizer) noexcept
