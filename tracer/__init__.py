"""From what a program does to what is compiled: recordings, profiles, and the engine of the JIT.

In: the native recorder's log (vm/recording.py). Out: machine code in the place of hot loops and functions.
`engine.py` drives it: log -> `profile.py` -> specializer/ -> ir/ -> codegen/. `program.py` decodes loaded
bytecode, `liveness.py` says which registers matter, `core.py` is the only way to the VM's memory, `report.py`
is what `fire explain` prints.
"""
