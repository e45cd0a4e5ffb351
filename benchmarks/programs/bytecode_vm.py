"""An interpreter in Python: a stack machine with an if/elif dispatch loop counts primes and sums gcds."""
from _harness import run

PUSH, LOAD, STORE, ADD, SUB, MUL, MOD, LESS, EQUAL, JUMP, JUMP_FALSE, HALT = range(12)
NAMES = dict(PUSH=PUSH, LOAD=LOAD, STORE=STORE, ADD=ADD, SUB=SUB, MUL=MUL, MOD=MOD, LESS=LESS,
             EQUAL=EQUAL, JUMP=JUMP, JUMP_FALSE=JUMP_FALSE, HALT=HALT)

# Variables: 0 the limit, 1 the candidate or row, 2 the divisor or column, 3 the result, 4 and 5 scratch.
PRIMES = """
    PUSH 2; STORE 1
  outer:
    LOAD 1; LOAD 0; LESS; JUMP_FALSE end
    PUSH 2; STORE 2
  inner:
    LOAD 1; LOAD 2; LOAD 2; MUL; LESS; JUMP_FALSE divide
    LOAD 3; PUSH 1; ADD; STORE 3; JUMP next
  divide:
    LOAD 1; LOAD 2; MOD; PUSH 0; EQUAL; JUMP_FALSE again; JUMP next
  again:
    LOAD 2; PUSH 1; ADD; STORE 2; JUMP inner
  next:
    LOAD 1; PUSH 1; ADD; STORE 1; JUMP outer
  end:
    HALT
"""
GCDS = """
    PUSH 1; STORE 1
  rows:
    LOAD 1; LOAD 0; LESS; JUMP_FALSE end
    PUSH 1; STORE 2
  columns:
    LOAD 2; LOAD 0; LESS; JUMP_FALSE nextrow
    LOAD 1; STORE 4; LOAD 2; STORE 5
  euclid:
    LOAD 5; PUSH 0; EQUAL; JUMP_FALSE reduce
    LOAD 3; LOAD 4; ADD; STORE 3
    LOAD 2; PUSH 1; ADD; STORE 2; JUMP columns
  reduce:
    LOAD 5; LOAD 4; LOAD 5; MOD; STORE 5; STORE 4; JUMP euclid
  nextrow:
    LOAD 1; PUSH 1; ADD; STORE 1; JUMP rows
  end:
    HALT
"""


def assemble(source):
    """Text to a list of (opcode, operand), labels resolved."""
    statements = []
    labels = {}
    for part in source.replace(";", "\n").split("\n"):
        words = part.split()
        if not words:
            continue
        if words[0].endswith(":"):
            labels[words[0][:-1]] = len(statements)
        else:
            statements.append(words)
    code = []
    for words in statements:
        operand = words[1] if len(words) > 1 else "0"
        code.append((NAMES[words[0]], labels[operand] if operand in labels else int(operand)))
    return code


def execute(code, limit):
    variables = [limit, 0, 0, 0, 0, 0]
    stack = []
    push, pop = stack.append, stack.pop
    pc = steps = 0
    while True:
        opcode, operand = code[pc]
        pc += 1
        steps += 1
        if opcode == LOAD:
            push(variables[operand])
        elif opcode == PUSH:
            push(operand)
        elif opcode == STORE:
            variables[operand] = pop()
        elif opcode == JUMP_FALSE:
            if not pop():
                pc = operand
        elif opcode == JUMP:
            pc = operand
        elif opcode == HALT:
            return variables[3], steps
        else:
            b = pop()
            a = pop()
            if opcode == ADD:
                push(a + b)
            elif opcode == SUB:
                push(a - b)
            elif opcode == MUL:
                push(a * b)
            elif opcode == MOD:
                push(a % b)
            elif opcode == LESS:
                push(a < b)
            else:
                push(a == b)


def main(n):
    primes, prime_steps = execute(assemble(PRIMES), n * 20)
    gcds, gcd_steps = execute(assemble(GCDS), n)
    return "%d:%d/%d:%d" % (primes, prime_steps, gcds, gcd_steps)


if __name__ == "__main__":
    run("bytecode_vm", main, full=380, small=20)
