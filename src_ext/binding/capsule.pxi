# The C interface: the table of its functions, for whoever asks.
from cpython.pycapsule cimport PyCapsule_New

cdef extern from "abi/abi.hpp" namespace "fastnn" nogil:
    cdef struct fastnn_api "::fastnn_api":
        pass
    const fastnn_api* offer(const Kernels* kernels_in_use, const char* library) noexcept

cdef extern from "fastnn.h" nogil:
    const fastnn_api* fastnn_attach(const void* address) noexcept

from fastnn._version import __version__ as library_version

cdef bytes name_of_library = library_version.encode()
cdef const fastnn_api* table_of_functions = fastnn_attach(offer(kernels, name_of_library))

_C_API = PyCapsule_New(<void*>table_of_functions, "fastnn._core._C_API", NULL)


def api_address():
    """The address of the table of functions that fastnn/include/fastnn.h describes as fastnn_api."""
    return <size_t>table_of_functions
