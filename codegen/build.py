"""Builds the virtual machine's native core: restricted Python -> LLVM assembly -> object -> extension module.

    python -m firelang.codegen.build          builds vm/_core.<abi>.so, or does nothing if it is up to date

The object is linked by the C compiler driver where there is one; else `_core.o` is left, which firelang.vm
loads through LLVM. Up to date means: made from the same sources for the same interpreter and LLVM.
"""
from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("codegen/metal", "codegen/build.py", "cpython_bridge", "objects", "vm", "bytecode/ops.py")


def fingerprint() -> str:
    """Hash of everything the core is made from."""
    import llvmlite
    digest = hashlib.sha256(f"{sys.version} {llvmlite.__version__}".encode())
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def assembly() -> str:
    """LLVM assembly text of the whole core."""
    from ..bytecode.ops import BY_CODE
    from ..vm.handlers import flag_masks, load              # not `from ..vm import`: that asks for the core to be built
    from .metal.module import Module
    types = load()
    return Module(types, [op.name for op in BY_CODE], flag_masks(), [op.length for op in BY_CODE]).text()


def compile_object(text: str, level: int = 2) -> bytes:
    """LLVM assembly -> object code for this machine's architecture (baseline CPU)."""
    import llvmlite.binding as llvm
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    module.verify()
    target = llvm.Target.from_default_triple().create_target_machine(opt=level, reloc="pic", codemodel="default")
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.loop_unrolling = False     # loops here run over a handful of registers
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    return target.emit_object(module)


def build_core(out_dir: Path | str | None = None) -> Path:
    """Build the core into `out_dir` (default: vm/) unless it is up to date; the path of what was built."""
    out_dir = Path(out_dir or ROOT / "vm")
    name = "_core" + sysconfig.get_config_var("EXT_SUFFIX")
    library, stamp, obj = out_dir / name, out_dir / "_core.stamp", out_dir / "_core.o"
    mark = fingerprint()
    if stamp.exists() and stamp.read_text() == mark and (library.exists() or obj.exists()):
        return library if library.exists() else obj
    obj.write_bytes(compile_object(assembly()))
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler:
        fresh = library.with_suffix(".tmp")
        subprocess.run([compiler, "-shared", "-o", str(fresh), str(obj), "-lm", "-lpthread"], check=True)
        fresh.replace(library)
        obj.unlink()
    stamp.write_text(mark)
    return library if compiler else obj


def main() -> None:
    """Command line: build, say what and how long."""
    started = time.perf_counter()
    path = build_core()
    print(f"{path.name}: {path.stat().st_size // 1024} KiB, {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
