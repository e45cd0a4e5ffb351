"""A profile in words that hold in another run.

    remember.words(site)            bytes for the disk
    remember.recall(site, root, bytes)      the profile of the site is what it was

A class or function that this run cannot find is left out: what was seen of it is learned again.
"""
from __future__ import annotations

from marshal import dumps, loads

from . import core
from .describe import Describer, Unstorable
from .identity import digest, is_function
from .loose import SETS, rest
from .profile import Seen
from .program import code_at


class Written(Describer):
    """The words under construction."""

    def maybe(self, value):
        """The number of an object, None if there is no way to it."""
        if type(value) is str:
            return value
        length = len(self.things)
        try:
            if is_function(value) and id(value) not in self.found:
                self.by_name(value)
                if id(value) not in self.found:
                    return self.bare(value)
            return self.thing(value)
        except Unstorable:
            for known in [one for one, number in self.numbers.items() if number >= length]:
                del self.numbers[known]
            del self.things[length:]
            return None

    def bare(self, function) -> int:
        """A function that nothing leads to, by its code and globals: its closure does not matter here."""
        row = ("bare", self.thing(function.__code__), self.thing(function.__globals__))
        self.numbers[id(function)] = len(self.things)
        self.things.append(row)
        return len(self.things) - 1

    def path(self, path: tuple) -> tuple:
        """A path with codes by number; raises Unstorable."""
        return tuple((at, self.thing(core.code_at(record).host)) for at, record in path)

    def known(self, values) -> list:
        """The numbers of those that can be described."""
        return [number for number in map(self.maybe, values) if number is not None]

    def seen(self, one: Seen) -> tuple:
        """What was seen at a place."""
        kinds = tuple(tuple(sorted(self.known(getattr(one, name)), key=str)) for name in SETS)
        called = tuple(self.known(one.callables.values()))
        return (one.count, kinds, tuple(sorted(one.next)), called, tuple(sorted(one.shapes)),
                tuple((lay.kind, lay.code, lay.ndim) for lay in one.buffers if lay is not None), None in one.buffers)

    def all(self) -> tuple:
        """Everything."""
        site = self.site
        profile = site.profile
        paths = {path: number for number, path in enumerate(profile.codes)}
        rows = []
        for path, code in profile.codes.items():
            try:
                rows.append((self.path(path), self.thing(code.host), digest(code.host),
                             self.maybe(profile.kept.get(path)) if path in profile.kept else None))
            except Unstorable:
                rows.append(())
        places = [(paths[path], at, self.seen(one)) for (path, at), one in profile.at.items()]
        sets = [[(paths[one[0]], *one[1:]) for one in getattr(profile, name) if one[0] in paths]
                for name in ("negative", "resigned", "hot")]
        homes = {id(function.__globals__): function for function in profile.kept.values()}
        changing = [(self.maybe(homes[table]), name) for table, name in sorted(profile.changing) if table in homes]
        kinds = site.kinds and [("...",) if kind is ... else kind and self.maybe(kind) for kind in site.kinds]
        hot = [(paths[path], at, times) for (path, at), times in site.hot.items() if path in paths]
        return (rows, places, sets, changing, kinds, hot, site.recordings, site.tries,
                site.globals is None, (profile.stepped, profile.shared))


def words(site) -> bytes:
    """The profile of a site."""
    written = Written(site)
    data = written.all()
    return dumps((written.things, tuple(sorted(written.names)), data))


def recall(site, root, data: bytes) -> None:
    """Bring the profile of a site back."""
    from .resolve import Things
    things, names, written = loads(data)
    found = Things(things, root, names)
    rows, places, sets, changing, kinds, hot, site.recordings, _tries, several, masks = written
    profile = site.profile
    profile.stepped, profile.shared = masks
    paths: list = []
    for row in rows:
        paths.append(recalled_path(profile, found, row))
    for number, at, seen in places:
        if paths[number] is not None:
            profile.at[paths[number], at] = recalled(found, seen)
    for name, rows in zip(("negative", "resigned", "hot"), sets):
        getattr(profile, name).update((paths[one[0]], *one[1:]) for one in rows if paths[one[0]] is not None)
    homes = ((found.get(one), name) for one, name in changing)
    profile.changing.update((id(one.__globals__), name) for one, name in homes if one is not None)
    site.kinds = kinds and [... if kind == ("...",) else kind if kind is None else found.get(kind) for kind in kinds]
    site.hot = {(paths[number], at): times for number, at, times in hot if paths[number] is not None}
    site.globals = None if several else root.__globals__
    rest(site)


def recalled_path(profile, found, row: tuple):
    """The path of a row, known to the profile from now on; None: not in this run."""
    if not row:
        return None
    path, code, expected, function = row
    try:
        host = found.things[code]
        if host is None or digest(host) != expected:
            return None
        real = tuple((at, found.record(number)) for at, number in path)
        profile.codes[real] = code_at(found.record(code))
    except LookupError:
        return None
    if found.get(function) is not None:
        profile.kept[real] = core.without_closure(found.get(function))
    return real


def recalled(found, row: tuple) -> Seen:
    """What was seen at a place."""
    seen = Seen()
    seen.count, kinds, following, called, shapes, layouts, unknown = row
    for name, numbers in zip(SETS, kinds):
        for kind in map(found.get, numbers):
            if kind is not None:
                seen.note(name, kind)
    for name, numbers in (("next", following), ("shapes", shapes)):
        for number in numbers:
            seen.note(name, number)
    for one in map(found.get, called):
        if one is not None:
            at = id(one.__code__) if is_function(one) and one.__closure__ else id(one)
            seen.call(at, one)
    if layouts or unknown:
        from .arrays import recalled_layout
        for layout in [*(recalled_layout(*layout) for layout in layouts), *([None] if unknown else [])]:
            seen.note("buffers", layout)
    return seen
