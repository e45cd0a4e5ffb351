"""Work for the program's next run, after the program has ended.

    later.work(function)            called when the process ends; a process of its own calls the function

What LLVM's optimizer costs is then paid by nobody who waits: the process is of lowest priority, holds no file of the
program open, and ends after LIMIT seconds of processor time at the latest. `FIRE_JIT_LATER=off` switches it off,
`=wait` has the program wait.
"""
LIMIT = 30


def work(function, wait: bool = False) -> None:
    """Call a function in a process that outlives this one unless it is to `wait`."""
    import os
    if not hasattr(os, "fork"):
        return
    try:
        made = os.fork()
        if made:
            if wait:
                os.waitpid(made, 0)
            return
    except OSError:
        return
    try:
        detach()
        function()
    finally:
        os._exit(0)


def detach() -> None:
    """Let go of the program's terminal, files and place in the queue of processes."""
    import os
    import resource
    import signal
    os.setsid()
    os.nice(19)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.closerange(3, min(65536, os.sysconf("SC_OPEN_MAX")))
    os.chdir("/")
