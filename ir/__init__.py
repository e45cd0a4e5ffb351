"""The IR of the JIT: typed values in blocks with parameters.

In: a region that the specializer builds with `Function`. Out: text (`show`), checks (`verify`), and what
codegen/ lowers. `ops.py` is the table of operations, one row each with its types, effects and LLVM form.
"""
