"""What iterators do at a step, virtual and real: one `plan_*` a kind (iterator_objects.py makes virtual ones real).

    kind            parts                                   real iterator
    range           index length start step                 range_iterator
    listiter        index list                              list_iterator           tupleiter the same
    listback        index list                              list_reverseiterator    tupleback the same
    striter         index str                               str_ascii_iterator
    dictkeyiter     place size left dict                    dict_keyiterator        dictvalueiter, dictitemiter the same
    enumerate       count iterator                          enumerate
    zip             iterators                               zip

Views of dicts are `dictkeys`, `dictvalues`, `dictitems`, with the dict as their part.
A virtual iterator is held in one place only: what would copy it makes it real first (`settle`).
"""
from __future__ import annotations

from ..ir.semantics import MAX, MIN
from .builder import Builder
from .values import NO, Val

RangeIterator, ListIterator, TupleIterator = type(iter(range(0))), type(iter([])), type(iter(()))
TextIterator = type(iter(""))
SEQUENCES = {list: "listiter", tuple: "tupleiter"}
VIEWS = {"dictkeys": type({}.keys()), "dictvalues": type({}.values()), "dictitems": type({}.items())}
DICT_ITERATORS = {"dictkeyiter": (0, None), "dictvalueiter": (1, "dictvalues"), "dictitemiter": (2, "dictitems")}
REAL_DICT = {type(iter({})): 0, type(iter({}.values())): 1, type(iter({}.items())): 2}
ITERATOR_CODES = {1: ListIterator, 2: TupleIterator, 3: RangeIterator, 4: TextIterator}     # iterator_code in the VM
ITERATORS = {"range", "listiter", "tupleiter", "listback", "tupleback", "striter", *DICT_ITERATORS, "enumerate", "zip"}
MOST_ZIPPED = 3
MOST_TURNS = 1 << 62    # of a loop: there is no time for more
AT_ITS_END, ENDED_BEFORE = "an iterator is at its end", "an iterator was at its end before"
CHARACTERS = 8          # offset of the strings in the table of them


class Plan:
    """A step: whether there is an item, what loads it (may leave), what moves on (gives the iterator's new value,
    or None for a real one), what happens at the end."""

    __slots__ = ("more", "item", "advance", "at_end")

    def __init__(self, more: str, item, advance, at_end=lambda: None):
        self.more, self.item, self.advance, self.at_end = more, item, advance, at_end


class Iterators(Builder):
    """Plans and makers."""

    # ------------------------------------------------------------------------------------------- beginning
    def iterator_over(self, val: Val) -> Val | None:
        """A virtual iterator over a value, or None."""
        if val.kind == "rangeobj":
            start, stop, step = val.parts
            return Val("range", parts=(Val("int", "0"), self.range_length(start, stop, step), start, step))
        if val.kind in VIEWS:
            kind = "dictkeyiter" if val.kind == "dictkeys" else val.kind[:-1] + "iter"
            return self.dict_iterator(kind, val.parts[0])
        if val.kind != "obj":
            return None
        kind = self.type_of(val)
        if kind in SEQUENCES:
            return Val(SEQUENCES[kind], parts=(Val("int", "0"), val))
        if kind is range:
            return self.range_iterator(val)
        if kind is dict:
            return self.dict_iterator("dictkeyiter", val)
        if kind is str:
            if val.const is NO:
                self.guard_ascii(val)
            elif not val.const.isascii():
                return None
            return Val("striter", parts=(Val("int", "0"), val))
        return None

    def range_iterator(self, val: Val) -> Val:
        """A virtual iterator over a range object."""
        start, step, length = (self.load("ptr", self.pointer(val), offset, "attr") for offset in (16, 32, 40))
        parts = [Val("int", self.e("long_value", part, x=self.exit_label("a range of large numbers")))
                 for part in (length, start, step)]
        return Val("range", parts=(Val("int", "0"), *parts))

    def dict_iterator(self, kind: str, held: Val) -> Val:
        """A virtual iterator over a dict."""
        size = Val("int", self.load("i64", self.pointer(held), 16, "dict"))
        return Val(kind, parts=(Val("int", "0"), size, size, held))

    def range_length(self, start: Val, stop: Val, step: Val) -> Val:
        """Items of a range, its step known."""
        by = int(step.ssa)
        low, high = (start.ssa, stop.ssa) if by > 0 else (stop.ssa, start.ssa)
        wide = self.checked("int_add", self.checked("int_sub", high, low), str(abs(by) - 1))
        count = self.int_division("FLOORDIV", Val("int", wide), Val("int", str(abs(by)))).ssa
        return Val("int", self.bound(self.e("int_select", self.e("int_gt", count, "0"), count, "0"), 0, MAX))

    # ---------------------------------------------------------------------------------------------- plans
    def plan(self, val: Val) -> Plan | None:
        """The step of a virtual iterator; None: it is none."""
        if val.kind not in ITERATORS:
            return None
        if val.kind in ("listiter", "tupleiter"):
            return self.plan_sequence(val)
        if val.kind in ("listback", "tupleback"):
            return self.plan_back(val)
        if val.kind in DICT_ITERATORS:
            return self.plan_dict(val)
        return getattr(self, "plan_" + val.kind)(val)

    def plan_range(self, val: Val) -> Plan:
        index, length, start, step = val.parts
        self.bound(index.ssa, 0, MOST_TURNS)

        def item(kinds):
            found = self.e("int_add", start.ssa, self.e("int_mul", index.ssa, step.ssa))
            if step.ssa[0] != "%" and found not in (start.ssa, index.ssa):      # it is between start and stop
                first, last = self.range_of(start.ssa)
                self.bound(found, *((MIN + 1, last) if step.ssa[0] == "-" else (first, MAX - 1)))
            return Val("int", found)

        return Plan(self.e("int_lt", index.ssa, length.ssa), item,
                    lambda: Val("range", parts=(self.next_index(index), length, start, step)))

    def next_index(self, index: Val, by: str = "1") -> Val:
        """One further."""
        return Val("int", self.e("int_add", index.ssa, by))

    def plan_sequence(self, val: Val) -> Plan:
        index, sequence = val.parts
        kind = list if val.kind == "listiter" else tuple
        pointer = self.pointer(sequence)
        size = self.load("i64", pointer, 16, kind.__name__)
        return Plan(self.e("int_lt", index.ssa, size),
                    lambda kinds: self.loaded_item(self.item_at(pointer, index.ssa, kind), kinds),
                    lambda: Val(val.kind, parts=(self.next_index(index), sequence)))

    def plan_back(self, val: Val) -> Plan:
        index, sequence = val.parts
        kind = list if val.kind == "listback" else tuple
        pointer = self.pointer(sequence)
        size = self.load("i64", pointer, 16, kind.__name__)
        return Plan(self.e("int_ult", index.ssa, size),
                    lambda kinds: self.loaded_item(self.item_at(pointer, index.ssa, kind), kinds),
                    lambda: Val(val.kind, parts=(self.next_index(index, "-1"), sequence)))

    def plan_striter(self, val: Val) -> Plan:
        index, text = val.parts
        pointer = self.pointer(text)
        size = self.load("i64", pointer, 16, "str")
        return Plan(self.e("int_lt", index.ssa, size), lambda kinds: self.character(pointer, index.ssa),
                    lambda: Val("striter", parts=(self.next_index(index), text)))

    def character(self, pointer: str, index: str) -> Val:
        """A character of an ASCII string."""
        code = self.load("u8", self.e("index", pointer, index, x="i8"), 48, "str")
        return Val("char", parts=(Val("int", code),))

    def plan_dict(self, val: Val) -> Plan:
        place, size, left, held = val.parts
        now = self.load("i64", self.pointer(held), 16, "dict")
        self.guard(self.e("int_eq", now, size.ssa), "a dict changed its size during a loop over it")
        view = DICT_ITERATORS[val.kind][0]
        following, key, value = self.dict_entry(self.pointer(held), place.ssa)

        def item(kinds):
            self.guard(self.e("int_gt", left.ssa, "0"), "the keys of a dict changed during a loop over it")
            return self.entry_item(view, key, value, kinds)

        return Plan(self.e("int_ge", following, "0"), item,
                    lambda: Val(val.kind, parts=(Val("int", following), size, self.next_index(left, "-1"), held)))

    def dict_entry(self, pointer: str, place: str) -> tuple[str, str, str]:
        """The place behind the next entry (-1: there is none), its key and value."""
        following = self.e("call_i", pointer, place, x=self.api("rt_dict_next"))
        entry = self.const_word(self.info["dict_entry"])
        return following, self.load("ptr", entry, 0, "jit"), self.load("ptr", entry, 8, "jit")

    def entry_item(self, view: int, key: str, value: str, kinds: set) -> Val:
        """What a loop over keys (0), values (1) or items (2) gets of an entry."""
        if view == 2:
            return Val("tuple", parts=(Val("obj", key), Val("obj", value)))
        return self.loaded_item(value if view else key, kinds)

    def plan_enumerate(self, val: Val) -> Plan:
        count, inner = val.parts
        plan = self.plan(inner)
        self.bound(count.ssa, MIN, 3 * MOST_TURNS // 2)        # it began below 1 << 62
        return Plan(plan.more, lambda kinds: Val("tuple", parts=(count, plan.item(set()))),
                    lambda: Val("enumerate", parts=(self.next_index(count), plan.advance())))

    def plan_zip(self, val: Val) -> Plan:
        plans = [self.plan(part) for part in val.parts]
        return Plan(self.all_more(plans), lambda kinds: Val("tuple", parts=tuple(plan.item(set()) for plan in plans)),
                    lambda: Val("zip", parts=tuple(plan.advance() for plan in plans)))

    def all_more(self, plans: list) -> str:
        """Whether all of several iterators have an item."""
        more = plans[0].more
        for plan in plans[1:]:
            more = self.e("bool_and", more, plan.more)
        return more

    # ------------------------------------------------------------------------------------- real iterators
    def plan_object(self, instr, val: Val, kind: type) -> Plan | None:
        """The step of an iterator object; None: not this way."""
        if kind in (RangeIterator, ListIterator, TupleIterator, TextIterator):
            return self.plan_real(self.pointer(self.guard_type(val, kind)), kind)
        if kind in REAL_DICT:
            return self.plan_real_dict(self.pointer(self.guard_type(val, kind)), REAL_DICT[kind])
        if kind not in (enumerate, zip) or len(self.seen.shapes) != 1:
            return None
        (shape,) = self.seen.shapes
        types = [ITERATOR_CODES.get(shape >> 8 * at & 255) for at in range((shape.bit_length() + 7) // 8)]
        if not types or None in types:
            return None
        pointer = self.pointer(self.guard_type(val, kind))
        return self.plan_real_enumerate(pointer, types[0]) if kind is enumerate else self.plan_real_zip(pointer, types)

    def plan_real(self, pointer: str, kind: type) -> Plan:
        """An iterator object over a range or sequence: its index is kept in it."""
        index = self.load("i64", pointer, 16, "iter")

        def advance():
            self.store("i64", pointer, self.e("int_add", index, "1"), 16, "iter")

        if kind is RangeIterator:
            size = self.load("i64", pointer, 40, "iter")
            start, step = self.load("i64", pointer, 24, "iter"), self.load("i64", pointer, 32, "iter")
            return Plan(self.e("int_lt", index, size),
                        lambda kinds: Val("int", self.e("int_add", start, self.e("int_mul", index, step))), advance)
        sequence = self.load("ptr", pointer, 24, "iter")
        self.guard(self.e("ptr_ne", sequence, "null"), ENDED_BEFORE)
        alias = {ListIterator: "list", TupleIterator: "tuple", TextIterator: "str"}[kind]
        size = self.load("i64", sequence, 16, alias)

        def item(kinds):
            if kind is TextIterator:
                return self.character(sequence, index)
            return self.loaded_item(self.item_at(sequence, index, list if kind is ListIterator else tuple), kinds)

        return Plan(self.e("int_lt", index, size), item, advance, lambda: self.exhaust(pointer))

    def exhaust(self, pointer: str) -> None:
        """An iterator object is asked once more, at its end: it lets go what it held."""
        self.secure()
        self.do("call_none", pointer, x=self.api("rt_next"))
        self.cx.facts.clear()

    def plan_real_dict(self, pointer: str, view: int) -> Plan:
        """An iterator object over a dict."""
        held = self.load("ptr", pointer, 16, "iter")
        self.guard(self.e("ptr_ne", held, "null"), ENDED_BEFORE)
        size, left = self.load("i64", pointer, 24, "iter"), self.load("i64", pointer, 48, "iter")
        now = self.load("i64", held, 16, "dict")
        self.guard(self.e("int_eq", now, size), "a dict changed its size during a loop over it")
        following, key, value = self.dict_entry(held, self.load("i64", pointer, 32, "iter"))

        def item(kinds):
            self.guard(self.e("int_gt", left, "0"), "the keys of a dict changed during a loop over it")
            return self.entry_item(view, key, value, kinds)

        def advance():
            self.store("i64", pointer, following, 32, "iter")
            self.store("i64", pointer, self.e("int_add", left, "-1"), 48, "iter")

        return Plan(self.e("int_ge", following, "0"), item, advance, lambda: self.exhaust(pointer))

    def inner_plan(self, inner: str, kind: type) -> Plan:
        """The step of an iterator inside of another."""
        found = self.load("ptr", inner, 8, "type")
        self.guard(self.e("ptr_eq", found, self.const_object(kind)), "an iterator goes over something of another type")
        return self.plan_real(inner, kind)

    def plan_real_enumerate(self, pointer: str, kind: type) -> Plan:
        """An enumerate object."""
        count = self.load("i64", pointer, 16, "iter")
        self.guard(self.e("int_lt", count, str((1 << 63) - 2)), "a count leaves 64 bits")
        plan = self.inner_plan(self.load("ptr", pointer, 24, "iter"), kind)

        def advance():
            plan.advance()
            self.store("i64", pointer, self.e("int_add", count, "1"), 16, "iter")

        return Plan(plan.more, lambda kinds: Val("tuple", parts=(Val("int", count), plan.item(set()))), advance,
                    lambda: self.exhaust(pointer))

    def plan_real_zip(self, pointer: str, types: list) -> Plan:
        """A zip object over different iterators."""
        size = self.load("i64", pointer, 16, "iter")
        self.guard(self.e("int_eq", size, str(len(types))), "a zip goes over another number of iterators")
        iterators = self.load("ptr", pointer, 24, "iter")
        inner = [self.load("ptr", iterators, 24 + 8 * at, "tuple") for at in range(len(types))]
        for at, one in enumerate(inner):
            for other in inner[:at]:
                self.guard(self.e("ptr_ne", one, other), "a zip goes over one iterator twice")
        plans = [self.inner_plan(one, kind) for one, kind in zip(inner, types)]

        def advance():
            for plan in plans:
                plan.advance()

        return Plan(self.all_more(plans), lambda kinds: Val("tuple", parts=tuple(plan.item(set()) for plan in plans)),
                    advance, lambda: self.exhaust(pointer))


__all__ = ["Iterators", "Plan", "NO"]
