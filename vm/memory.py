"""Huge pages for what the program's objects lie in.

    core.use_huge_pages(always) -> True         False: not with this allocator

A program with much memory spends a good part of its time in page faults and in misses of the processor's
table of pages: the collector over a large heap a fifth. Linux gives pages of 2 MiB where it is asked to
(`madvise`), once as much is touched in one piece. Three places ask here: the arenas of pymalloc, carved out
of large mappings; blocks of the C library's that are large enough on their own; and its heap, which then
grows by some megabytes at a time.

Blocks stay the C library's and arenas are mapped as the host's own are, so all that exists may be freed by
whoever frees it. A few freed arenas are kept for the next need. On a virtual machine whose free memory the
hypervisor has taken back a huge page may take milliseconds to come: the first touch is timed, and after a slow
one the next 16 MiB come as small pages. Nothing is done where the host's usual allocator is not in use
(PYTHONMALLOC, -X dev).
"""
from __future__ import annotations

from ..codegen.metal import Static, metal, struct
from .state import *  # noqa: F403

HUGE = 2 << 20
ARENA = 1 << 20                 # of pymalloc; the host maps pieces of its threads' stacks by the same functions
CHUNK = 16 << 20                # arenas are carved out of: address space, no memory until it is touched
KEPT = 8                        # freed arenas, of a megabyte each
LOOKED_AT = 2048                # bytes from which a block is likely to make the heap grow
PROTECTION, MAPPING = 3, 0x22   # read and write; private, anonymous
ADVICE, AGAINST = 14, 15        # MADV_HUGEPAGE, MADV_NOHUGEPAGE
SLOW = 2000000                  # nanoseconds for a first touch; 2 MiB are cleared in a tenth of that
WAIT = 16                       # arenas until huge pages are tried again
THREAD_CLOCK = 3
TOP_PAD, TRIM_THRESHOLD, MMAP_THRESHOLD = -2, -1, -3      # of mallopt
HEAP_STEP, HEAP_KEPT, MAPPED_FROM = 4 << 20, 32 << 20, 1 << 20
PAGE = 4096
RAW_DOMAIN = 0

ArenaAllocator = struct("ArenaAllocator", "context:ptr alloc:ptr free:ptr")
BlockAllocator = struct("BlockAllocator", "context:ptr malloc:ptr calloc:ptr realloc:ptr free:ptr")
Memory = struct("Memory", "next:i64 end:i64 kept:ptr nkept:i64 heap_end:i64 wait:i64 always:i64")
memory = Static("fire_memory", Memory)
arena_allocator = Static("fire_arena_allocator", ArenaAllocator)
block_allocator = Static("fire_block_allocator", BlockAllocator)


@metal
def map_memory(size: int) -> int:
    """The address of fresh memory, or 0."""
    address = address_int(mmap(None, size, PROTECTION, MAPPING, -1, 0))
    if address == -1:
        return 0
    return address


@metal
def advise(start: int, end: int, advice: int):
    """Ask for huge pages in a range; whether they come is the system's affair."""
    madvise(cast(VOID_P, start & -PAGE), (end - (start & -PAGE) + PAGE - 1) & -PAGE, advice)


@metal
def processor_time() -> int:
    """Nanoseconds of this thread."""
    now = stack("i64", 2)
    clock_gettime(THREAD_CLOCK, now)
    return now[0] * 1000000000 + now[1]


@metal
def touch(start: int, end: int):
    """Touch the first huge page of a fresh range; if it comes slowly, the rest is to come as small pages."""
    before = processor_time()
    cast(u8p, start)[0] = 0
    if unlikely(processor_time() - before > SLOW and memory.always == 0):
        memory.wait = WAIT
        if start + HUGE < end:
            advise(start + HUGE, end, AGAINST)


@metal
def fresh_arena() -> int:
    """The next piece of a chunk, or of a new one; where there is no room for one, a mapping as the host makes it."""
    if memory.wait > 0:
        memory.wait = memory.wait - 1
    if memory.next == memory.end:
        if memory.wait > 0:
            return map_memory(ARENA)
        chunk = map_memory(CHUNK + HUGE)
        if chunk == 0:
            return map_memory(ARENA)
        start = (chunk + HUGE - 1) & -HUGE
        if start > chunk:
            munmap(cast(VOID_P, chunk), start - chunk)
        if chunk + HUGE > start:
            munmap(cast(VOID_P, start + CHUNK), chunk + HUGE - start)
        advise(start, start + CHUNK, ADVICE)
        memory.next = start
        memory.end = start + CHUNK
    made = memory.next
    memory.next = made + ARENA
    if made & (HUGE - 1) == 0 and memory.wait == 0:
        touch(made, memory.end)
    return made


@metal
def arena_alloc(context: VOID_P, size: int) -> VOID_P:
    """An arena for pymalloc, or something smaller; NULL: there is no memory."""
    if size != ARENA:
        return cast(VOID_P, map_memory(size))
    made = memory.kept
    if made != None:
        memory.kept = cast(ptr_p, made)[0]
        memory.nkept = memory.nkept - 1
        return made
    return cast(VOID_P, fresh_arena())


@metal
def arena_free(context: VOID_P, arena: VOID_P, size: int):
    """Keep a few: a program that lets all go and starts anew would have every page cleared again."""
    if size == ARENA and memory.nkept < KEPT:
        cast(ptr_p, arena)[0] = memory.kept
        memory.kept = arena
        memory.nkept = memory.nkept + 1
        return
    munmap(arena, size)


@metal
def look_at_heap():
    """Ask for huge pages in what the C library's heap has grown by. Threads may do it at the same time:
    it is only advice."""
    end = address_int(sbrk(0))
    if end != memory.heap_end:
        if end > memory.heap_end:
            advise(memory.heap_end, end, ADVICE)
        memory.heap_end = end


@metal(inline=True)
def advised(block: VOID_P, size: int, fresh: bool) -> VOID_P:
    if unlikely(size >= LOOKED_AT):
        if memory.wait == 0:
            look_at_heap()
            if size >= HUGE:
                if block != None:
                    advise_block(address_int(block), malloc_usable_size(block), fresh)
    return block


@metal
def advise_block(start: int, size: int, fresh: bool):
    """Ask for huge pages in a large block; what is in a fresh one nobody has seen."""
    advise(start, start + size, ADVICE)
    first = (start + HUGE - 1) & -HUGE
    if fresh and first + HUGE <= start + size:
        touch(first, start + size)


@metal
def block_malloc(context: VOID_P, size: int) -> VOID_P:
    if size == 0:
        return malloc(1)
    return advised(malloc(size), size, True)


@metal
def block_calloc(context: VOID_P, count: int, size: int) -> VOID_P:
    if count == 0 or size == 0:
        return calloc(1, 1)
    return advised(calloc(count, size), count * size, True)     # a product that overflows makes no block


@metal
def block_realloc(context: VOID_P, block: VOID_P, size: int) -> VOID_P:
    if size == 0:
        return realloc(block, 1)
    return advised(realloc(block, size), size, False)


@metal
def block_free(context: VOID_P, block: VOID_P):
    free(block)


@metal
def core_use_huge_pages(module: Obj, always: Obj) -> Obj:
    """use_huge_pages(always): from now on, if they come slowly, too; False if the allocators are not the usual ones."""
    if ints.limit == 0:
        return new_ref(Py_False)
    memory.always = 1 if always == Py_True else 0
    memory.heap_end = address_int(sbrk(0))
    mallopt(TOP_PAD, HEAP_STEP)
    mallopt(TRIM_THRESHOLD, HEAP_KEPT)
    mallopt(MMAP_THRESHOLD, MAPPED_FROM)
    blocks = block_allocator
    blocks.malloc = block_malloc
    blocks.calloc = block_calloc
    blocks.realloc = block_realloc
    blocks.free = block_free
    PyMem_SetAllocator(RAW_DOMAIN, blocks)
    arenas = arena_allocator
    arenas.alloc = arena_alloc
    arenas.free = arena_free
    PyObject_SetArenaAllocator(arenas)
    return new_ref(Py_True)
