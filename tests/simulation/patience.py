"""What the sync owes a system that asks for less, refuses it or fails: told from the calls alone.

While a system asks for less, no more calls than half of what is allowed set out; a call that was told to wait waits;
when an account is refused, that run asks no more; a property is written three times in ten minutes at most; and a
record of which every write fails costs eight calls, each after a longer pause, and is then left alone until a person
changes something.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator

from mapping import leaves
from network import Call
from violation import Violation

_PATIENT = 4  # attempts of one call
_SOONEST = 1.0  # second after a 429 that does not say how long
_WINDOW = 600.0
_MOST_WRITES = 3  # of one property of a record in a window
_PAUSE = 2.0  # seconds, before they are doubled
_MOST_CALLS = 8  # about a record that fails
_FAILED = (500, 502)
_SHARED = "/coupons/"  # which several documents ask for at once
_ALONG = {"due_date", "metadata"}  # sent along with others

_Record = tuple[str, str]  # system, path


class Patience:
    """Told of each call of the sync as it sets out."""

    steady = False  # whether chance shortens no pause, so that they can be told

    def __init__(self, database: sqlite3.Connection, cap: int) -> None:
        self._database, self._cap = database, cap
        self.erred = False  # whether any call has failed by more than pressure
        self._open: list[Call] = []  # whose answers have not been looked at yet
        self._busy: set[str] = set()  # systems whose last answer was a 429
        self._burst: dict[str, float] = {}  # when the last 429 came that did not belong to an earlier burst
        # Calls that were told to wait: how often in a row, and until when.
        self._told: dict[tuple[str, ...], tuple[int, float]] = {}
        self._refused: dict[str, float] = {}  # systems whose account was refused in this run, and when
        self._written: defaultdict[tuple[int, str, str], list[Call]] = defaultdict(list)
        self._failed: dict[_Record, int] = {}  # calls about a record since one failed; none once people acted
        self._last: dict[_Record, Call] = {}  # the last write
        self._about: dict[str, _Record] = {}  # what the write of a key is about
        self._unread = False  # whether a person has acted since a write failed, which the next run is to read
        self._rounds: dict[_Record, tuple[int, float]] = {}  # failed writes in a row, and when the last was answered

    def begins(self) -> None:
        """A run of the sync begins."""
        self._look_at_answers()
        self._open.clear()
        self._busy.clear()
        self._told.clear()
        self._refused.clear()

    def acted(self) -> None:
        """A person did something."""
        self._failed.clear()
        self._rounds.clear()
        self._unread = True

    def sent(self, call: Call, in_flight: int) -> None:
        self._look_at_answers()
        self._open.append(call)
        if call.system in self._busy and in_flight > max(1, self._cap // 2):
            raise Violation("pressure", f"{in_flight} calls to {call.system} although it asks for less: {call}")
        if call.sent < self._told.get(_same(call), (0, 0.0))[1]:
            raise Violation("pressure", f"{call} before the time that it was told to wait for")
        if call.sent > self._refused.get(call.system, float("inf")):
            raise Violation("access", f"{call} although the account is refused")
        if call.method != "GET":
            self._writes(call)
        self._calls(call)

    def _look_at_answers(self) -> None:
        answered = [call for call in self._open if call.received is not None]
        if answered:
            self._open = [call for call in self._open if call.received is None]
            for call in sorted(answered, key=lambda call: call.received or 0.0):
                self._answered(call)

    def _answered(self, call: Call) -> None:
        assert call.received is not None
        if call.status != 429:
            self._busy.discard(call.system)
        elif call.sent >= self._burst.get(call.system, 0.0):
            self._busy.add(call.system)
            self._burst[call.system] = call.received
        if call.status == 429 and not call.path.startswith(_SHARED):
            times = self._told.pop(_same(call), (0, 0.0))[0] + 1
            if times < _PATIENT:  # after that it is given up, and whoever asks is somebody else
                self._told[_same(call)] = times, call.received + max(_SOONEST, call.wait or 0.0)
        else:
            self._told.pop(_same(call), None)
        if (call.status == 429 or (call.method == "GET" and call.status in _FAILED)) and _record(call) in self._failed:
            self._failed[_record(call)] -= 1  # a failure of the system, and repeated at once
        self.erred = self.erred or call.status in _FAILED
        if call.status == 401:
            self._refused.setdefault(call.system, call.received)
        if call.key is not None and call.status in _FAILED:
            self._failed.setdefault(self._about[call.key], 1)
            rounds, _ = self._rounds.get(self._about[call.key], (0, 0.0))
            if not self._unread:
                self._rounds[self._about[call.key]] = rounds + 1, call.received
            self._unread = False
        elif call.key is not None and call.status is not None and call.status < 300:
            self._failed.pop(self._about[call.key], None)
            self._rounds.pop(self._about[call.key], None)

    def _writes(self, call: Call) -> None:
        for name in _names(call):
            times = self._written[self._link(call), call.system, name]
            recent = {
                one.key
                for one in times
                if one.process == call.process
                and one.received is not None
                and one.status is not None
                and one.status < 300
                and one.arrived is not None
                and call.sent - one.arrived < _WINDOW
            }
            if len(recent - {call.key}) >= _MOST_WRITES:
                raise Violation("R5", f"{call} writes {name} more than {_MOST_WRITES} times in ten minutes")
            times.append(call)

    def _link(self, call: Call) -> int:
        """The link that a write is for; a record may come to belong to another one."""
        column = "erp_id" if call.system == "customerp" else "inv_id"
        found = self._database.execute(
            f"SELECT id FROM link WHERE {column} = ? AND intent LIKE ?",
            (call.path.split("/")[2], f"%{call.path}%"),
        ).fetchone()
        return found[0] if found is not None else 0

    def _calls(self, call: Call) -> None:
        """Calls about one record, look-ups among them, since a write of it failed."""
        record = _record(call)
        if call.key is not None and call.key not in self._about:
            self._waits(call, record)
        if call.key is not None:
            record = self._about.setdefault(call.key, record)
        last = self._last.get(record)
        if last is not None and last.answered is not None and last.status == 0:
            self._failed.pop(record, None)  # what the network has lost says nothing of the record
        if call.key is not None:
            self._last[record] = call
        if record in self._failed:
            self._failed[record] += 1
            if self._failed[record] > _MOST_CALLS:
                raise Violation("poison", f"{call} is call {self._failed[record]} about a record that always fails")

    def _waits(self, call: Call, record: _Record) -> None:
        """A record is written once more: after two seconds, doubled for each time that it has failed."""
        rounds, at = self._rounds.get(record, (0, 0.0))
        if self.steady and rounds and call.sent - at < _PAUSE * 2**rounds:
            raise Violation("pauses", f"{call} {call.sent - at:.1f} s after the last of {rounds} that have failed")


def _same(call: Call) -> tuple[str, ...]:
    return (call.system, call.method, call.path, call.query, call.key or "")


def _record(call: Call) -> _Record:
    """The record that a call is about; of one that is to be created, its body."""
    if call.path.count("/") > 1:
        return call.system, "/".join(call.path.split("/")[:3])
    return call.system, call.path + call.body.decode()


def _names(call: Call) -> Iterator[str]:
    if call.method == "PATCH" and call.path.count("/") == 2 and call.body:
        yield from (name for name, _ in leaves(json.loads(call.body)) if name not in _ALONG)
