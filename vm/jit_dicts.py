"""Dicts and sets for compiled code: look-ups that never run code of the program.

    rt_dict_get_int(d, 7, default) -> value, default, or NULL: the interpreter must do it

A look-up compares keys, and comparing may call `__eq__` of the program's classes. So these functions walk the host's
tables themselves: as long as what they meet is plain (strings, numbers, None, bytes, tuples of such) they decide; else
they say UNDECIDED, and compiled code leaves for the interpreter before anything has happened.

A pair is a tuple of two that exists only in compiled code: each item as (word, tag), as in a register.
"""
from __future__ import annotations

from ..codegen.metal import Static, define_metal, pointer_to, struct
from .handlers.recording import *  # noqa: F403

ABSENT, FOUND, UNDECIDED = 0, 1, 2
i8_p, i16_p, i32_p = pointer_to("i8"), pointer_to("i16"), pointer_to("i32")
VOID_PTR = pointer_to("u8")
SetEntry = struct("SetEntry", "key:Obj@0 hash:i64@8", 16)
SetTable = struct("SetTable", "mask:i64@32 table:SetEntry@40", 200)
Entry = struct("DictFound", "key:Obj@0 value:Obj@8 hash:i64@16 slot:Obj*@24", 32)
Versions = struct("DictVersions", "last:i64", 8)
versions = Static("fire_dict_versions", Versions)   # of dicts changed here: from -1 down; the host's count up
HAVE_GC = 1 << 14
MODULUS = (1 << 61) - 1             # of the host's hashes of numbers
PRIME_1, PRIME_2, PRIME_5 = 11400714785074694791 - (1 << 64), 14029467366897019727 - (1 << 64), 2870177450012600261
PAIR_LENGTH = 2 ^ PRIME_5 ^ 3527539
EQUAL = 2                           # Py_EQ


@metal
def is_plain(o: Obj) -> bool:
    """Whether hashing and comparing the object runs no code of the program."""
    kind = o.ob_type
    return (kind == PyUnicode_Type or kind == PyLong_Type or kind == PyFloat_Type or kind == PyBool_Type
            or o == Py_None or kind == PyBytes_Type)


@metal
def is_plain_key(o: Obj) -> bool:
    """The same; tuples of plain objects, and of tuples of such, count."""
    if is_plain(o):
        return True
    if o.ob_type != PyTuple_Type:
        return False
    items = field_address(Tuple(o), "ob_item")
    for i in range(VarObj(o).ob_size):
        if not is_plain(items[i]):
            if items[i].ob_type != PyTuple_Type:
                return False
            inner = field_address(Tuple(items[i]), "ob_item")
            for k in range(VarObj(items[i]).ob_size):
                if not is_plain(inner[k]):
                    return False
    return True


@metal
def key_hash(key: Obj) -> int:
    """Hash of a plain key; -1: it is none."""
    if key.ob_type == PyUnicode_Type:
        found = Ascii(key).hash
        if likely(found != -1):
            return found
        return PyObject_Hash(key)
    if not is_plain_key(key):
        return -1
    return PyObject_Hash(key)


@metal(inline=True)
def int_hash(n: int) -> int:
    """The host's hash of an int."""
    size = -n if n < 0 else n
    h = (size & MODULUS) + lshr(size, 61)
    if h >= MODULUS:
        h = h - MODULUS
    if n < 0:
        h = -h
    return -2 if h == -1 else h


@metal
def same_key(stored: Obj, key: Obj) -> int:
    """Whether two keys of one hash are equal; the second is plain."""
    if stored == key:
        return FOUND
    if stored.ob_type == PyUnicode_Type and key.ob_type == PyUnicode_Type:
        return FOUND if _PyUnicode_EQ(stored, key) != 0 else ABSENT
    if not is_plain_key(stored):
        return UNDECIDED
    return FOUND if PyObject_RichCompareBool(stored, key, EQUAL) > 0 else ABSENT


@metal(inline=True)
def is_int(stored: Obj, n: int) -> int:
    """Whether a key of the same hash is the int n."""
    if likely(is_small_long(stored)):
        return FOUND if long_value(stored) == n else ABSENT
    if stored.ob_type == PyUnicode_Type or stored.ob_type == PyTuple_Type:
        return ABSENT
    return UNDECIDED


@metal(inline=True)
def is_item(stored: Obj, word: int, tag: int) -> int:
    """Whether an item of a stored tuple equals an item of a pair."""
    if tag == INT:
        return is_int(stored, word)
    return same_key(stored, cast(Obj, word))


@metal
def is_pair(stored: Obj, a: int, ta: int, b: int, tb: int) -> int:
    """Whether a key of the same hash is the pair (a, b)."""
    if unlikely(stored.ob_type != PyTuple_Type or VarObj(stored).ob_size != 2):
        return ABSENT if is_plain_key(stored) else UNDECIDED
    items = field_address(Tuple(stored), "ob_item")
    first = is_item(items[0], a, ta)
    if first != FOUND:
        return first
    return is_item(items[1], b, tb)


@metal(inline=True)
def item_hash(word: int, tag: int) -> int:
    """Hash of a pair's item; -1: it is not plain."""
    if tag == INT:
        return int_hash(word)
    return key_hash(cast(Obj, word))


@metal
def pair_hash(a: int, ta: int, b: int, tb: int) -> int:
    """The host's hash of a tuple of two; -1: not plain."""
    first = item_hash(a, ta)
    second = item_hash(b, tb)
    if unlikely(first == -1 or second == -1):
        return -1
    acc = PRIME_5 + first * PRIME_2
    acc = ((acc << 31) | lshr(acc, 33)) * PRIME_1
    acc = acc + second * PRIME_2
    acc = ((acc << 31) | lshr(acc, 33)) * PRIME_1
    acc = acc + PAIR_LENGTH
    return 1546275796 if acc == -1 else acc


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


def define_dict(name: str, params: str, compare: str) -> None:
    """find_*(d, key..., hash, found): the entry of a key in a dict."""
    define_metal(f"""
@metal(name="find_{name}")
def find_{name}(d: Obj, {params}, hash: int, found: Entry) -> int:
    keys = Dict(d).ma_keys
    mask = (1 << keys.dk_log2_size) - 1
    entries = byte_offset(cast(VOID_PTR, keys), 32 + (1 << keys.dk_log2_index_bytes))
    at = hash & mask
    rest = hash
    if keys.dk_log2_size >= 32:
        return UNDECIDED
    while True:
        number = entry_index(keys, at)
        if number >= 0:
            if keys.dk_kind == 0:
                entry = cast(KeyEntry, byte_offset(entries, number * 24))
                if entry.me_hash == hash:
                    stored = entry.me_key
                    same = {compare}
                    if same == FOUND:
                        found.key = stored
                        found.value = entry.me_value
                        found.slot = field_address(entry, "me_value")
                        return FOUND
                    if same == UNDECIDED:
                        return UNDECIDED
            else:
                named = cast(UnicodeEntry, byte_offset(entries, number * 16))
                stored = named.me_key
                if Ascii(stored).hash == hash:
                    same = {compare}
                    if same == FOUND:
                        found.key = stored
                        found.value = named.me_value
                        found.slot = field_address(named, "me_value")
                        if cast(VOID_PTR, Dict(d).ma_values):
                            found.slot = cast(obj_p, Dict(d).ma_values) + number
                            found.value = found.slot[0]
                            if not found.value:
                                return ABSENT
                        return FOUND
                    if same == UNDECIDED:
                        return UNDECIDED
        elif number == -1:
            return ABSENT
        rest = lshr(rest, 5)
        at = (at * 5 + rest + 1) & mask
""", f"find_{name}", globals())


def define_set(name: str, params: str, compare: str) -> None:
    """member_*(s, key..., hash): whether a set has a key."""
    define_metal(f"""
@metal(name="member_{name}")
def member_{name}(s: Obj, {params}, hash: int) -> int:
    mask = SetTable(s).mask
    table = SetTable(s).table
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


FORMS = {       # parameters, arguments, comparison with a stored key of one hash, hash, the key as an object (owned)
    "int": ("n: int", "n", "is_int(stored, n)", "int_hash(n)", "new_int(n)"),
    "any": ("o: Obj", "o", "same_key(stored, o)", "key_hash(o)", "new_ref(o)"),
    "pair": ("a: int, ta: int, b: int, tb: int", "a, ta, b, tb", "is_pair(stored, a, ta, b, tb)",
             "pair_hash(a, ta, b, tb)", "new_pair(a, ta, b, tb)"),
}


@metal
def new_pair(a: int, ta: int, b: int, tb: int) -> Obj:
    """A pair as a tuple."""
    made = PyTuple_New(2)
    if not made:
        return None
    items = field_address(Tuple(made), "ob_item")
    items[0] = new_int(a) if ta == INT else new_ref(cast(Obj, a))
    items[1] = new_int(b) if tb == INT else new_ref(cast(Obj, b))
    return made


@metal(inline=True)
def replace_plain(d: Obj, slot: obj_p, value: Obj):
    """Another value for a key that is there; the value holds no others, so that the dict may stay untracked."""
    old = slot[0]
    slot[0] = new_ref(value)
    versions.last = versions.last - 1
    Dict(d).ma_version_tag = versions.last
    decref(old)


def define_uses(name: str) -> None:
    """rt_dict_get_*, _item_, _has_, _set_, _del_ and rt_set_has_*, _add_ of one form of key."""
    params, args, compare, hashing, boxing = FORMS[name]
    define_dict(name, params, compare)
    define_set(name, params, compare)
    define_metal(f"""
@metal(name="look_{name}")
def look_{name}(d: Obj, {params}, found: Entry) -> int:
    hash = {hashing}
    if unlikely(hash == -1):
        PyErr_Clear()
        return UNDECIDED
    found.hash = hash
    return find_{name}(d, {args}, hash, found)
""", f"look_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_item_{name}")
def rt_dict_item_{name}(d: Obj, {params}) -> Obj:
    found = stack(Entry, 1)
    return found.value if look_{name}(d, {args}, found) == FOUND else None
""", f"rt_dict_item_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_get_{name}")
def rt_dict_get_{name}(d: Obj, {params}, default: Obj) -> Obj:
    found = stack(Entry, 1)
    how = look_{name}(d, {args}, found)
    if how == FOUND:
        return found.value
    return default if how == ABSENT else None
""", f"rt_dict_get_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_has_{name}")
def rt_dict_has_{name}(d: Obj, {params}) -> int:
    found = stack(Entry, 1)
    return look_{name}(d, {args}, found)
""", f"rt_dict_has_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_set_{name}")
def rt_dict_set_{name}(d: Obj, {params}, value: Obj) -> int:
    found = stack(Entry, 1)
    how = look_{name}(d, {args}, found)
    if how == UNDECIDED:
        return 0
    if how == FOUND and value.ob_type.tp_flags & HAVE_GC == 0:
        replace_plain(d, found.slot, value)
        return 1
    key = new_ref(found.key) if how == FOUND else {boxing}
    if not key:
        PyErr_Clear()
        return 0
    failed = _PyDict_SetItem_KnownHash(d, key, value, found.hash)
    decref(key)
    if unlikely(failed < 0):
        PyErr_Clear()
        return 0
    return 1
""", f"rt_dict_set_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_del_{name}")
def rt_dict_del_{name}(d: Obj, {params}) -> int:
    found = stack(Entry, 1)
    if look_{name}(d, {args}, found) != FOUND:
        return 0
    key = new_ref(found.key)
    failed = _PyDict_DelItem_KnownHash(d, key, found.hash)
    decref(key)
    if unlikely(failed < 0):
        PyErr_Clear()
        return 0
    return 1
""", f"rt_dict_del_{name}", globals())
    define_metal(f"""
@metal(name="rt_dict_pop_{name}")
def rt_dict_pop_{name}(d: Obj, {params}) -> Obj:
    found = stack(Entry, 1)
    if look_{name}(d, {args}, found) != FOUND:
        return None
    key = new_ref(found.key)
    value = new_ref(found.value)
    failed = _PyDict_DelItem_KnownHash(d, key, found.hash)
    decref(key)
    if likely(failed == 0):
        return value
    PyErr_Clear()
    decref(value)
    return None
""", f"rt_dict_pop_{name}", globals())
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
DICT_RUNTIME = [f"rt_dict_{use}_{form}" for use in ("item", "get", "has", "set", "del", "pop") for form in FORMS]
DICT_RUNTIME += [f"rt_set_{use}_{form}" for use in ("has", "add") for form in FORMS]
