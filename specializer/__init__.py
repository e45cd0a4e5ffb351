"""From a profile to IR: the region's bytecode is followed along the paths that were seen, specialized on what was seen.

In: a `Profile` and the place to start. Out: an `ir.Function`. `Region` (region.py) does it; the modules beside it say
how each family of instructions is specialized, values.py and context.py what is known on the way.
"""
