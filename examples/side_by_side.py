"""Runs a program under python3 and under fire, shows that they print the same, and how long each took.

    python examples/side_by_side.py --fire .venv/bin/fire --host python3 benchmarks/programs/richards.py

    python3   1.42 s
    fire      0.71 s     2.0x     same output
"""
import argparse
import os
import subprocess
import sys
import time


def main():
    """The exit status: 0 where both print the same and end the same way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fire", default="fire")
    parser.add_argument("--host", default="python3")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    results = {name: best(command, options.program, options.rounds)
               for name, command in (("python3", options.host), ("fire", options.fire))}
    (host_seconds, host_said), (seconds, said) = results.values()
    print(f"program   {' '.join(options.program)}, best of {options.rounds} runs, processor time")
    print(f"python3   {host_seconds:.2f} s")
    verdict = "same output" if said == host_said else "DIFFERENT output"
    print(f"fire      {seconds:.2f} s     {host_seconds / max(seconds, 1e-9):.1f}x     {verdict}")
    if said != host_said:
        print(f"--- python3\n{show(host_said)}\n--- fire\n{show(said)}", file=sys.stderr)
    return int(said != host_said or host_said[0] != 0)


def best(command, program, rounds):
    """(fewest processor seconds, what it said) over some runs."""
    fewest = float("inf")
    for _ in range(rounds):
        before = spent()
        done = subprocess.run([command, *program], capture_output=True)
        fewest = min(fewest, spent() - before)
    return fewest, (done.returncode, done.stdout, done.stderr)


def spent():
    """Processor seconds of the children so far."""
    times = os.times()
    return times.children_user + times.children_system


def show(said):
    """An exit status and both streams for people to read."""
    return f"status {said[0]}\n{said[1].decode(errors='replace')}{said[2].decode(errors='replace')}"


if __name__ == "__main__":
    started = time.perf_counter()
    status = main()
    print(f"          {time.perf_counter() - started:.1f} s in all")
    sys.exit(status)
