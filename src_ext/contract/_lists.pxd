# The lists of the contract (activations.hpp, losses.hpp, optimizers.hpp) as Cython sees them.

cdef extern from "contract/optimizers.hpp" namespace "fastnn" nogil:
    const int kMaxSlots
    const int kStoreGradient
    int slots_of(int optimizer) noexcept
