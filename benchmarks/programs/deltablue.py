"""DeltaBlue: an incremental constraint solver with strengths (Freeman-Benson, Maloney, Borning 1990).

Two workloads: a long chain of equalities edited at one end, and many independent scale constraints edited at
either side. Polymorphic method calls, small lists, objects that point at each other.
"""
from _harness import run

REQUIRED, STRONG_PREFERRED, PREFERRED, STRONG_DEFAULT, NORMAL, WEAK_DEFAULT, WEAKEST = range(7)
NONE, FORWARD, BACKWARD = range(3)


class Variable:
    def __init__(self, name, value=0):
        self.name = name
        self.value = value
        self.constraints = []
        self.determined_by = None
        self.strength = WEAKEST            # walkabout strength: of the weakest constraint upstream
        self.stay = True                   # the value cannot change while a plan runs
        self.mark = 0


class Constraint:
    """Subclasses give: variables, choose(mark), satisfied, inputs(), output(), execute()."""

    def __init__(self, planner, strength, *variables):
        self.planner = planner
        self.strength = strength
        self.variables = variables
        self.satisfied = False
        for variable in variables:
            variable.constraints.append(self)
        planner.add(self)

    is_input = False

    def satisfy(self, mark):
        """Enforce this constraint if it is strong enough; return the constraint it displaced, if any."""
        self.choose(mark)
        if not self.satisfied:
            if self.strength == REQUIRED:
                raise ValueError("a required constraint cannot be satisfied")
            return None
        for variable in self.inputs():
            variable.mark = mark
        out = self.output()
        displaced = out.determined_by
        if displaced is not None:
            displaced.satisfied = False
        out.determined_by = self
        if not self.planner.propagate(self, mark):
            raise ValueError("the constraints form a cycle")
        out.mark = mark
        return displaced

    def inputs_known(self, mark):
        for variable in self.inputs():
            if variable.mark != mark and not variable.stay and variable.determined_by is not None:
                return False
        return True

    def destroy(self):
        if self.satisfied:
            self.planner.remove(self)
        else:
            self.detach()

    def detach(self):
        for variable in self.variables:
            variable.constraints.remove(self)
        self.satisfied = False


class UnaryConstraint(Constraint):
    def choose(self, mark):
        out = self.variables[0]
        self.satisfied = out.mark != mark and self.strength < out.strength

    def inputs(self):
        return ()

    def output(self):
        return self.variables[0]

    def recalculate(self):
        out = self.variables[0]
        out.strength = self.strength
        out.stay = not self.is_input
        if out.stay:
            self.execute()

    def execute(self):
        pass


class Stay(UnaryConstraint):
    """The variable keeps its value."""


class Edit(UnaryConstraint):
    """The variable is set from outside."""
    is_input = True


class BinaryConstraint(Constraint):
    """Either of the first two variables can be computed from the other."""
    direction = NONE

    def choose(self, mark):
        a, b = self.variables[0], self.variables[1]
        direction = NONE
        if a.mark == mark:
            if b.mark != mark and self.strength < b.strength:
                direction = FORWARD
        elif b.mark == mark:
            if self.strength < a.strength:
                direction = BACKWARD
        elif a.strength > b.strength:      # a is the weaker one
            if self.strength < a.strength:
                direction = BACKWARD
        elif self.strength < b.strength:
            direction = FORWARD
        self.direction = direction
        self.satisfied = direction != NONE

    def inputs(self):
        return self.variables[:1] if self.direction == FORWARD else self.variables[1:2]

    def output(self):
        return self.variables[1] if self.direction == FORWARD else self.variables[0]

    def recalculate(self):
        out = self.output()
        out.strength = self.strength
        out.stay = True
        for variable in self.inputs():
            if variable.strength > out.strength:
                out.strength = variable.strength
            out.stay = out.stay and variable.stay
        if out.stay:
            self.execute()


class Equal(BinaryConstraint):
    def execute(self):
        a, b = self.variables
        if self.direction == FORWARD:
            b.value = a.value
        else:
            a.value = b.value


class Scale(BinaryConstraint):
    """second = first * scale + offset; scale and offset are read only."""

    def inputs(self):
        first = self.variables[0] if self.direction == FORWARD else self.variables[1]
        return (first, self.variables[2], self.variables[3])

    def execute(self):
        a, b, scale, offset = self.variables
        if self.direction == FORWARD:
            b.value = a.value * scale.value + offset.value
        else:
            a.value = (b.value - offset.value) // scale.value


class Planner:
    def __init__(self):
        self.mark = 0

    def next_mark(self):
        self.mark += 1
        return self.mark

    def add(self, constraint):
        mark = self.next_mark()
        while constraint is not None:
            constraint = constraint.satisfy(mark)

    def remove(self, constraint):
        out = constraint.output()
        constraint.detach()
        for unsatisfied in sorted(self.retract(out), key=lambda c: c.strength):
            self.add(unsatisfied)

    def retract(self, out):
        """Let go of everything downstream of out; return the constraints that may now be satisfiable."""
        unsatisfied = []
        out.determined_by = None
        out.strength = WEAKEST
        out.stay = True
        todo = [out]
        while todo:
            variable = todo.pop()
            for constraint in variable.constraints:
                if not constraint.satisfied:
                    unsatisfied.append(constraint)
                elif constraint is not variable.determined_by:
                    constraint.recalculate()
                    todo.append(constraint.output())
        return unsatisfied

    def consumers(self, variable, into):
        for constraint in variable.constraints:
            if constraint.satisfied and constraint is not variable.determined_by:
                into.append(constraint)

    def propagate(self, constraint, mark):
        """Recompute strengths downstream; False when the way leads back to a marked variable."""
        todo = [constraint]
        while todo:
            step = todo.pop()
            out = step.output()
            if out.mark == mark:
                self.remove(constraint)
                return False
            step.recalculate()
            self.consumers(out, todo)
        return True

    def plan(self, sources):
        """The constraints to execute, in order, when the sources change."""
        mark = self.next_mark()
        plan = []
        todo = list(sources)
        while todo:
            constraint = todo.pop()
            out = constraint.output()
            if out.mark != mark and constraint.inputs_known(mark):
                plan.append(constraint)
                out.mark = mark
                self.consumers(out, todo)
        return plan

    def change(self, variable, value):
        """Edit one variable ten times through one plan."""
        edit = Edit(self, PREFERRED, variable)
        plan = self.plan([edit])
        for _ in range(10):
            variable.value = value
            for constraint in plan:
                constraint.execute()
        edit.destroy()


def chain(n):
    """A chain of n equalities, edited at its head a hundred times; the value must arrive at the tail."""
    planner = Planner()
    line = [Variable("v%d" % i) for i in range(n + 1)]
    for a, b in zip(line, line[1:]):
        Equal(planner, REQUIRED, a, b)
    Stay(planner, STRONG_DEFAULT, line[-1])
    edit = Edit(planner, PREFERRED, line[0])
    plan = planner.plan([edit])
    total = 0
    for value in range(100):
        line[0].value = value
        for constraint in plan:
            constraint.execute()
        if line[-1].value != value:
            raise AssertionError("chain: the tail did not follow")
        total += line[-1].value
    edit.destroy()
    return total


def projection(n):
    """n pairs tied by destination = source * 10 + 1000, edited at both ends, then with other factors."""
    planner = Planner()
    scale, offset = Variable("scale", 10), Variable("offset", 1000)
    pairs = []
    for i in range(n):
        source, destination = Variable("s%d" % i, i), Variable("d%d" % i, i)
        pairs.append((source, destination))
        Stay(planner, NORMAL, source)
        Scale(planner, REQUIRED, source, destination, scale, offset)
    source, destination = pairs[-1]
    planner.change(source, 17)
    forward = destination.value
    planner.change(destination, 1050)
    backward = source.value
    if (forward, backward) != (1170, 5):
        raise AssertionError("projection: wrong values")
    planner.change(scale, 5)
    planner.change(offset, 2000)
    for i, (source, destination) in enumerate(pairs[:-1]):
        if destination.value != i * 5 + 2000:
            raise AssertionError("projection: a destination is off")
    return sum(destination.value for source, destination in pairs)


def main(n):
    total = 0
    for _ in range(4):
        total += chain(n) + projection(n)
    return total


if __name__ == "__main__":
    run("deltablue", main, full=12000, small=20)
