"""Globals, builtins and namespaces, with inline caches.

Cache words of GLOBAL_GET and NAME_GET: 1 the globals' version, 2 the value (borrowed), 3 the builtins' version or 0,
4 where the name was found: bits 32-47 1 (globals; low half the entry's index in the dict's key table) or 2 (builtins;
low half the version of the globals' key table); bits 48-63 are the tag of word 2, which holds small numbers unboxed.
While both dicts are as they were, words 1-3 answer at once. After a change of the globals' values word 4 does: the
entry itself, which holds this very name, proves the hit, or the key table, which has not got the name since.
"""
from __future__ import annotations

from .compare import *  # noqa: F403

IN_GLOBALS, IN_BUILTINS = 1, 2


@metal(inline=True)
def entries_of(keys: DictKeys) -> UnicodeEntry:
    """Entries of a key table that holds only strings."""
    return cast(UnicodeEntry, byte_offset(cast(VOID_P, keys), 32 + (1 << keys.dk_log2_index_bytes)))


@metal(inline=True)
def entry_value(keys: DictKeys, index: int, name: Obj) -> Obj:
    """Value of entry `index` if it is a string-keyed table's entry for `name`, else NULL; borrowed."""
    if likely(keys.dk_kind == DICT_KEYS_UNICODE and index < keys.dk_nentries):
        entry = entries_of(keys)[index]
        if likely(entry.me_key == name):
            return entry.me_value
    return None


@metal
def find_entry(keys: DictKeys, name: Obj) -> int:
    """Index of `name`'s entry, by identity, in a table that holds only strings (split or not); or -1."""
    if keys.dk_kind == 0:
        return -1
    entries = entries_of(keys)
    for i in range(keys.dk_nentries):
        if entries[i].me_key == name:
            return i
    return -1


@metal
def version_of_keys(keys: DictKeys) -> int:
    """The key table's version, given now if it has none; the host clears it when keys come or go."""
    if keys.dk_version == 0:
        version = state.next_keys_version
        if version > 0xFFFFFFF0:
            return 0
        state.next_keys_version = version + 1
        keys.dk_version = version
    return keys.dk_version


@metal
def name_error(name: Obj):
    PyErr_Format(PyExc_NameError[0], "name '%.200s' is not defined", PyUnicode_AsUTF8(name))
    set_error_name(name)


@metal
def global_slow(frame: Frame, pc: u64p, name: Obj) -> Obj:
    """Look a global or builtin up, fill the cache; new reference or NULL."""
    sync(frame, pc)
    globals = frame.iframe.f_globals
    builtins = frame.iframe.f_builtins
    if globals.ob_type != PyDict_Type or builtins.ob_type != PyDict_Type:
        return global_generic(globals, builtins, name)
    value = PyDict_GetItemWithError(globals, name)
    from_builtins = 0
    if not value:
        if PyErr_Occurred():
            return None
        value = PyDict_GetItemWithError(builtins, name)
        if not value:
            if not PyErr_Occurred():
                name_error(name)
            return None
        from_builtins = Dict(builtins).ma_version_tag
    incref(value)
    pc[1] = Dict(globals).ma_version_tag
    pc[3] = from_builtins
    where = 0
    if not Dict(globals).ma_values:
        keys = Dict(globals).ma_keys
        if from_builtins == 0:
            index = find_entry(keys, name)
            if index >= 0:
                where = index | IN_GLOBALS << 32
        elif keys.dk_kind == DICT_KEYS_UNICODE:
            version = version_of_keys(keys)
            if version != 0:
                where = version | IN_BUILTINS << 32
    remember_global(pc, where, value)
    return value


@metal(inline=True)
def remember_global(pc: u64p, where: int, value: Obj):
    """Words 2 and 4 of the cache, for a value that is alive and stays so while the versions hold."""
    held = stack(Reg, 1)
    held.tag = EMPTY
    set_item_of(held, value)
    if held.tag == OBJECT:
        decref(value)                           # borrowed
    pc[2] = held.payload
    pc[4] = where | (held.tag << 48)


@metal(cold=True)
def global_generic(globals: Obj, builtins: Obj, name: Obj) -> Obj:
    """As above where globals or builtins are no plain dict."""
    value = PyObject_GetItem(globals, name)
    if value:
        return value
    if PyErr_ExceptionMatches(PyExc_KeyError[0]) == 0:
        return None
    PyErr_Clear()
    value = PyObject_GetItem(builtins, name)
    if not value and PyErr_ExceptionMatches(PyExc_KeyError[0]) != 0:
        PyErr_Clear()
        name_error(name)
    return value


@metal(inline=True)
def knows_global(frame: Frame, pc: u64p) -> bool:
    """Whether globals and builtins are as they were when the cache was filled."""
    if likely(Dict(frame.function.func_globals).ma_version_tag == pc[1]):
        return pc[3] == 0 or Dict(frame.function.func_builtins).ma_version_tag == pc[3]
    return False


@metal(inline=True)
def give_global(pc: u64p, ra: Reg):
    """Write the value that the cache holds."""
    tag = pc[4] >> 48
    if likely(tag == OBJECT):
        incref(cast(Obj, pc[2]))
    set_raw(ra, pc[2], tag)


@handler("GLOBAL_GET", 5)
def GLOBAL_GET():
    if likely(knows_global(frame, pc)):
        give_global(pc, ra)
        return
    return tail("GLOBAL_GET_CHANGED")


@metal(inline=True)
def knows_place(frame: Frame, pc: u64p) -> bool:
    """After a change of the globals: whether word 4 still tells where the name is. The cache is right again then."""
    place = lshr(pc[4], 32) & 65535
    globals = Dict(frame.function.func_globals)
    keys = globals.ma_keys
    if likely(place == IN_GLOBALS):
        value = entry_value(keys, pc[4] & 0xFFFFFFFF, name_at(frame, lshr(pc[0], 32) & 65535))
        if unlikely(not value):
            return False
        remember_global(pc, pc[4] & 0xFFFFFFFFFFFF, value)
        pc[3] = 0
    else:
        builtins = Dict(frame.function.func_builtins)
        if place != IN_BUILTINS or pc[4] & 0xFFFFFFFF != keys.dk_version or builtins.ma_version_tag != pc[3]:
            return False
    pc[1] = globals.ma_version_tag
    return True


@handler("GLOBAL_GET_CHANGED", 5)
def GLOBAL_GET_CHANGED():
    if likely(knows_place(frame, pc)):
        give_global(pc, ra)
        return
    value = global_slow(frame, pc, name_at(frame, B))
    if unlikely(not value):
        return tail("ERROR")
    set_object(ra, value)


@metal
def store_in_dict(d: Obj, name: Obj, r: Reg, ins: int) -> bool:
    """d[name] = R[A], mostly over another value; an int that is no one's but the dict's is overwritten."""
    if r.tag == INT and ins & CONSUME_A != 0:
        if likely(rt_dict_put_any(d, name, r.payload) != 0):
            return True
    value = boxed(r)
    if not value:
        return False
    if likely(rt_dict_set_any(d, name, value) != 0):
        return True
    return PyDict_SetItem(d, name, value) == 0


@metal
def store_global(frame: Frame, pc: u64p, ins: int, r: Reg, name: Obj) -> bool:
    sync(frame, pc)
    return store_in_dict(frame.iframe.f_globals, name, r, ins)


@handler("GLOBAL_SET", 2)
def GLOBAL_SET():
    if unlikely(not store_global(frame, pc, ins, ra, name_at(frame, B))):
        return tail("ERROR")
    o = take(ra, ins, CONSUME_A)
    xdecref(o)


@metal
def delete_name(namespace: Obj, name: Obj) -> bool:
    """del namespace[name], with NameError for a missing one."""
    if PyObject_DelItem(namespace, name) == 0:
        return True
    if PyErr_ExceptionMatches(PyExc_KeyError[0]) != 0:
        PyErr_Clear()
        name_error(name)
    return False


@handler("GLOBAL_DELETE")
def GLOBAL_DELETE():
    sync(frame, pc)
    if unlikely(not delete_name(frame.iframe.f_globals, name_at(frame, B))):
        return tail("ERROR")


# ------------------------------------------------------------------- namespaces of modules and classes
@metal(cold=True)
def no_locals(name: Obj):
    PyErr_Format(PyExc_SystemError[0], "no locals when handling '%U'", name)


@metal
def from_locals(locals: Obj, name: Obj) -> Obj:
    """locals[name], new; NULL without an exception if missing."""
    if locals.ob_type == PyDict_Type:
        value = PyDict_GetItemWithError(locals, name)
        if value:
            incref(value)
        return value
    value = PyObject_GetItem(locals, name)
    if not value and PyErr_ExceptionMatches(PyExc_KeyError[0]) != 0:
        PyErr_Clear()
    return value


@metal
def name_slow(frame: Frame, pc: u64p, name: Obj) -> Obj:
    sync(frame, pc)
    locals = frame.iframe.f_locals
    if not locals:
        no_locals(name)
        return None
    if locals != frame.iframe.f_globals:
        value = from_locals(locals, name)
        if value or PyErr_Occurred():
            return value
    return global_slow(frame, pc, name)


@handler("NAME_GET", 5)
def NAME_GET():
    if likely(frame.linked != 0):
        if frame.iframe.f_locals == frame.iframe.f_globals and (knows_global(frame, pc) or knows_place(frame, pc)):
            give_global(pc, ra)
            return
    value = name_slow(frame, pc, name_at(frame, B))
    if unlikely(not value):
        return tail("ERROR")
    set_object(ra, value)


@metal
def store_name(frame: Frame, pc: u64p, ins: int, r: Reg, name: Obj) -> bool:
    sync(frame, pc)
    locals = frame.iframe.f_locals
    if not locals:
        PyErr_Format(PyExc_SystemError[0], "no locals found when storing %R", name)
        return False
    if likely(locals.ob_type == PyDict_Type):
        return store_in_dict(locals, name, r, ins)
    value = boxed(r)
    if not value:
        return False
    return PyObject_SetItem(locals, name, value) == 0


@handler("NAME_SET")
def NAME_SET():
    if unlikely(not store_name(frame, pc, ins, ra, name_at(frame, B))):
        return tail("ERROR")
    o = take(ra, ins, CONSUME_A)
    xdecref(o)


@handler("NAME_DELETE")
def NAME_DELETE():
    sync(frame, pc)
    if unlikely(not delete_name(frame.iframe.f_locals, name_at(frame, B))):
        return tail("ERROR")


@metal
def class_cell_get(frame: Frame, pc: u64p, ra: Reg, cell: Reg, index: int, name: Obj) -> bool:
    """A class body's free variable: its namespace first, then the cell."""
    sync(frame, pc)
    value = from_locals(frame.iframe.f_locals, name)
    if not value:
        if PyErr_Occurred():
            return False
        value = Cell(cell.object).ob_ref
        if not value:
            raise_unbound(frame, pc, index)
            return False
        incref(value)
    set_object(ra, value)
    return True


@handler("CLASS_CELL_GET")
def CLASS_CELL_GET():
    if unlikely(not class_cell_get(frame, pc, ra, rb, B, name_at(frame, C))):
        return tail("ERROR")
