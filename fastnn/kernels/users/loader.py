"""Object code in memory, ready to be called; llvmlite does it alone, without Numba."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any

__all__ = ["LoadedCode", "load"]

_numbers = count()  # LLVM wants another name for every library


class LoadedCode:
    """Code that lies in memory as long as this object lives.

    Attributes
    ----------
    address : int
        Of the first function that was asked for.
    addresses : tuple of int
        Of all of them.
    """

    def __init__(self, library: Any, addresses: tuple[int, ...]) -> None:
        self._library = library  # LLVM unloads the code when it goes
        self.address, self.addresses = addresses[0], addresses


def load(code: bytes, *symbols: str) -> LoadedCode:
    """Lay object code into memory.

    Parameters
    ----------
    code : bytes
        An object file of this machine, as LLVM writes it.
    *symbols : str
        The names of functions in it.

    Returns
    -------
    LoadedCode
        With the functions' addresses.

    Raises
    ------
    ImportError
        Without llvmlite.
    RuntimeError
        If it calls a function that this process does not have.
    """
    from llvmlite import binding as llvm  # here, since it takes 60 ms and only users' functions need it

    library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    for symbol in symbols:
        library.export_symbol(symbol)
    loaded = library.link(_linker(), f"fastnn_{next(_numbers)}")
    return LoadedCode(loaded, tuple(loaded[symbol] for symbol in symbols))


@cache
def _linker() -> Any:
    """LLVM's linker of this process, which takes object code as it is.

    JITLink keeps a library in one piece of memory with a table of its own for what lies elsewhere, so that code for the
    small code model reaches the C library wherever that lies; those of LLVM 14 and 15 never gave the memory back. An
    unknown symbol is an error here, where MCJIT aborts.
    """
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(jit=True, codemodel="small")
    use_jit_link = llvm.llvm_version_info[0] > 15
    return llvm.create_lljit_compiler(machine, use_jit_link=use_jit_link, suppress_errors=True)
