"""What the sync has sent and seen so far, as the log of calls shows it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from network import Call
from violation import Violation


class Traffic:
    """The calls of the sync.

    A read counts once its answer is in hand, and shows what was so when it arrived, or a while before.
    """

    def __init__(self, database: sqlite3.Connection, cap: int) -> None:
        self._database, self._cap = database, cap
        self._calls: defaultdict[tuple[str, ...], list[Call]] = defaultdict(list)
        self._writing: dict[tuple[str, str], Call] = {}
        self._sent: dict[str, float] = {}  # by key

    def sent(self, call: Call, in_flight: int) -> None:
        """A call of the sync sets out; I9 to I11."""
        if in_flight > self._cap:
            raise Violation("I11", f"{in_flight} calls to {call.system} in flight, and {self._cap} are allowed")
        if call.method == "GET":
            return
        if call.key is not None:
            self._sent.setdefault(call.key, call.sent)
        record = (call.system, "/".join(call.path.split("/")[:3]))
        asking = call.path.endswith("/999999999999999999")  # for an earlier answer, of nobody's record
        other = self._writing.get(record)
        if (
            not asking
            and call.path.count("/") > 1
            and other
            and other.answered is None
            and other.process == call.process
        ):
            raise Violation("I9", f"{call} while {other}")
        self._writing[record] = call
        stored = [row[0] for row in self._database.execute("SELECT intent FROM link WHERE intent IS NOT NULL")]
        wanted = call.path if call.key is None else call.key.rsplit("-", 1)[0] if "coupons" in call.path else call.key
        if self._database.in_transaction or not any(wanted in intent for intent in stored):
            raise Violation("I10", f"no stored intent for {call}")

    def first_sent(self, call: Call) -> float:
        """When a call was first sent under its key; what was seen later had no part in it."""
        return self._sent.get(call.key or "", call.sent)

    def note(self, call: Call) -> None:
        """A read of the sync is being answered; a list of archived items shows none of the others."""
        if "archived=1" in call.query:
            return
        calls = self._calls[(call.system, *call.path.split("/")[1:3])]
        calls.append(call)

    def wrote(self, call: Call) -> None:
        """A change by the sync is being answered, with the record as it is then."""
        self._calls[(call.system, *call.path.split("/")[1:3], "written")].append(call)

    def answered(self, system: str, collection: str, id_: str, by: float) -> float:
        """When a change of the record was answered last, as far as the sync knew at a time."""
        return self._latest((system, collection, id_, "written"), by, id_)

    def last(self, system: str, collection: str, id_: str, by: float) -> float:
        """When the record was read last, or listed, as far as the sync knew at a time."""
        return max(self._latest((system, collection, id_), by, id_), self._latest((system, collection), by, id_))

    def read_alone(self, call: Call) -> float:
        """When the process of a call had the record last as read by itself, and not as one of a list."""
        reads = self._calls.get((call.system, *call.path.split("/")[1:3]), ())
        sent = self.first_sent(call)
        return max(
            (c.received for c in reads if c.process == call.process and c.received and c.received <= sent), default=0.0
        )

    def read_by(self, process: int, system: str, collection: str, by: float) -> float:
        """When a process had last read a list to the end, as far as it knew at a time."""
        calls = self._calls.get((system, collection), ())
        known = (c for c in calls if c.process == process and c.received is not None and c.received <= by)
        return max((c.arrived or 0.0 for c in known), default=0.0)

    def _latest(self, index: tuple[str, ...], by: float, id_: str) -> float:
        calls = self._calls.get(index, ())
        known = (c for c in calls if c.received is not None and c.received <= by and id_ not in c.hidden)
        return max(((c.arrived or 0.0) - c.behind for c in known), default=0.0)
