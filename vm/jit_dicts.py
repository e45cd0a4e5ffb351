"""Dicts and sets for compiled code: look-ups that never run code of the program.

    rt_dict_get_int(d, 7, default) -> value, default, or NULL: the interpreter must do it

A look-up compares keys, and comparing may call `__eq__` of the program's classes. So these functions walk the host's
tables themselves: as long as what they meet is plain (jit_keys.py) they decide; else they say UNDECIDED, and compiled
code leaves for the interpreter before anything has happened.

`d[k] = d.get(k, 0) + 1` looks k up once: `last` is the place where the last look-up ended. A store tries it first. It
is a guess: the entry there is compared as any other, and an absent key counts only if the dict has not changed since.
"""
from __future__ import annotations

from ..codegen.metal import Static, define_metal, pointer_to, struct
from .jit_keys import *  # noqa: F403

i8_p, i16_p, i32_p = pointer_to("i8"), pointer_to("i16"), pointer_to("i32")
VOID_PTR = pointer_to("u8")
LastLook = struct("DictLastLook", "keys:DictKeys@0 number:i64@8 place:i64@16 hash:i64@24 version:i64@32 "
                                  "absent_keys:DictKeys@40 size:i64@48 form:i64@56 a:i64@64 b:i64@72 seen:i64@80", 88)
last_look = Static("fire_dict_last", LastLook)
Versions = struct("DictVersions", "last:i64", 8)
versions = Static("fire_dict_versions", Versions)   # of dicts changed here: from -1 down; the host's count up
FREE, UNKNOWN = -1, -2              # in the place of an entry's number


@metal(inline=True)
def entry_index(keys: DictKeys, at: int) -> int:
    """Entry number in the hash table of a dict, -1 if the place is free, less if it was freed."""
    table = byte_offset(cast(VOID_PTR, keys), 32)
    size = keys.dk_log2_size
    if size < 8:
        return cast(i8_p, table)[at]
    if size < 16:
        return cast(i16_p, table)[at]
    return cast(i32_p, table)[at]


@metal(inline=True)
def put_entry_index(keys: DictKeys, at: int, number: int):
    """Store an entry's number there."""
    table = byte_offset(cast(VOID_PTR, keys), 32)
    size = keys.dk_log2_size
    if size < 8:
        cast(i8_p, table)[at] = number
    elif size < 16:
        cast(i16_p, table)[at] = number
    else:
        cast(i32_p, table)[at] = number


@metal(inline=True)
def entry_table(keys: DictKeys) -> VOID_PTR:
    """Where the entries begin."""
    return byte_offset(cast(VOID_PTR, keys), 32 + (1 << keys.dk_log2_index_bytes))


@metal(inline=True)
def entry_slot(d: Obj, number: int) -> obj_p:
    """Where the value of an entry is."""
    keys = Dict(d).ma_keys
    if keys.dk_kind == 0:
        return field_address(cast(KeyEntry, byte_offset(entry_table(keys), number * 24)), "me_value")
    if unlikely(cast(VOID_PTR, Dict(d).ma_values) != None):
        return cast(obj_p, Dict(d).ma_values) + number
    return field_address(cast(UnicodeEntry, byte_offset(entry_table(keys), number * 16)), "me_value")


@metal(inline=True)
def entry_key(keys: DictKeys, number: int) -> Obj:
    """The key of an entry; NULL: it was freed."""
    if keys.dk_kind == 0:
        return cast(KeyEntry, byte_offset(entry_table(keys), number * 24)).me_key
    return cast(UnicodeEntry, byte_offset(entry_table(keys), number * 16)).me_key


@metal(inline=True)
def entry_hash(d: Obj, number: int) -> int:
    """The hash of an entry's key."""
    keys = Dict(d).ma_keys
    if keys.dk_kind == 0:
        return cast(KeyEntry, byte_offset(entry_table(keys), number * 24)).me_hash
    return Ascii(entry_key(keys, number)).hash


@metal(inline=True)
def remember_entry(d: Obj, number: int):
    """Where a look-up ended; a store of this key will try there."""
    last_look.keys = Dict(d).ma_keys
    last_look.number = number
    last_look.seen = Dict(d).ma_version_tag


@metal(inline=True)
def next_version(d: Obj):
    """The dict has changed."""
    versions.last = versions.last - 1
    Dict(d).ma_version_tag = versions.last


@metal(inline=True)
def replace_plain(d: Obj, number: int, value: Obj):
    """Another value for a key that is there; if it holds others, the dict is tracked."""
    slot = entry_slot(d, number)
    old = slot[0]
    slot[0] = new_ref(value)
    next_version(d)
    decref(old)


@metal(inline=True)
def replace_int(d: Obj, number: int, value: int) -> bool:
    """The same for an int; the box there is used again if nobody else has it."""
    slot = entry_slot(d, number)
    old = slot[0]
    own = old.ob_type == PyLong_Type and old.ob_refcnt == 1 and Long(old).ob_size == 1
    if own and ult(value - 257, (1 << 30) - 257):
        field_address(Long(old), "ob_digit")[0] = value
        next_version(d)
        return True
    fresh = new_int(value)
    if unlikely(not fresh):
        return False
    slot[0] = fresh
    next_version(d)
    decref(old)
    return True


@metal(inline=True)
def may_hold_others(o: Obj) -> bool:
    """Whether the collector would want to know of a dict with this in it."""
    return o.ob_type.tp_flags & HAVE_GC != 0


@metal(inline=True)
def is_tracked(d: Obj) -> bool:
    """Whether the collector knows of the dict."""
    return cast(obj_p, byte_offset(cast(VOID_P, d), -16))[0] != None


@metal
def insert_slow(d: Obj, key: Obj, hash: int, value: Obj) -> int:
    """Store by the host; steals the key. 0: it failed, and nothing is changed."""
    failed = _PyDict_SetItem_KnownHash(d, key, value, hash)
    decref(key)
    if likely(failed == 0):
        return 1
    PyErr_Clear()
    return 0


@metal
def insert_new(d: Obj, key: Obj, hash: int, place: int, value: Obj) -> int:
    """A key that is absent, at the free place where its look-up ended; steals the key."""
    if unlikely(not key):
        PyErr_Clear()
        return 0
    keys = Dict(d).ma_keys
    number = keys.dk_nentries
    if keys.dk_usable <= 0 or keys.dk_kind == 2 or (keys.dk_kind == 1 and key.ob_type != PyUnicode_Type):
        return insert_slow(d, key, hash, value)
    tracked = cast(obj_p, byte_offset(cast(VOID_PTR, d), -16))[0] != None
    if (may_hold_others(key) or may_hold_others(value)) and not tracked:
        return insert_slow(d, key, hash, value)
    keys.dk_version = 0
    put_entry_index(keys, place, number)
    if keys.dk_kind == 0:
        entry = cast(KeyEntry, byte_offset(entry_table(keys), number * 24))
        entry.me_hash = hash
        entry.me_key = key
        entry.me_value = new_ref(value)
    else:
        named = cast(UnicodeEntry, byte_offset(entry_table(keys), number * 16))
        named.me_key = key
        named.me_value = new_ref(value)
    keys.dk_usable = keys.dk_usable - 1
    keys.dk_nentries = number + 1
    Dict(d).ma_used = Dict(d).ma_used + 1
    next_version(d)
    return 1


@metal(inline=True)
def again_key(d: Obj, stored: Obj, key: Obj) -> int:
    """again_any; a tuple counts while the dict is as it was, since others of its hash may be asked before it."""
    if key.ob_type == PyTuple_Type:
        return again_tuple(stored, key) if Dict(d).ma_version_tag == last_look.seen else ABSENT
    return again_any(stored, key)


def define_find(name: str, params: str, compare: str) -> None:
    """find_*(d, key..., hash): the number of a key's entry, FREE with its place in `last`, or UNKNOWN."""
    identical = "stored == o" if name == "any" else "False"
    define_metal(f"""
@metal(name="find_{name}")
def find_{name}(d: Obj, {params}, hash: int) -> int:
    keys = Dict(d).ma_keys
    mask = (1 << keys.dk_log2_size) - 1
    entries = entry_table(keys)
    at = hash & mask
    rest = hash
    freed = FREE
    if unlikely(keys.dk_log2_size >= 32):
        return UNKNOWN
    while True:
        number = entry_index(keys, at)
        if number >= 0:
            same = ABSENT
            if keys.dk_kind == 0:
                entry = cast(KeyEntry, byte_offset(entries, number * 24))
                if entry.me_hash == hash:
                    stored = entry.me_key
                    same = {compare}
            else:
                stored = cast(UnicodeEntry, byte_offset(entries, number * 16)).me_key
                if {identical}:
                    same = FOUND
                elif Ascii(stored).hash == hash:
                    same = {compare}
                if unlikely(same == FOUND and keys.dk_kind == 2):
                    return number if entry_slot(d, number)[0] else UNKNOWN
            if same == FOUND:
                return number
            if unlikely(same == UNDECIDED):
                return UNKNOWN
        elif number == FREE:
            last_look.place = at if freed == FREE else freed
            last_look.absent_keys = keys
            last_look.size = keys.dk_log2_size
            last_look.version = Dict(d).ma_version_tag
            return FREE
        elif freed == FREE:
            freed = at
        rest = lshr(rest, 5)
        at = (at * 5 + rest + 1) & mask
""", f"find_{name}", globals())


def define_look(name: str, params: str, args: str, hashing: str) -> None:
    """look_*: find with the hash calculated; look_again_*: where the last look-up ended, first. The key of a look-up
    is kept with the free place where it ended: one that finds its key, in another dict, leaves both as they were."""
    define_metal(f"""
@metal(name="look_{name}", inline=True)
def look_{name}(d: Obj, {params}) -> int:
    hash = {hashing}
    if unlikely(hash == -1):
        PyErr_Clear()
        return UNKNOWN
    number = find_{name}(d, {args}, hash)
    if number == FREE:
        last_look.hash = hash
        {NOTES[name]}
    return number
""", f"look_{name}", globals())
    compare, absent = AGAIN[name]
    define_metal(f"""
@metal(name="look_again_{name}", inline=True)
def look_again_{name}(d: Obj, {params}) -> int:
    keys = Dict(d).ma_keys
    number = last_look.number
    if keys == last_look.keys and ult(number, keys.dk_nentries) and keys.dk_kind != 2:
        stored = entry_key(keys, number)
        if likely(stored):
            if {compare} == FOUND:
                return number
    if {absent}:
        same = keys == last_look.absent_keys and keys.dk_log2_size == last_look.size
        if same and Dict(d).ma_version_tag == last_look.version:
            return FREE
    return look_{name}(d, {args})
""", f"look_again_{name}", globals())


def define_set(name: str, params: str, compare: str) -> None:
    """member_*(s, key..., hash): whether a set has a key."""
    define_metal(f"""
@metal(name="member_{name}")
def member_{name}(s: Obj, {params}, hash: int) -> int:
    mask = Set(s).mask
    table = Set(s).table
    at = hash & mask
    rest = hash
    while True:
        last = at + 9 if at + 9 <= mask else at
        probe = at
        while probe <= last:
            entry = table[probe]
            stored = entry.key
            if not stored:
                return ABSENT
            if entry.hash == hash:
                same = {compare}
                if same != ABSENT:
                    return same
            probe = probe + 1
        rest = lshr(rest, 5)
        at = (at * 5 + 1 + rest) & mask
""", f"member_{name}", globals())


def define_uses(name: str) -> None:
    """What one form of key can do."""
    params, args, compare, hashing, boxing = FORMS[name]
    define_find(name, params, compare)
    define_set(name, params, compare)
    define_look(name, params, args, hashing)
    define_reading(name, params, args)
    define_storing(name, params, args, boxing)
    define_deleting(name, params, args)
    define_set_uses(name, params, args, hashing, boxing)


def define_reading(name: str, params: str, args: str) -> None:
    """rt_dict_item_*, _get_ (borrowed), _has_."""
    again = f"look_again_{name}(d, {args})"
    if name == "any":               # a string knows its hash: the first place in the table is as near
        again = f"look_any(d, o) if o.ob_type == PyUnicode_Type else {again}"
    define_metal(f"""
@metal(name="rt_dict_item_{name}")
def rt_dict_item_{name}(d: Obj, {params}) -> Obj:
    number = {again}
    if unlikely(number < 0):
        return None
    remember_entry(d, number)
    return entry_slot(d, number)[0]
""", f"rt_dict_item_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_get_{name}")
def rt_dict_get_{name}(d: Obj, {params}, default: Obj) -> Obj:
    number = look_{name}(d, {args})
    if number >= 0:
        remember_entry(d, number)
        return entry_slot(d, number)[0]
    return default if number == FREE else None
""", f"rt_dict_get_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_has_{name}")
def rt_dict_has_{name}(d: Obj, {params}) -> int:
    number = look_{name}(d, {args})
    if number >= 0:
        remember_entry(d, number)
        return FOUND
    return ABSENT if number == FREE else UNDECIDED
""", f"rt_dict_has_{name}", globals())


def define_storing(name: str, params: str, args: str, boxing: str) -> None:
    """rt_dict_set_* and rt_dict_put_*, which takes an int unboxed; 0: nothing was done."""
    define_metal(f"""
@metal(name="rt_dict_set_{name}")
def rt_dict_set_{name}(d: Obj, {params}, value: Obj) -> int:
    number = look_again_{name}(d, {args})
    if number >= 0:
        if unlikely(may_hold_others(value) and not is_tracked(d)):
            return insert_slow(d, new_ref(entry_key(Dict(d).ma_keys, number)), entry_hash(d, number), value)
        replace_plain(d, number, value)
        return 1
    if unlikely(number == UNKNOWN):
        return 0
    hash = last_look.hash
    place = last_look.place
    return insert_new(d, {boxing}, hash, place, value)
""", f"rt_dict_set_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_put_{name}")
def rt_dict_put_{name}(d: Obj, {params}, value: int) -> int:
    number = look_again_{name}(d, {args})
    if number >= 0:
        return 1 if replace_int(d, number, value) else 0
    if unlikely(number == UNKNOWN):
        return 0
    hash = last_look.hash
    place = last_look.place
    box = new_int(value)
    if unlikely(not box):
        PyErr_Clear()
        return 0
    done = insert_new(d, {boxing}, hash, place, box)
    decref(box)
    return done
""", f"rt_dict_put_{name}", globals())


def define_deleting(name: str, params: str, args: str) -> None:
    """rt_dict_del_*, and rt_dict_pop_*, which gives the value."""
    define_metal(f"""
@metal(name="rt_dict_del_{name}")
def rt_dict_del_{name}(d: Obj, {params}) -> int:
    number = look_again_{name}(d, {args})
    if number < 0:
        return 0
    key = new_ref(entry_key(Dict(d).ma_keys, number))
    failed = _PyDict_DelItem_KnownHash(d, key, entry_hash(d, number))
    decref(key)
    if unlikely(failed < 0):
        PyErr_Clear()
        return 0
    return 1
""", f"rt_dict_del_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_pop_{name}")
def rt_dict_pop_{name}(d: Obj, {params}) -> Obj:
    number = look_again_{name}(d, {args})
    if number < 0:
        return None
    key = new_ref(entry_key(Dict(d).ma_keys, number))
    value = new_ref(entry_slot(d, number)[0])
    failed = _PyDict_DelItem_KnownHash(d, key, entry_hash(d, number))
    decref(key)
    if likely(failed == 0):
        return value
    PyErr_Clear()
    decref(value)
    return None
""", f"rt_dict_pop_{name}", globals())


def define_set_uses(name: str, params: str, args: str, hashing: str, boxing: str) -> None:
    """rt_set_has_*, rt_set_add_*."""
    define_metal(f"""
@metal(name="rt_set_has_{name}")
def rt_set_has_{name}(s: Obj, {params}) -> int:
    hash = {hashing}
    if unlikely(hash == -1):
        PyErr_Clear()
        return UNDECIDED
    return member_{name}(s, {args}, hash)
""", f"rt_set_has_{name}", globals())
    define_metal(f"""
@metal(name="rt_set_add_{name}")
def rt_set_add_{name}(s: Obj, {params}) -> int:
    how = rt_set_has_{name}(s, {args})
    if how != ABSENT:
        return 1 if how == FOUND else 0
    key = {boxing}
    if not key:
        PyErr_Clear()
        return 0
    failed = PySet_Add(s, key)
    decref(key)
    if unlikely(failed < 0):
        PyErr_Clear()
        return 0
    return 1
""", f"rt_set_add_{name}", globals())


for _form in FORMS:
    define_uses(_form)
DICT_RUNTIME = [f"rt_dict_{use}_{form}" for use in ("item", "get", "has", "set", "put", "del", "pop") for form in FORMS]
DICT_RUNTIME += [f"rt_set_{use}_{form}" for use in ("has", "add") for form in FORMS]
