"""The programs of exits: codegen/exit_programs.py writes them, jit_exits.py carries them out.

    table "exits":  region, header's address, for each exit where its program begins, programs
    a program:      pc, frames above the root, sizes, literals, operations
    sizes:          values alive | literals << 12 | words of operations << 24 | the frame's slot << 40
    an operation:   code | result << 8 | a << 20 | b << 32 | offset << 44; a call has a second word
    of a call:      slots of its arguments, 12 bits each

Slots: 0 is the root's frame, then the values alive, the literals, the results of operations.
"""
EXIT_STORE, EXIT_INCREF, EXIT_CALL, EXIT_CALL_FLOAT, EXIT_TRUTH, EXIT_OFFSET, EXIT_DECREF, EXIT_FLOAT = range(8)
EXIT_SLOTS = 256                # that a program may use
