"""Items proven by hand: who has looked, what was found, and the file that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from counterpart.checklist.approvals import text
from counterpart.checklist.checklist import Checklist
from counterpart.checklist.errors import ManualError
from counterpart.checklist.tomlfile import load_toml, replace_file

OUTCOMES = ("passed", "failed")
_TEXTS = ("item", "outcome", "by", "note", "evidence", "sha256", "fingerprint", "candidate")
_HEAD = """\
# Items that people have proven by hand, with the file that shows it; written by `counterpart item record --manual`.
# A record counts for the statement, the evidence and the candidate for which it was made, and for no other.
"""


@dataclass(frozen=True)
class ManualRecord:
    """What somebody has found out about an item; `evidence` is a path in the project, `candidate` what was tried."""

    item: str
    outcome: str
    by: str
    on: date
    note: str
    evidence: str
    sha256: str
    fingerprint: str
    candidate: str

    def trouble(self, root: Path, checklist: Checklist, candidates: Iterable[str]) -> str:
        """Why it does not count for a product that goes by these names, or nothing."""
        now = {item.short: item.fingerprint for item in checklist.items}.get(self.item)
        if now != self.fingerprint:
            return "the statement has changed since it was recorded"
        path = root / self.evidence
        if not path.is_file() or _hash(path) != self.sha256:
            return f"its evidence {self.evidence} is not what it was"
        if self.candidate not in candidates:
            return f"it was recorded for {self.candidate or 'no named candidate'}"
        return ""


def load(path: Path) -> tuple[ManualRecord, ...]:
    """Every record, the oldest first; no file means that there is none. Raises ManualError with every mistake."""
    tables = load_toml(path, ManualError).get("record", []) if path.exists() else []
    defects: list[str] = []
    found = [_record(f"record {number}", table, defects) for number, table in enumerate(tables, 1)]
    if defects:
        raise ManualError(path, defects)
    return tuple(found)


def record(
    path: Path,
    root: Path,
    checklist: Checklist,
    item: str,
    outcome: str,
    by: str,
    note: str,
    evidence: Path,
    candidate: str,
    on: date,
) -> ManualRecord:
    """Add a record; raises ManualError when the item is unknown or the evidence is not a file of the project."""
    fingerprints = {each.short: each.fingerprint for each in checklist.items}
    if item not in fingerprints:
        raise ManualError(path, [f"no item is called {item!r}; `counterpart checklist items` has them"])
    try:
        inside = evidence.resolve().relative_to(root.resolve())
    except ValueError:
        raise ManualError(
            path, [f"the evidence {evidence.name} lies outside the project; copy it into evidence/ first"]
        ) from None
    if not evidence.is_file():
        raise ManualError(path, [f"there is no file {inside}; name the file that shows what was found"])
    earlier = load(path)
    digest = _hash(evidence)
    made = ManualRecord(item, outcome, by, on, note, inside.as_posix(), digest, fingerprints[item], candidate)
    replace_file(path, _HEAD + "".join(_toml(each) for each in (*earlier, made)))
    return made


def _toml(made: ManualRecord) -> str:
    lines = [f"{name} = {text(getattr(made, name))}" for name in _TEXTS]
    return "\n[[record]]\n" + "\n".join([*lines, f"on = {made.on.isoformat()}"]) + "\n"


def _record(place: str, table: Mapping[str, Any], defects: list[str]) -> ManualRecord:
    for name in _TEXTS:
        if not isinstance(table.get(name), str) or not (table[name].strip() or name in ("candidate", "note")):
            defects.append(f"{place}: {name!r} must be a text; record it again with `counterpart item record`")
    if table.get("outcome") not in OUTCOMES:
        defects.append(f"{place}: outcome must be passed or failed")
    if type(table.get("on")) is not date:
        defects.append(f"{place}: 'on' must be a day; write on = 2026-03-02")
    defects += [f"{place}: {key!r} is no key of it; remove it" for key in sorted(table.keys() - {*_TEXTS, "on"})]
    texts = {name: str(table.get(name, "")) for name in _TEXTS}
    return ManualRecord(**texts, on=table.get("on", date.min))


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
