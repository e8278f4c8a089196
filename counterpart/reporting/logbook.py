"""The log of sign-offs: appended to, never edited; each entry carries the hash of the one before."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from counterpart.reporting.errors import SignOffBroken

Kind = Literal["built", "signed", "resolved", "archived"]
LOG = "log.jsonl"
BEGINNING = "0" * 64
_CURE = "restore it from a copy; what was written once is never edited"


@dataclass(frozen=True)
class Entry:
    """One thing that happened; `report` is the hash of the signoff.json that it is about."""

    number: int
    at: str
    kind: Kind
    report: str
    says: Mapping[str, Any]
    previous: str

    def line(self) -> str:
        """The entry as the log has it, with its own hash at the end so that the last line is guarded as well."""
        words = {name: getattr(self, name) for name in ("number", "at", "kind", "report", "says", "previous")}
        return _dumped({**words, "hash": sha256(_dumped(words).encode()).hexdigest()}) + "\n"


def read(path: Path) -> tuple[Entry, ...]:
    """Every entry in order; raises SignOffBroken naming the first line that is not as it was written."""
    if not path.exists():
        return ()
    entries: list[Entry] = []
    previous = BEGINNING
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
        entry = _entry(line)
        if entry is None or entry.line().encode() != line:
            raise SignOffBroken(path, f"line {number} is not as it was written", _CURE)
        if (entry.number, entry.previous) != (number, previous):
            raise SignOffBroken(path, f"line {number} does not follow line {number - 1}", _CURE)
        previous = sha256(line).hexdigest()
        entries.append(entry)
    return tuple(entries)


def head(path: Path) -> str:
    """What a next entry has to follow: the hash of the last line."""
    entries = read(path)
    return sha256(entries[-1].line().encode()).hexdigest() if entries else BEGINNING


def append(path: Path, kind: Kind, report: str, says: Mapping[str, Any], at: datetime) -> Entry:
    """Add an entry on disk; raises SignOffBroken when the log is not as it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        entry = Entry(len(read(path)) + 1, at.isoformat(timespec="seconds"), kind, report, dict(says), head(path))
        log.write(entry.line().encode())
        log.flush()
        os.fsync(log.fileno())
    return entry


def _entry(line: bytes) -> Entry | None:
    try:
        data = json.loads(line)
        data.pop("hash")
        return Entry(**data)
    except (ValueError, TypeError, AttributeError, KeyError):
        return None


def _dumped(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
