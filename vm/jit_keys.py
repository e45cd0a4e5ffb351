"""Plain keys of dicts and sets for compiled code: hashes and comparisons that never run code of the program.

    key_hash((1, "a")) -> the host's hash            same_key(stored, key) -> FOUND, ABSENT or UNDECIDED

Plain are strings, numbers, None, bytes, and tuples of such. A pair is a tuple of two that exists only in compiled code:
each item as (word, tag), as in a register.
"""
from __future__ import annotations

from .handlers.recording import *  # noqa: F403

ABSENT, FOUND, UNDECIDED = 0, 1, 2
MODULUS = (1 << 61) - 1             # of the host's hashes of numbers
PRIME_1, PRIME_2, PRIME_5 = 11400714785074694791 - (1 << 64), 14029467366897019727 - (1 << 64), 2870177450012600261
PAIR_LENGTH = 2 ^ PRIME_5 ^ 3527539
HASH_OF_MINUS_ONE = 1546275796      # what the host makes of a tuple's -1
EQUAL = 2                           # Py_EQ
SHORT_TEXT = 8                      # characters that are compared one by one


@metal(inline=True)
def or_nothing(made: Obj) -> Obj:
    """No exception stays behind."""
    if unlikely(not made):
        PyErr_Clear()
    return made


@metal(inline=True)
def is_plain(o: Obj) -> bool:
    """Whether hashing and comparing the object runs no code of the program."""
    kind = o.ob_type
    return (kind == PyUnicode_Type or kind == PyLong_Type or kind == PyFloat_Type or kind == PyBool_Type
            or o == Py_None or kind == PyBytes_Type or kind == PyComplex_Type)


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


@metal(inline=True)
def simple_hash(o: Obj) -> int:
    """Hash of a string or bytes that know it, or of an int; -1: not so simple."""
    if o.ob_type == PyUnicode_Type:
        return Ascii(o).hash
    if o.ob_type == PyBytes_Type:
        return Bytes(o).ob_shash
    if likely(o.ob_type == PyLong_Type):
        size = Long(o).ob_size
        if likely(ult(size + 1, 3)):
            one = size * field_address(Long(o), "ob_digit")[0]
            return -2 if one == -1 else one
        if ult(size + 2, 5):
            return int_hash(long_value(o))
    return -1


@metal(inline=True)
def mixed(acc: int, hash: int) -> int:
    """A tuple's hash with one more item's."""
    acc = acc + hash * PRIME_2
    return ((acc << 31) | lshr(acc, 33)) * PRIME_1


@metal
def key_hash_slow(key: Obj) -> int:
    """Hash of a plain key; -1: it is none."""
    if not is_plain_key(key):
        return -1
    return PyObject_Hash(key)


@metal
def tuple_hash(key: Obj) -> int:
    """Hash of a tuple that is a plain key; -1: it is none."""
    acc = PRIME_5
    size = VarObj(key).ob_size
    items = field_address(Tuple(key), "ob_item")
    for i in range(size):
        hash = simple_hash(items[i])
        if unlikely(hash == -1):
            return key_hash_slow(key)
        acc = mixed(acc, hash)
    acc = acc + (size ^ PRIME_5 ^ 3527539)
    return HASH_OF_MINUS_ONE if acc == -1 else acc


@metal(inline=True)
def key_hash(key: Obj) -> int:
    """Hash of a plain key; -1: it is none."""
    found = simple_hash(key)
    if likely(found != -1):
        return found
    return tuple_hash(key) if key.ob_type == PyTuple_Type else key_hash_slow(key)


@metal(inline=True)
def equal_texts(a: Obj, b: Obj) -> bool:
    """Whether two strings are equal; most that are asked are short and have one hash."""
    if (Ascii(a).state & Ascii(b).state & 0xE0) == 0xE0:        # compact, ascii, ready
        length = Ascii(a).length
        if Ascii(b).length != length:
            return False
        if length <= SHORT_TEXT:
            for i in range(length):
                if ascii_data(a)[i] != ascii_data(b)[i]:
                    return False
            return True
    return _PyUnicode_EQ(a, b) != 0


@metal
def same_key_slow(stored: Obj, key: Obj) -> int:
    """Whether two keys of one hash are equal; the second is plain."""
    if stored.ob_type == PyUnicode_Type and key.ob_type == PyUnicode_Type:
        return FOUND if equal_texts(stored, key) else ABSENT
    if stored.ob_type == PyBytes_Type and key.ob_type == PyBytes_Type:
        size = VarObj(key).ob_size
        if VarObj(stored).ob_size != size:
            return ABSENT
        same = memcmp(field_address(Bytes(stored), "ob_sval"), field_address(Bytes(key), "ob_sval"), size)
        return FOUND if same == 0 else ABSENT
    if stored.ob_type == PyTuple_Type and key.ob_type == PyTuple_Type:
        size = VarObj(key).ob_size
        left = field_address(Tuple(stored), "ob_item")
        right = field_address(Tuple(key), "ob_item")
        i = 0 if VarObj(stored).ob_size == size else size + 1
        while i < size and (left[i] == right[i] or (is_small_long(left[i]) and is_small_long(right[i])
                                                    and long_value(left[i]) == long_value(right[i]))):
            i = i + 1
        if i == size:
            return FOUND
    if not is_plain_key(stored):
        return UNDECIDED
    return FOUND if PyObject_RichCompareBool(stored, key, EQUAL) > 0 else ABSENT


@metal(inline=True)
def same_key(stored: Obj, key: Obj) -> int:
    """The same, at once if they are one object."""
    return FOUND if stored == key else same_key_slow(stored, key)


@metal
def is_int_slow(stored: Obj, n: int) -> int:
    """Whether a key that is no small int equals one."""
    if stored.ob_type == PyBool_Type:
        return FOUND if n == (1 if stored == Py_True else 0) else ABSENT
    if stored.ob_type == PyUnicode_Type or stored.ob_type == PyTuple_Type:
        return ABSENT
    return UNDECIDED


@metal(inline=True)
def is_int(stored: Obj, n: int) -> int:
    """Whether a key of the same hash is the int n."""
    if likely(is_small_long(stored)):
        return FOUND if long_value(stored) == n else ABSENT
    return is_int_slow(stored, n)


@metal(inline=True)
def is_item(stored: Obj, word: int, tag: int) -> int:
    """Whether an item of a stored tuple equals an item of a pair."""
    if tag == INT:
        return is_int(stored, word)
    return same_key(stored, cast(Obj, word))


@metal(inline=True)
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


@metal(inline=True)
def pair_hash(a: int, ta: int, b: int, tb: int) -> int:
    """The host's hash of a tuple of two; -1: not plain."""
    first = item_hash(a, ta)
    second = item_hash(b, tb)
    if unlikely(first == -1 or second == -1):
        return -1
    acc = mixed(mixed(PRIME_5, first), second) + PAIR_LENGTH
    return HASH_OF_MINUS_ONE if acc == -1 else acc


@metal
def new_pair(a: int, ta: int, b: int, tb: int) -> Obj:
    """A pair as a tuple."""
    made = PyTuple_New(2)
    if not made:
        return None
    items = field_address(Tuple(made), "ob_item")
    items[0] = new_int(a) if ta == INT else new_ref(cast(Obj, a))
    items[1] = new_int(b) if tb == INT else new_ref(cast(Obj, b))
    if unlikely(not items[0] or not items[1]):
        decref(made)
        return None
    return made


@metal
def again_tuple(stored: Obj, key: Obj) -> int:
    """Whether a key is the tuple that was found before: of small ints and of plain objects that are the
    stored one's."""
    size = VarObj(key).ob_size
    if stored.ob_type != PyTuple_Type or VarObj(stored).ob_size != size:
        return ABSENT
    left = field_address(Tuple(stored), "ob_item")
    right = field_address(Tuple(key), "ob_item")
    for i in range(size):
        if is_small_long(left[i]) and is_small_long(right[i]):
            if long_value(left[i]) != long_value(right[i]):
                return ABSENT
        elif left[i] != right[i] or not is_plain(left[i]):
            return ABSENT
    return FOUND


@metal(inline=True)
def again_any(stored: Obj, key: Obj) -> int:
    """Whether a key, plain or not, is a plain one that was found before."""
    if key.ob_type == PyUnicode_Type:
        if stored == key:
            return FOUND
        if stored.ob_type == PyUnicode_Type and Ascii(stored).length == Ascii(key).length:
            if Ascii(key).hash != -1 and Ascii(key).hash != Ascii(stored).hash:
                return ABSENT
            return FOUND if _PyUnicode_EQ(stored, key) != 0 else ABSENT
        return ABSENT
    return FOUND if stored == key and is_plain_key(key) else ABSENT


@metal(inline=True)
def again_item(stored: Obj, word: int, tag: int) -> int:
    """The same of an item of a pair."""
    if tag == INT:
        return is_int(stored, word)
    return again_any(stored, cast(Obj, word))


@metal(inline=True)
def again_pair(stored: Obj, a: int, ta: int, b: int, tb: int) -> int:
    """The same of a pair."""
    if stored.ob_type != PyTuple_Type or VarObj(stored).ob_size != 2:
        return ABSENT
    items = field_address(Tuple(stored), "ob_item")
    if again_item(items[0], a, ta) != FOUND:
        return ABSENT
    return again_item(items[1], b, tb)


FORMS = {       # parameters, arguments, comparison with a stored key of one hash, hash, the key as an object (owned)
    "int": ("n: int", "n", "is_int(stored, n)", "int_hash(n)", "new_int(n)"),
    "any": ("o: Obj", "o", "same_key(stored, o)", "key_hash(o)", "new_ref(o)"),
    "pair": ("a: int, ta: int, b: int, tb: int", "a, ta, b, tb", "is_pair(stored, a, ta, b, tb)",
             "pair_hash(a, ta, b, tb)", "new_pair(a, ta, b, tb)"),
    "ints": ("a: int, b: int", "a, b", "is_pair(stored, a, 1, b, 1)", "pair_hash(a, 1, b, 1)", "new_pair(a, 1, b, 1)"),
}
AGAIN = {       # comparison with a stored key whatever its hash; whether a look-up that failed was for this key
    "int": ("is_int(stored, n)", "last_look.form == 1 and last_look.a == n"),
    "any": ("again_key(d, stored, o)", "False"),
    "pair": ("again_pair(stored, a, ta, b, tb)", "False"),
    "ints": ("again_pair(stored, a, 1, b, 1)", "last_look.form == 2 and last_look.a == a and last_look.b == b"),
}
NOTES = {       # what a look-up that failed says of its key
    "int": "last_look.form = 1\n        last_look.a = n", "any": "last_look.form = 0", "pair": "last_look.form = 0",
    "ints": "last_look.form = 2\n        last_look.a = a\n        last_look.b = b",
}
