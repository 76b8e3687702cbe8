#!/usr/bin/env python
"""Write the functions of fastnn/activations.py that make an activation with parameters of one's own.

`python tools/generate_activations.py` takes them from the rows of fastnn/activation_functions.py, and from the
docstrings of their values. `--check` writes nothing, and fails where the file is not as it would be written.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

from fastnn import activation_functions
from fastnn.activation_functions import ROWS
from fastnn.activation_parameters import defaults_of
from fastnn.activation_rows import Parameter, Row

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "fastnn/activations.py"
BEGIN = "# --- those with parameters: tools/generate_activations.py writes all that follows ------------------\n"
REFERENCES = "\n    References\n    ----------\n"

MAKER = '''def {name}({signature}) -> Activation:
    """{summary}
    Parameters
    ----------
{parameters}

    Returns
    -------
    Activation
        The library's activation of this name, with {numbers}.
{references}"""
    return Activation("{name}", parameters=({given}))
'''


def in_short(number: float) -> str:
    """A number as people write it: 1/6, and not 0.16666666666666666."""
    fraction = Fraction(number).limit_denominator(100)
    return str(fraction) if len(str(fraction)) < len(repr(number)) and float(fraction) == number != 1 else repr(number)


def described(parameter: Parameter, default: float) -> str:
    least, largest = (f"{limit:g}".replace("e+0", "e").replace("e-0", "e-") for limit in parameter.limits)
    note = f"; {parameter.note}" if parameter.note else ""
    head = f"    {parameter.name} : float, default={in_short(default)}"
    return f"{head}\n        From {least} to {largest}{note}."


def default_of(name: str, number: float) -> str:
    return f"{name}: float = {in_short(number).replace('/', ' / ')}"


def maker_of(row: Row) -> str:
    """The function of an activation's name."""
    defaults, names = defaults_of(row), [each.name for each in row.parameters]
    summary, found, references = (row.value.__doc__ or "").partition(REFERENCES)
    if not found:
        raise SystemExit(f"the value of {row.name!r} has no docstring that ends with the section References")
    return MAKER.format(
        name=row.name,
        signature=", ".join(map(default_of, names, defaults)),
        summary=summary,
        parameters="\n".join(map(described, row.parameters, defaults)),
        numbers="this number" if len(names) == 1 else "these numbers",
        references=found + references,
        given=f"{names[0]}," if len(names) == 1 else ", ".join(names),
    )


def makers() -> str:
    rows = [row for row in ROWS if row.parameters]
    names = sorted(f'"{row.name}"' for row in rows)
    exports = "".join(f"__all__ += [{', '.join(names[k : k + 5])}]\n" for k in range(0, len(names), 5))
    return "\n\n".join([f"\n{exports}", *map(maker_of, rows)])


def generated() -> str:
    """The text of the file."""
    by_hand, found, _ = FILE.read_text(encoding="utf-8").partition(BEGIN)
    if not found:
        raise SystemExit(f"{FILE} has no line {BEGIN.rstrip()!r}")
    return by_hand + found + makers()


def main(arguments: list[str]) -> int:
    text = generated()
    if text == FILE.read_text(encoding="utf-8"):
        return 0
    if arguments == ["--check"]:
        print(f"{FILE.relative_to(ROOT)} is stale: run python tools/generate_activations.py", file=sys.stderr)
        return 1
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    if Path(activation_functions.__file__).parents[1] != ROOT:
        raise SystemExit(f"fastnn is not imported from {ROOT}: set PYTHONPATH to this folder.")
    sys.exit(main(sys.argv[1:]))
