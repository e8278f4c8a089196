"""What a scenario's sentences refer to: it, its counterpart, what was edited, and how both sides looked before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from counterpart.contract import ContractError
from counterpart.drivers import Driver, Record
from counterpart.emulators import Fault
from counterpart.reporting import RecordSeen
from counterpart.scene import Scene
from steps.cast import Cast, RecordType
from steps.product import Product
from steps.samples import assembled, overlaid, sample

Key = tuple[str, str, str | int]
Snapshot = dict[Key, dict[str, Any]]
_REFERENCE = re.compile(r"\((?P<which>its|an?|the first) (?P<what>\S+)\)")


class Story:
    """The memory of one scenario; reads and writes only through the harness's drivers and the subject."""

    def __init__(self, scene: Scene, subject: Product, cast: Cast) -> None:
        self.scene = scene
        self.subject = subject
        self.cast = cast
        self.told: dict[RecordType, list[Record]] = {}
        self._it: tuple[RecordType, Record] | None = None
        self._linked: dict[Key, Record] = {}
        self._before: Snapshot | None = None
        self._prior: dict[Key, dict[str, Any] | None] = {}
        self._shown_before: dict[Key, dict[str, Any] | None] = {}
        self._shown_last: Snapshot = {}
        self._expected: set[tuple[Key, str]] = set()
        scene.records = self.records

    # Records

    @property
    def it(self) -> tuple[RecordType, Record]:
        """The record that the sentences speak of: the last one created in the source system."""
        assert self._it is not None, "the scenario speaks of 'it' before it has created a record"
        return self._it

    def driver(self, system: str) -> Driver:
        """The driver of a system; raises LookupError with the known names."""
        if system not in self.scene.drivers:
            raise LookupError(f"no system is called {system!r}; there are {', '.join(self.scene.drivers)}")
        return self.scene.drivers[system]

    def create(self, kind: RecordType, given: Mapping[str, str]) -> Record:
        """Create a record from a sample and the scenario's own values."""
        number = len(self.told.get(kind, [])) + 1
        base = self.scene.invent(f"{kind} {number}", lambda fake: sample(kind, fake))
        driver = self.driver(kind.system)
        values: dict[str, Any] = {}
        for path, text in overlaid(base, given).items():
            if path != "lines":
                values[path] = self.value(driver, kind, path, text)
        record = self._saw(driver.create(kind.kind, assembled(values)))
        self._prior.setdefault(_key(record), None)
        self.told.setdefault(kind, []).append(record)
        if self.cast.is_source(kind):
            self._it = (kind, record)
        return record

    def value(self, driver: Driver, kind: RecordType, path: str, text: str) -> Any:
        """The JSON value behind a text; `(its name)`, `(a Product)`, `(the first Customer)` are looked up."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            return driver.property(kind.kind, path).parse(text)
        which, what = match["which"], match["what"]
        if which == "its":
            return self._of_it(driver, kind, path, what)
        wanted = self.cast.type(f"{kind.system} {what}")
        known = self.told.get(wanted, [])
        if known:
            return known[0 if which == "the first" else -1].id
        if others := self.told.get(self.cast.counterpart(wanted)):
            return self.counterparts(self.cast.counterpart(wanted), others[-1])[0].id
        return self._aside(wanted).id

    def current(self, record: Record) -> Record:
        """The record as its system shows it now; fails the scenario when it is gone."""
        found = self.driver(record.system).read(record.kind, record.id)
        if found is None:
            raise AssertionError(f"{record.system} has no {record.kind} {record.id} any more")
        return self._saw(found)

    def counterparts(self, kind: RecordType, record: Record) -> list[Record]:
        """What the other system holds under the record's natural key."""
        other = self.cast.counterpart(kind)
        return self.driver(other.system).find(other.kind, other.key, str(record.at(kind.key)))

    def counterpart(self, record: Record) -> Record:
        """The counterpart as it was when the two were linked, read again."""
        return self.current(self._linked[_key(record)])

    def link(self, record: Record, other: Record) -> None:
        """Remember the pair, so that later sentences find it whatever becomes of its keys."""
        self._linked[_key(record)] = other

    def side(self, system: str) -> Record:
        """It, or its counterpart, in the system that a sentence names."""
        kind, record = self.it
        if system == kind.system:
            return self.current(record)
        if _key(record) not in self._linked:
            found = self.counterparts(kind, self.current(record))
            # No comparison of a sentence's own: it only has to find out what the sentence speaks of.
            if len(found) != 1:
                raise AssertionError(f"{kind} {record.at(kind.key)} has {len(found)} counterparts in {system}, not one")
            self.link(record, found[0])
        return self.counterpart(record)

    def records(self) -> tuple[RecordSeen, ...]:
        """It and its counterpart, each before the last edit and as it was seen last."""
        if self._it is None:
            return ()
        source = _key(self._it[1])
        counterpart = self._linked.get(source)
        return tuple(
            RecordSeen(
                key[0], key[1], str(key[2]), self._texts(key, self._shown_before.get(key)), self._texts(key, last)
            )
            for key in (source, *((_key(counterpart),) if counterpart else ()))
            if (last := self._shown_last.get(key)) is not None
        )

    # Edits and rounds

    def edit(self, record: Record, kind: RecordType, changes: Mapping[str, str]) -> Record:
        """Change a record as a person would."""
        driver = self.driver(record.system)
        texts = {
            path: str(self.value(driver, kind, path, text)) if _REFERENCE.fullmatch(text) else text
            for path, text in changes.items()
        }
        self._before = None
        self._prior.setdefault(_key(record), dict(record.values))
        return self._saw(driver.change(record, texts))

    def remove_line(self, record: Record, position: int) -> None:
        """Take a line out as a person would; that the list of lines changes is no surprise on either side."""
        self._before = None
        self._prior.setdefault(_key(record), dict(record.values))
        self.driver(record.system).remove_line(record, position)
        for driver in self.scene.drivers.values():
            self._expected.add((_key(self.side(driver.system)), driver.lines))

    def settle(self) -> None:
        """Let the sync come to rest before the story proper begins."""
        self.subject.rest()
        self._prior = {}

    def delete(self, record: Record) -> None:
        """Delete a record as a person would."""
        self._before = None
        self.driver(record.system).delete(record)

    def merge(self, record: Record, kind: RecordType) -> None:
        """Make a record a part of the one told of last, as a person would who takes the two for one."""
        self._before = None
        self.driver(record.system).merge(record, self.told[kind][-1])

    def gone(self, system: str) -> bool:
        """Whether it, or its counterpart, is deleted there, or archived where that is what deleting means."""
        kind, record = self.it
        there = record if system == kind.system else self._linked[_key(record)]
        found = self.driver(system).read(there.kind, there.id)
        return found is None or bool(found.values.get("archived"))

    def trouble(self, system: str, fault: Fault, *, needs: str = "") -> None:
        """The sync is to meet this fault when it runs next; skips the scenario where nothing can be made to fail.

        `needs` is what the system has to offer for the sync to cope with it.
        """
        if needs and self.scene.minimal and system == "Customerp":
            pytest.skip(f"the minimal profile has no {needs}")
        if not self.scene.replaying and not self.scene.faults:
            pytest.skip("a live system cannot be made to fail")
        self.driver(system)
        self.scene.troubles.append((system, fault))

    def wait(self, seconds: float) -> None:
        """Let time pass; skips the scenario where the clocks are not ours."""
        if not self.scene.replaying and not self.scene.faults:
            pytest.skip("the clock of a live system cannot be moved on")
        self.scene.clock.advance(seconds)

    def end_trouble(self, system: str) -> None:
        """What lasts in this system is over."""
        self.scene.troubles = [each for each in self.scene.troubles if each[0] != system]

    def rest(self, *, scan: bool = False) -> None:
        """Let the sync come to rest; how both sides looked since the last edit is kept for comparison."""
        if self._before is None:
            self._before = self.snapshot()
            self._shown_before = {**self._before, **self._prior}
            self._prior = {}
        with self.scene.troubled():
            if scan:
                self.subject.scan()
            else:
                self.subject.rest()

    def expect(self, record: Record, path: str) -> None:
        """A sentence has named this property, so its change is no surprise."""
        self._expected.add((_key(record), path))
        self.scene.pairs.add((record.system, re.sub(r"\.\d+", "", path)))

    # Both sides as a whole

    def snapshot(self) -> Snapshot:
        """Every record of both systems; of several under one id the live one counts."""
        seen: Snapshot = {}
        for driver in self.scene.drivers.values():
            for kind in driver.kinds:
                for record in driver.list(kind):
                    seen.setdefault(_key(record), dict(record.values))
        self._shown_last |= seen
        return seen

    def before(self, record: Record, path: str) -> Any:
        """The value of a property before the last round."""
        assert self._before is not None, "no round of the sync has been run yet"
        return Record(record.system, record.kind, record.id, self._before[_key(record)]).at(path)

    def surprises(self) -> list[str]:
        """What differs from before the last round without having been named, in sentences."""
        assert self._before is not None, "no round of the sync has been run yet"
        now = self.snapshot()
        found: list[str] = []
        for key in sorted(self._before.keys() | now.keys(), key=str):
            system, kind, id_ = key
            if key not in now or key not in self._before:
                found.append(f"{system} {kind} {id_} has {'appeared' if key in now else 'gone'}")
                continue
            derived = self.driver(system).derived(kind)
            old, new = dict(_flat(self._before[key])), dict(_flat(now[key]))
            for path in sorted(old.keys() | new.keys()):
                bare = re.sub(r"\.\d+", "", path)
                if old.get(path) == new.get(path) or _below(bare, derived):
                    continue
                named = {each for owner, each in self._expected if owner == key}
                if not _below(path, named) and not _of_new_line(path, self._before[key], named):
                    found.append(f"{path} of {system} {kind} {id_}: {old.get(path)!r} is now {new.get(path)!r}")
        return found

    def _saw(self, record: Record) -> Record:
        self._shown_last[_key(record)] = dict(record.values)
        return record

    def _texts(self, key: Key, values: Mapping[str, Any] | None) -> dict[str, str] | None:
        """Every property with a value as features and reports write it."""
        if values is None:
            return None
        record = Record(*key, values)
        return {path: self._text(record, path, value) for path, value in _flat(values) if value is not None}

    def _text(self, record: Record, path: str, value: Any) -> str:
        try:
            return self.driver(record.system).shown(record, path)
        except ContractError:
            # Systems answer more than their contracts name.
            return str(value)

    def _aside(self, kind: RecordType) -> Record:
        """Create a record that the story needs without its becoming `it`."""
        it = self._it
        record = self.create(kind, {})
        self._it = it
        return record

    def _of_it(self, driver: Driver, kind: RecordType, path: str, what: str) -> Any:
        source, record = self.it
        shown = self.driver(source.system)
        if what == "customer":
            customer = shown.read("customers", record.values["customerId"])
            assert customer is not None, "an order's customer exists"
            return self.counterpart(customer).id
        text = shown.shown(self.current(record), what)
        return driver.property(kind.kind, path).parse(text.lower() if path == "currency" else text)


def _key(record: Record) -> Key:
    return (record.system, record.kind, record.id)


def _flat(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    entries = node.items() if isinstance(node, Mapping) else enumerate(node, 1) if isinstance(node, list) else None
    if entries is None:
        yield prefix, node
    else:
        for name, child in entries:
            yield from _flat(child, f"{prefix}.{name}" if prefix else str(name))


def _of_new_line(path: str, before: Mapping[str, Any], named: set[str]) -> bool:
    """Whether a path belongs to a line that was not there before and of which the scenario has named something."""
    line = re.match(r"(\w+)\.(\d+)\.", path)
    if line is None or len(before[line[1]]) >= int(line[2]):
        return False
    return any(each.startswith(line[0]) for each in named)


def _below(path: str, roots: set[str] | frozenset[str]) -> bool:
    return any(path == root or path.startswith(f"{root}.") for root in roots)
