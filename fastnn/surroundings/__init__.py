"""What a Python function reads from around it: globals, closures, defaults, attributes of modules, other functions.

One walk serves all who look into users' functions: `reads` gives what one function reads, `Walk` goes on through all
that it reaches. On these stand copies that read something else (`FunctionCopies`) and a look whether anything has
changed (`Watch`, `remembered`, `current_property`).
"""

from fastnn.surroundings.copying import FunctionCopies
from fastnn.surroundings.reads import MISSING, Read, codes_in, python_function, reads
from fastnn.surroundings.walk import Walk, published
from fastnn.surroundings.watch import Watch, current_property, remembered

__all__ = [
    "MISSING",
    "FunctionCopies",
    "Read",
    "Walk",
    "Watch",
    "codes_in",
    "current_property",
    "published",
    "python_function",
    "reads",
    "remembered",
]
