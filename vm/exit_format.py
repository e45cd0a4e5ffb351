"""The programs of exits: codegen/exit_programs.py writes them, jit_exits.py carries them out.

    table "exits":  region, header's address, for each exit where its program begins (negative: nobody counts how
                    often it is taken), programs
    a program:      pc, frames above the root, sizes, literals, operations
    sizes:          values alive | literals << 12 | words of operations << 24 | the frame's slot << 40
    an operation:   code | result << 8 | a << 20 | b << 32 | offset << 44; a call has a second word
    of a call:      slots of its arguments, 12 bits each

Slots: 0 is the root's frame, then the values alive; FIRST_LITERAL the literals, FIRST_RESULT the results of operations.
EXIT_REGISTER stores b to a register and its tag, which is in the place of `result`; EXIT_TAG that alone.
"""
EXIT_STORE, EXIT_REGISTER, EXIT_TAG, EXIT_FLOAT, EXIT_INCREF, EXIT_DECREF, EXIT_TRUTH, EXIT_OFFSET, EXIT_CALL, \
    EXIT_CALL_FLOAT = range(10)
FIRST_LITERAL, FIRST_RESULT, EXIT_SLOTS = 128, 256, 384
