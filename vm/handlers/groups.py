"""except*: splitting exception groups among the clauses, and what is raised in the end.

    EG_MATCH r5            exception r5, type r6 -> r5 the rest, r6 the part that matches (or None)
    PREP_RERAISE_STAR r5   original r5, list r6 of what was raised and what is left -> what to raise, or None

What a clause raised anew and what went on from the original are told apart by their metadata: a part split
off the original has its traceback, cause and context. Those parts are put together again to one group of the
original's shape.
"""
from __future__ import annotations

from .matching import *  # noqa: F403


@metal
def is_group(o: Obj) -> bool:
    return PyType_IsSubtype(o.ob_type, cast(TypeObject, PyExc_BaseExceptionGroup[0])) != 0


@metal
def new_group(message: Obj, exceptions: Obj) -> Obj:
    """BaseExceptionGroup(message, exceptions), which makes an ExceptionGroup where it can."""
    args = stack("Obj", 2)
    args[0] = message
    args[1] = exceptions
    return PyObject_Vectorcall(PyExc_BaseExceptionGroup[0], args, 2, None)


# ---------------------------------------------------------------------------------------- splitting
@metal
def names_group(kind: Obj) -> int:
    """Whether a class is one of exception groups: 1, 0, -1 with an exception, which a 1 sets too."""
    found = PyObject_IsSubclass(kind, PyExc_BaseExceptionGroup[0])
    if found > 0:
        PyErr_SetString(PyExc_TypeError[0],
                        "catching ExceptionGroup with except* is not allowed. Use except instead.")
    return found


@metal
def valid_star_type(wanted: Obj) -> bool:
    """Whether except* may name this class or tuple; else TypeError."""
    if PyType_IsSubtype(wanted.ob_type, PyTuple_Type) == 0:
        if not is_exception_class(wanted):
            bad_except()
            return False
        return names_group(wanted) == 0
    items = field_address(Tuple(wanted), "ob_item")
    for i in range(VarObj(wanted).ob_size):
        if not is_exception_class(items[i]):
            bad_except()
            return False
    for i in range(VarObj(wanted).ob_size):
        if names_group(items[i]) != 0:
            return False
    return True


@metal
def split_group(group: Obj, wanted: Obj, parts: obj_p) -> bool:
    """parts = (matching, rest) by the group's own `split`, new references."""
    pair = PyObject_CallMethodObjArgs(group, state.name_split, wanted, cast(VOID_P, 0))
    if not pair:
        return False
    fits = pair.ob_type == PyTuple_Type and VarObj(pair).ob_size == 2
    if fits:
        items = field_address(Tuple(pair), "ob_item")
        parts[0] = new_ref(items[0])
        parts[1] = new_ref(items[1])
    else:
        PyErr_Format(PyExc_TypeError[0], "%.200s.split must return a 2-tuple", group.ob_type.tp_name)
    decref(pair)
    return fits


@metal
def wrap_naked(exception: Obj) -> Obj:
    """A group of one for an exception that is none itself."""
    alone = PyTuple_Pack(1, exception)
    if not alone:
        return None
    group = new_group(state.empty_string, alone)
    decref(alone)
    return group


@metal
def match_group(exception: Obj, wanted: Obj, parts: obj_p) -> bool:
    """parts = (matching or None, rest or None), new references; False with an exception."""
    parts[0] = None
    parts[1] = Py_None
    if exception == Py_None:
        parts[0] = new_ref(Py_None)
    elif PyErr_GivenExceptionMatches(exception, wanted) != 0:
        parts[0] = new_ref(exception) if is_group(exception) else wrap_naked(exception)
    elif is_group(exception):
        return split_group(exception, wanted, parts)
    else:
        parts[0] = new_ref(Py_None)
        parts[1] = exception
    if not parts[0]:
        return False
    incref(parts[1])
    return True


@metal
def group_clause(frame: Frame, pc: u64p, base: Reg) -> bool:
    """One except* clause; what matches is the handled exception from now on."""
    sync(frame, pc)
    exception = boxed(base)
    wanted = boxed(base[1])
    if not exception or not wanted or not valid_star_type(wanted):
        return False
    parts = stack("Obj", 2)
    if not match_group(exception, wanted, parts):
        return False
    matching: Obj = parts[0]
    if matching == Py_None:
        decref(parts[1])
        set_object(base + 1, matching)
        return True
    item = frame.thread.ts.exc_info
    handled = item.exc_value
    item.exc_value = new_ref(matching)
    set_object(base + 1, matching)
    set_object(base, parts[1])
    xdecref(handled)
    return True


@handler("EG_MATCH")
def EG_MATCH():
    if unlikely(not group_clause(frame, pc, ra)):
        return tail("ERROR")


# ----------------------------------------------------------------------------------- putting together
@metal
def same_metadata(a: Obj, b: Obj) -> bool:
    x = cast(BaseException, a)
    y = cast(BaseException, b)
    return x.notes == y.notes and x.traceback == y.traceback and x.cause == y.cause and x.context == y.context


@metal
def collect_leaves(exception: Obj, leaves: Obj) -> bool:
    """Add the identities of all exceptions that are no groups."""
    if exception == Py_None:
        return True
    if not is_group(exception):
        identity = PyLong_FromLongLong(address_int(exception))
        if not identity:
            return False
        failed = PySet_Add(leaves, identity)
        decref(identity)
        return failed == 0
    members = cast(ExceptionGroup, exception).excs
    for i in range(VarObj(members).ob_size):
        if not collect_leaves(field_address(Tuple(members), "ob_item")[i], leaves):
            return False
    return True


@metal
def is_leaf(exception: Obj, leaves: Obj) -> int:
    """1, 0, -1 with an exception."""
    identity = PyLong_FromLongLong(address_int(exception))
    if not identity:
        return -1
    found = PySet_Contains(leaves, identity)
    decref(identity)
    return found


@metal
def derive_group(original: Obj, members: Obj) -> Obj:
    """original.derive(members) with the original's metadata; new reference or NULL."""
    made = PyObject_CallMethodObjArgs(original, state.name_derive, members, cast(VOID_P, 0))
    if not made:
        return None
    if not is_group(made):
        PyErr_SetString(PyExc_TypeError[0], "derive must return an instance of BaseExceptionGroup")
        decref(made)
        return None
    old = cast(BaseException, original)
    failed = 0
    if old.traceback:
        failed = PyException_SetTraceback(made, old.traceback)
    PyException_SetContext(made, PyException_GetContext(original))
    PyException_SetCause(made, PyException_GetCause(original))
    if failed < 0 or not copy_notes(made, original):
        decref(made)
        return None
    return made


@metal
def copy_notes(to: Obj, source: Obj) -> bool:
    """Give a group a list of its own of another's notes."""
    notes = stack("Obj", 1)
    failed = _PyObject_LookupAttr(source, state.name_notes, notes)
    if failed <= 0:
        return failed == 0
    if PySequence_Check(notes[0]) != 0:
        copied = PySequence_List(notes[0])
        failed = PyObject_SetAttr(to, state.name_notes, copied) if copied else -1
        xdecref(copied)
    decref(notes[0])
    return failed >= 0


@metal
def project(exception: Obj, leaves: Obj, part: obj_p) -> bool:
    """part[0] = the exception with only these leaves, new; NULL: nothing is left. False: an exception."""
    part[0] = None
    if not is_group(exception):
        found = is_leaf(exception, leaves)
        if found > 0:
            part[0] = new_ref(exception)
        return found >= 0
    kept = PyList_New(0)
    if not kept:
        return False
    members = cast(ExceptionGroup, exception).excs
    done = True
    for i in range(VarObj(members).ob_size):
        done = done and project_into(kept, field_address(Tuple(members), "ob_item")[i], leaves)
    if done and VarObj(kept).ob_size > 0:
        part[0] = derive_group(exception, kept)
        done = cast(VOID_P, part[0]) != None
    decref(kept)
    return done


@metal
def project_into(kept: Obj, member: Obj, leaves: Obj) -> bool:
    """Append what is left of a member."""
    part = stack("Obj", 1)
    if not project(member, leaves, part):
        return False
    if not part[0]:
        return True
    failed = PyList_Append(kept, part[0])
    decref(part[0])
    return failed == 0


@metal
def sort_out(original: Obj, exceptions: Obj, raised: Obj, leaves: Obj) -> bool:
    """What was raised anew goes to the list `raised`, the leaves of what goes on to `leaves`."""
    items = List(exceptions).ob_item
    for i in range(VarObj(exceptions).ob_size):
        if items[i] != Py_None:
            if same_metadata(items[i], original):
                if not collect_leaves(items[i], leaves):
                    return False
            elif PyList_Append(raised, items[i]) < 0:
                return False
    return True


@metal
def bare_single_exception() -> bool:
    """Whether this host raises a single new exception as it is, or in a group (before 3.11.4)."""
    return ult(0x030B04EF, Py_Version[0])


@metal
def combine(original: Obj, exceptions: Obj, raised: Obj, leaves: Obj) -> Obj:
    """One exception of everything, None, or NULL with an exception; new reference."""
    if not sort_out(original, exceptions, raised, leaves):
        return None
    part = stack("Obj", 1)
    if not project(original, leaves, part):
        return None
    if part[0]:
        failed = PyList_Append(raised, part[0])
        decref(part[0])
        if failed < 0:
            return None
    count = VarObj(raised).ob_size
    if count == 0:
        return new_ref(Py_None)
    if count == 1 and (cast(VOID_P, part[0]) or bare_single_exception()):
        return new_ref(List(raised).ob_item[0])
    return new_group(state.empty_string, raised)


@metal
def prep_reraise_star(frame: Frame, pc: u64p, base: Reg) -> Obj:
    sync(frame, pc)
    original = boxed(base)
    exceptions = base[1].object
    if VarObj(exceptions).ob_size == 0:
        return new_ref(Py_None)
    if not is_group(original):                  # it was wrapped: at most one clause has run
        return new_ref(List(exceptions).ob_item[0])
    raised = PyList_New(0)
    leaves = PySet_New(None)
    result: Obj = None
    if raised and leaves:
        result = combine(original, exceptions, raised, leaves)
    xdecref(raised)
    xdecref(leaves)
    return result


@handler("PREP_RERAISE_STAR")
def PREP_RERAISE_STAR():
    result = prep_reraise_star(frame, pc, rb)
    if unlikely(not result):
        return tail("ERROR")
    drop_range(rb, 2)
    set_object(ra, result)
