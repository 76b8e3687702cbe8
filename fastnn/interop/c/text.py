"""Numbers, strings, arrays, comments and names as C has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["array_of", "comment", "function_of_math", "integer", "is_string", "number", "numbers"]
__all__ += ["require_identifier", "string", "type_of"]

# Of C from C99 to C23, and of C++, since a header may be included there.
_KEYWORDS = frozenset(
    """alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class
    co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype default
    delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long
    mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
    reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast struct switch
    template this thread_local throw true try typedef typeid typename typeof typeof_unqual union unsigned using virtual
    void volatile wchar_t while xor xor_eq""".split()
)
_WIDTH = 120


def require_identifier(name: object) -> str:
    """The name, if C and C++ can have names that begin with it.

    Raises
    ------
    ValueError
        If it is a keyword, or anything but a letter and then letters, digits and underscores.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(
            f"name={name!r} is no identifier of C, wanted a letter of A to Z and then letters, digits and underscores, "
            "such as 'model'."
        )
    if name in _KEYWORDS:
        raise ValueError(f"name={name!r} is a keyword of C or C++. Use another one, such as {name + '_model'!r}.")
    return name


def type_of(dtype: np.dtype[Any]) -> str:
    """C's type of a dtype."""
    return "float" if dtype == np.float32 else "double"


def function_of_math(name: str, dtype: np.dtype[Any]) -> str:
    """The function of math.h that computes in this dtype."""
    return f"{name}f" if dtype == np.float32 else name


def number(value: Any, dtype: np.dtype[Any]) -> str:
    """The shortest decimal that reads back to the same bits."""
    if dtype == np.float32:
        short = np.float32(value)
        text = str(short)
        if len(text) > 12:  # most numbers are short, and the other way to write them takes four times as long
            text = min(text, np.format_float_scientific(short, trim="-", exp_digits=1), key=len)
        return f"{text}f"
    return repr(float(value))


def integer(value: int, suffix: str, least: int) -> str:
    """A literal of its type, whose least number C can only say as a difference: it reads - and then a number."""
    return f"{value}{suffix}" if value != least or not least else f"({value + 1}{suffix} - 1)"


def is_string(text: str) -> bool:
    """Whether a string of C can be this: it ends at the first null, and is bytes of UTF-8 here."""
    return "\0" not in text and not re.search("[\ud800-\udfff]", text)


def string(text: str) -> str:
    """A literal of the text in UTF-8, in ASCII alone."""
    # Octal escapes end after three digits, where hexadecimal ones would take in what follows; ? may begin a trigraph.
    plain = {*map(ord, " !#$%&'()*+,-./:;<=>@[]^_`{|}~"), *range(48, 58), *range(65, 91), *range(97, 123)}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'


def comment(text: str) -> str:
    """Text for a comment, in ASCII and one line, that neither ends it nor begins another one."""
    # With a line's end behind it a backslash would vanish from between * and /.
    safe = re.sub(r"[\x00-\x1f\x7f]", " ", text.encode("ascii", "backslashreplace").decode())
    return safe.replace("*/", "* /").replace("/*", "/ *")


def array_of(declaration: str, items: Sequence[str]) -> str:
    """The definition of an array; what is declared has its length."""
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join([f"static const {declaration}[{len(items)}] = {{", *lines, line.removesuffix(","), "};", ""])


def numbers(name: str, values: NDArray[Any], dtype: np.dtype[Any]) -> str:
    """The definition of an array of numbers."""
    return array_of(f"{type_of(dtype)} {name}", [number(value, dtype) for value in values.ravel()])
