"""A script of somebody else's: the QR code generator by Project Nayuki (qrcodegen 1.8.0, 909 lines), host against fire.

    python benchmarks/third_party.py --fire .venv/bin/fire

    python3        1.86 s    1.00x
    interpreter    1.49 s    1.25x          fire --jit=off
    first run      1.95 s    0.95x          fire, with an empty code cache
    later run      0.78 s    2.37x          fire, with what two runs left there

The package comes from PyPI, once, and is not installed: its one module lies beside the program, so that fire runs both
on the VM. CPU seconds of the whole process, the fewest of some rounds. The exit status is 1 if an answer differs.
"""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile

from measure import OK, fire_command, measure

CACHE = os.path.join(os.path.dirname(os.path.abspath(__file__)), ".cache")
PACKAGE = "qrcodegen==1.8.0"
PROGRAM = '''
import hashlib
import sys

from qrcodegen import QrCode

LEVELS = [QrCode.Ecc.LOW, QrCode.Ecc.MEDIUM, QrCode.Ecc.QUARTILE, QrCode.Ecc.HIGH]
digest = hashlib.sha256()
for number in range(int(sys.argv[1])):
    text = "https://example.org/item/%d?" % number + "abcdefghij" * (number % 7 * 3)
    code = QrCode.encode_text(text, LEVELS[number % 4])
    size = code.get_size()
    for y in range(size):
        digest.update(bytes(code.get_module(x, y) for x in range(size)))
print("qr_codes", digest.hexdigest()[:16])
'''


def fetch():
    """The folder with the package's module and the program beside it."""
    folder = os.path.join(CACHE, "third_party")
    if not os.path.exists(os.path.join(folder, "qrcodegen.py")):
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                            "--dest", place, PACKAGE], check=True)
            with zipfile.ZipFile(os.path.join(place, os.listdir(place)[0])) as wheel:
                wheel.extract("qrcodegen.py", folder)
    program = os.path.join(folder, "qr_codes.py")
    with open(program, "w") as file:
        file.write(PROGRAM)
    return program


def seconds(command, answers, **settings):
    """CPU seconds of one run; what it answers is added."""
    os.environ.update(settings)
    sample = measure(command, "qr_codes")
    answers.add(sample.checksum if sample.status == OK else sample.reason)
    return sample.seconds


def main():
    """The exit status: 0 where all print the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="/usr/bin/python3")
    parser.add_argument("--fire", default=fire_command())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--codes", type=int, default=150)
    options = parser.parse_args()
    program = [fetch(), str(options.codes)]
    host, fire = shlex.split(options.host) + program, shlex.split(options.fire)
    best, answers = {}, set()
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as cache:
            kept = {"FIRE_CACHE_DIR": cache, "FIRE_JIT_LATER": "wait"}
            alone = kept | {"FIRE_JIT_LATER": "off"}
            runs = {"python3": seconds(host, answers),
                    "interpreter": seconds([*fire, "--jit=off", *program], answers, **alone),
                    "first run": seconds([*fire, *program], answers, **alone)}
            for _ in range(2):
                seconds([*fire, *program], answers, **kept)
            runs["later run"] = seconds([*fire, *program], answers, **alone)
        best = {name: min(spent, best.get(name, spent)) for name, spent in runs.items()}
    for name, spent in best.items():
        print(f"{name:12} {spent:6.2f} s   {best['python3'] / spent:5.2f}x")
    print("same output" if len(answers) == 1 else f"DIFFERENT output: {sorted(answers)}")
    return int(len(answers) != 1)


if __name__ == "__main__":
    sys.exit(main())
