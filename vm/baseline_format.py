"""What the baseline compiler is told: the IR as words, written by codegen/baseline.py, read by vm/baseline*.py.

    header (HEADER_WORDS)  literals  records: BLOCK, operations and the end of the block, BLOCK, ...

A record is kind | sub << 8 | number of arguments << 16 | FLOAT_RESULT | line << LINE_SHIFT, then its result, then x,
then its arguments. An operand is a number and a tag in its two lowest bits: a value, one of the literals, a word of the
table of constants.
"""
VALUE, LITERAL, CONSTANT, NOTHING = 0, 1, 2, -1             # tags of operands; no result
FLOAT_RESULT = 1 << 40
LINE_SHIFT = 41                 # above it the number of the source line, where lines are wanted

HEADER = """values blocks literals consts counters exits alive rt_exit jit out_pc out_frame frame_size stress
    stress_counter turns lines""".split()
HEADER_WORDS = len(HEADER)

# BLOCK: result is its number, arguments are its parameters (number << 2 | is a float). STUB: an exit, whose block is
# the result, its number x, the arguments what is alive. Of ends: x is where it leads, a BRANCH's result where else.
(BLOCK, STUB, JUMP, BRANCH, EXIT_TO, LEAVE, TAIL, RETURN, GUARD, GUARD_NOT, ALU, ALU_OVER, MUL, MUL_OVER, SHIFT, DIVIDE,
 REMAINDER, COMPARE, SELECT, FLOAT_SELECT, MOVE, TO_FLOAT, TO_INT, BITS, FLOAT_ALU, FLOAT_NEG, FLOAT_ABS, FLOAT_SQRT,
 FLOAT_FLOOR, FLOAT_COMPARE, LOAD, STORE, INDEX, OFFSET, INCREF, DECREF, CALL, TURNS_LEFT, STACK_PLACE, INVOKE, STEP,
 LONG_VALUE) = range(42)

UNSTRESSED = 1                                              # of GUARD: exit stress leaves it alone
ADD, OR, AND, SUB, XOR = 0, 1, 4, 5, 6                      # of ALU: the number in the machine's opcodes
SHL, LSHR, SHR = 4, 5, 7
OVERFLOW, BELOW, EQUAL_TO, NOT_EQUAL, ABOVE = 0, 2, 4, 5, 7         # conditions by the machine's numbers; ^1 negates
NOT_BELOW, NEGATIVE, PARITY, NO_PARITY, LESS, NOT_LESS, NOT_GREATER, GREATER = 3, 8, 10, 11, 12, 13, 14, 15
FLOAT_LT, FLOAT_LE, FLOAT_EQ, FLOAT_NE, FLOAT_GT, FLOAT_GE, FLOAT_ORDERED = range(7)
WORD, DOUBLE, INT32, UINT32, INT16, UINT16, INT8, UINT8, SINGLE = range(9)          # memory, of LOAD and STORE
RESULT_NONE, RESULT_WORD, RESULT_FLOAT, RESULT_INT32 = range(4)                     # of CALL
