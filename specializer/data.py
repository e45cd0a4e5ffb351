"""What works on data: the families of direct calls and raw memory, in the order in which they are asked.

    d[k]    ->  Buffers: no array; Strings: no text; Dicts: rt_dict_item_any
"""
from __future__ import annotations

from .buffers import Buffers
from .building import Building
from .complexes import Complexes
from .descriptors import Descriptors
from .dicts import Dicts
from .exceptions import Exceptions
from .formats import Formats
from .functions import Functions
from .keywords import Keywords
from .longs import Longs
from .managers import Managers
from .matching import Matching
from .methods import Methods
from .plain_calls import PlainCalls
from .raising import Raising
from .resuming import Resuming
from .special import Special
from .silent import Silent
from .strings import Strings
from .supers import Supers
from .texts import Texts


class Data(Complexes, Descriptors, PlainCalls, Resuming, Supers, Silent, Raising, Managers, Matching, Exceptions,
           Keywords, Special, Formats, Texts, Buffers, Methods, Building, Strings, Dicts, Longs, Functions):
    """Containers, strings, buffers, builtins written in C."""
