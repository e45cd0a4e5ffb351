"""The baseline compiler: machine code of a region at once, a thousandth of the time that LLVM takes.

    baseline(words, code's address, its bytes) -> bytes written; negative: so many would have been needed

The code is not clever: each operation is a few instructions, by the rows of `ir/ops.py`, values are where
baseline_plan.py puts them. It runs half as fast as LLVM's best, but for loops over numbers, and those are compiled
again once they turn long enough. Conventions, exits, tables are those of codegen/lower.py: code of both kinds calls and
follows each other.
"""
from __future__ import annotations

from ..codegen.metal import define_metal
from .baseline_ops import *  # noqa: F403

HEADER_FIELDS = {name: number for number, name in enumerate(HEADER)}


@metal
def read_header(words: words_p, count: int):
    """The header; the rest of the plan is empty."""
    zero(cast(VOID_P, plan), sizeof(Baseline))
    plan.values = words[HEADER_FIELDS["values"]]
    plan.blocks = words[HEADER_FIELDS["blocks"]]
    plan.consts = words[HEADER_FIELDS["consts"]]
    plan.counters = words[HEADER_FIELDS["counters"]]
    plan.exits = words[HEADER_FIELDS["exits"]]
    plan.alive = words[HEADER_FIELDS["alive"]]
    plan.rt_exit = words[HEADER_FIELDS["rt_exit"]]
    plan.jit = words[HEADER_FIELDS["jit"]]
    plan.out_pc = words[HEADER_FIELDS["out_pc"]]
    plan.out_frame = words[HEADER_FIELDS["out_frame"]]
    plan.frame_size = words[HEADER_FIELDS["frame_size"]]
    plan.stress = words[HEADER_FIELDS["stress"]]
    plan.stress_counter = words[HEADER_FIELDS["stress_counter"]]
    plan.turns = words[HEADER_FIELDS["turns"]]
    plan.lines = cast(words_p, words[HEADER_FIELDS["lines"]])
    plan.literals = words + HEADER_WORDS
    plan.first = plan.literals + words[HEADER_FIELDS["literals"]]
    plan.end = words + count


def _define_lay_out() -> None:
    """Arrays by what they have a word for: values, blocks, records, positions."""
    sizes = {"values": "begin last weight uses place home number hint floats following slot_last",
             "blocks + 1": "record order place_in_order from_at to_at depth label edge_first stubs",
             "3 * records": "edges", "records + blocks + 2": "calls steps clobbers starting",
             "3 * records + blocks": "fix_at fix_to", "records": "slow_at slow_back slow_word slow_line",
             "values + 16": "move_from move_to move_word"}
    total = " + ".join(f"{len(names.split())} * ({size})" for size, names in sizes.items())
    lines = ["@metal(name='words_needed')", "def words_needed(values: int, blocks: int, records: int) -> int:",
             f"    return {total}", "", "@metal(name='lay_out')", "def lay_out(at: words_p, records: int):",
             "    values = plan.values", "    blocks = plan.blocks"]
    for size, names in sizes.items():
        for name in names.split():
            lines += [f"    plan.{name} = at", f"    at = at + ({size})"]
    define_metal("\n".join(lines) + "\n", "lay_out", globals())


_define_lay_out()


@metal
def count_records() -> int:
    """All records."""
    count = 0
    record = plan.first
    while record < plan.end:
        count = count + 1
        record = next_record(record)
    return count


@metal
def make_sets() -> Obj:
    """Memory for the sets of values that blocks share, empty."""
    size = 3 * plan.blocks * plan.wide_words + plan.wide_words + 1
    memory = cast(words_p, PyMem_RawCalloc(size, 8))
    if memory:
        plan.in_sets = memory
        plan.gen_sets = memory + plan.blocks * plan.wide_words
        plan.kill_sets = memory + 2 * plan.blocks * plan.wide_words
        plan.out_set = memory + 3 * plan.blocks * plan.wide_words
    return cast(Obj, memory)


@metal
def decide(first: int) -> bool:
    """Order and places; False: there is no memory."""
    find_blocks()
    put_in_order(first)
    find_depths()
    note_all()
    sets = make_sets()
    if not sets:
        return False
    fill_sets()
    iterate_sets()
    extend_wide()
    PyMem_RawFree(cast(VOID_P, sets))
    give_places()
    return True


@metal
def write_code():
    """All code."""
    plan.frame_bytes = (HEAD_BYTES + 8 * plan.slots) | 8        # with the return address a multiple of 16
    write_entry()
    for i in range(plan.ordered):
        plan.here = i
        write_block(plan.order[i])
    for i in range(plan.slows):
        write_slow_path(i)
    for block in range(plan.blocks):
        if plan.stubs[block]:
            write_stub(record_of(block))
    plan.label[plan.blocks] = offset_now()
    mark_line(0)
    write_exit()
    for i in range(plan.fixes):
        patch(plan.fix_at[i], plan.label[plan.fix_to[i]] - plan.fix_at[i] - 4)


@metal
def core_baseline(module: Obj, args: obj_p, nargs: int) -> Obj:
    """baseline(words, address, bytes): machine code of a function of the IR, see baseline_format.py; the bytes that
    it has, negative if they were too many."""
    if nargs != 3:
        return None
    words = cast(words_p, field_address(Bytes(args[0]), "ob_sval"))
    read_header(words, VarObj(args[0]).ob_size >> 3)
    records = count_records()
    memory = cast(words_p, PyMem_RawCalloc(words_needed(plan.values, plan.blocks, records), 8))
    if not memory:
        return PyErr_NoMemory()
    lay_out(memory, records)
    plan.code = cast(bytes_p, PyLong_AsLong(args[1]))
    plan.at = plan.code
    plan.limit = plan.code + PyLong_AsLong(args[2])
    plan.exit_block = plan.blocks
    size = 0
    if decide(plan.first[1]):
        write_code()
        size = offset_now()
    PyMem_RawFree(cast(VOID_P, memory))
    if size == 0:
        return PyErr_NoMemory()
    return PyLong_FromLongLong(size if size <= PyLong_AsLong(args[2]) else -size)
