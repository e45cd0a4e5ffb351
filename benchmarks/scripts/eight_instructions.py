"""An interpreter of a language with eight instructions."""
import sys

def run(src, inp=b''):
    prog = []
    stack = []
    jump = {}
    for ch in src:
        if ch in '+-<>[].,':
            if ch == '[':
                stack.append(len(prog))
            elif ch == ']':
                j = stack.pop()
                jump[j] = len(prog)
                jump[len(prog)] = j
            prog.append(ch)
    tape = [0] * 300
    p = 0
    pc = 0
    out = []
    while pc < len(prog):
        c = prog[pc]
        if c == '>':
            p += 1
        elif c == '<':
            p -= 1
        elif c == '+':
            tape[p] = tape[p] + 1 & 255
        elif c == '-':
            tape[p] = tape[p] - 1 & 255
        elif c == '.':
            out.append(chr(tape[p]))
        elif c == '[':
            if not tape[p]:
                pc = jump[pc]
        elif c == ']':
            if tape[p]:
                pc = jump[pc]
        pc += 1
    return ''.join(out)
SQ = '++++[>+++++<-]>[<+++++>-]+<+[>[>+>+<<-]++>>[<<+>>-]>>>[-]++>[-]+>>>+[[-]++++++>>>]<<<[[<++++++++<++>>-]+<.<[>----<-]<]<<[>>>>>[>>>[-]+++++++++<[>-<-]+++++++++>[-[<->-]+[<<<]]<[>+<-]>]<<-]<<-]'
for i in range(10):
    r = run(SQ)
print(len(r), r[:30].split())
