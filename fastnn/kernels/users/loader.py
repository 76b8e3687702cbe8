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
        Of the function that was asked for.
    """

    def __init__(self, library: Any, address: int) -> None:
        self._library = library  # LLVM unloads the code when it goes
        self.address = address


def load(code: bytes, symbol: str) -> LoadedCode:
    """Lay object code into memory.

    Parameters
    ----------
    code : bytes
        An object file of this machine, as LLVM writes it.
    symbol : str
        The name of a function in it.

    Returns
    -------
    LoadedCode
        With the function's address.

    Raises
    ------
    ImportError
        Without llvmlite.
    RuntimeError
        If it calls a function that this process does not have.
    """
    from llvmlite import binding as llvm  # here, since it takes 60 ms and only users' functions need it

    library = llvm.JITLibraryBuilder().add_object_img(code).add_current_process().export_symbol(symbol)
    loaded = library.link(_linker(), f"fastnn_{next(_numbers)}")
    return LoadedCode(loaded, loaded[symbol])


@cache
def _linker() -> Any:
    """LLVM's linker of this process, which takes object code as it is.

    JITLink keeps a library in one piece of memory with a table of its own for what lies elsewhere, so that code for the
    small code model reaches the C library wherever that lies. An unknown symbol is an error here, where MCJIT aborts.
    """
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return llvm.create_lljit_compiler(
        target.create_target_machine(jit=True, codemodel="small"), use_jit_link=True, suppress_errors=True
    )
