"""fire inside an ordinary Python program.

    python examples/embedding.py        ->      [0, 1, 4]  42  120
"""
import firelang


@firelang.jit
def factorial(n):
    """On the VM, called from CPython."""
    return 1 if n < 2 else n * factorial(n - 1)


def main():
    """Three ways in."""
    vm = firelang.VM()
    namespace = vm.exec("def squares(n): return [i * i for i in range(n)]")
    print(vm.call(namespace["squares"], 3), vm.eval("6 * 7"), factorial(5))


if __name__ == "__main__":
    main()
