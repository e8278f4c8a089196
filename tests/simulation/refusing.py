"""What becomes of a write of a customer that was refused, or answered with an error: told from the calls.

What was refused is not asked again before somebody has changed something; what has failed is tried again under another
key, since systems repeat what they have answered under one.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec
from network import Call
from violation import Violation

_REFUSED = (400, 409, 422)
_BROKEN = 500
_PUT_OFF = ("retry", "dead")
_NOBODY = "/999999999999999999"
_KEYS = ("number", "/number")  # of others that are taken; asked for again, as they may only be reserved

_Asked = tuple[str, str, str, bytes]


class Refusals:
    """Told of each call of the sync as it sets out, and of what people change."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._open: list[tuple[Call, set[str]]] = []  # writes, and the records that they are about
        self._failed: set[str] = set()  # keys of writes that were answered with an error
        self._keys: set[str] = set()  # of all writes
        self._refused: dict[_Asked, set[str]] = {}
        self._stopped: set[str] = set()  # records that go on only when something changes

    def begins(self) -> None:
        """A run begins; what an earlier one has left open is asked for, sent or not."""
        keys = "SELECT intent ->> 7 FROM link WHERE intent IS NOT NULL"
        self._keys |= {key for (key,) in self._database.execute(keys)}

    def sent(self, call: Call) -> None:
        """A call of the sync sets out."""
        self._look_at_answers()
        if call.method == "GET" or call.key is None or not call.path.startswith("/customers"):
            return
        asking = call.path.endswith(_NOBODY) or (call.system == "customerp" and call.key in self._keys)
        self._keys.add(call.key)
        if asking:  # what was answered, and for nothing else; in Customerp by the same call
            self._open = [(each, about) for each, about in self._open if each.key != call.key]
            return
        if call.key in self._failed:
            raise Violation("errors", f"{call} under the key of a write that was answered with an error")
        if _asked(call) in self._refused:
            raise Violation("refused", f"{call} once more, although nobody has changed anything since it was refused")
        statement = "SELECT erp_id, inv_id FROM link WHERE intent LIKE ?"
        about = self._database.execute(statement, (f"%{call.key}%",)).fetchone()
        self._open.append((call, {*(about or ())} - {None}))

    def changed(self, id_: str) -> None:
        """A person has changed a record."""
        self._refused = {asked: about for asked, about in self._refused.items() if id_ not in about}

    def records(self) -> set[str]:
        """Of which the last data were refused."""
        self._look_at_answers()
        return self._stopped

    def _look_at_answers(self) -> None:
        answered = [(call, about) for call, about in self._open if call.received is not None]
        if not answered:
            return
        self._open = [(call, about) for call, about in self._open if call.received is None]
        for call, about in answered:
            failed, refused = call.status == _BROKEN, _refusal(call)
            state = self._state(str(call.key)) if failed or refused else None
            if failed and state in _PUT_OFF:
                self._failed.add(str(call.key))
            elif (failed or refused) and state is not None:
                self._open.append((call, about))  # not stored yet, and maybe never, if the process ends
            elif refused:
                self._refused[_asked(call)] = about
                self._stopped |= about
            elif call.status is not None and call.status < 300:
                self._stopped -= about

    def _state(self, key: str) -> str | None:
        """Of the link that has a write under this key still open."""
        row = self._database.execute("SELECT state FROM link WHERE intent LIKE ?", (f"%{key}%",)).fetchone()
        return None if row is None else str(row[0])


def _asked(call: Call) -> _Asked:
    return call.system, call.method, call.path, call.body


def _refusal(call: Call) -> bool:
    """Whether the data of a call were refused, and not a record that is locked or a number that is taken."""
    if call.status not in _REFUSED or not call.said:
        return False
    problem: dict[str, Any] = msgspec.json.decode(call.said)
    blamed = [problem.get("param"), *(error.get("pointer") for error in problem.get("errors", ()))]
    return any(blamed) and not any(name in _KEYS for name in blamed)
