"""Entry of `python3 -m firelang`, of the `fire` command when it starts itself again, and of child processes.

By path (`python3 -S .../firelang/__main__.py`) it works without site-packages on sys.path.
"""
import sys

if not __package__:
    folder = __file__.rpartition("/")[0]
    here, _, package = folder.rpartition("/")
    saved, sys.path[:] = sys.path[:], [here, *sys.path]
    if saved and saved[0] == folder:        # python3's own entry for this script
        del sys.path[1]
    from firelang.cli import main
    sys.path[:] = saved
else:
    from .cli import main

sys.exit(main())
