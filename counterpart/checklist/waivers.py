"""What people let pass for a while: waivers of items, and quarantine of scenarios that pass only sometimes.

Both need a reason, somebody who owns them and a day on which they end. What has ended, or belongs to nobody, is no
mistake in the file: it counts as failed, so that it is seen where it matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from counterpart.checklist.approvals import Approval, parsed, seal, text
from counterpart.checklist.checklist import Checklist
from counterpart.checklist.errors import WaiversError
from counterpart.checklist.tomlfile import edited, load_toml, replace_file

_WAIVER = {"item", "reason", "risk", "owner", "expires", "approved"}
_QUARANTINE = {"scenario", "reason", "owner", "expires"}


@dataclass(frozen=True)
class Waiver:
    """An item that may be released unproven until a day, with the risk that this means."""

    item: str
    reason: str
    risk: str
    owner: str
    expires: date | None
    approved: Approval | None

    def trouble(self, today: date) -> str:
        """Why it does not hold, or nothing."""
        if not self.owner:
            return "its waiver has no owner"
        if self.approved is None:
            return "its waiver is approved by nobody"
        if self.approved.by == self.owner:
            return f"its waiver was approved by {self.owner}, who owns it"
        if self.approved.seal != self.seal:
            return f"its waiver was edited after {self.approved.by} had approved it"
        return _ended(self.expires, today, "its waiver")

    @property
    def seal(self) -> str:
        """What an approval of this waiver is bound to."""
        return seal(self.item, self.reason, self.risk, self.owner, str(self.expires))


@dataclass(frozen=True)
class Quarantine:
    """A scenario, by item and id, that is known to pass only sometimes, and who sees to it until when."""

    scenario: str
    reason: str
    owner: str
    expires: date | None

    def trouble(self, today: date) -> str:
        """Why it does not hold, or nothing."""
        return "its quarantine has no owner" if not self.owner else _ended(self.expires, today, "its quarantine")


@dataclass(frozen=True)
class Waivers:
    """Everything that was let pass."""

    waivers: Mapping[str, Waiver]
    quarantined: Mapping[str, Quarantine]

    @classmethod
    def load(cls, path: Path, checklist: Checklist, more_items: Iterable[str] = ()) -> Self:
        """Read the file; no file means that nothing is let pass. Raises WaiversError with every mistake."""
        data = load_toml(path, WaiversError) if path.exists() else {}
        defects = [f"{key!r} is no part of it; write [[waiver]] or [[quarantine]]" for key in data.keys() - _TABLES]
        known = [*(item.short for item in checklist.items), *more_items]
        waivers: dict[str, Waiver] = {}
        quarantined: dict[str, Quarantine] = {}
        for number, table in enumerate(_tables(data, "waiver", defects), 1):
            place = f"waiver {number}"
            texts = _read(place, table, _WAIVER, ("item", "reason", "risk"), defects)
            if texts["item"] and texts["item"] not in known:
                defects.append(f"{place}: no item is called {texts['item']!r}; `counterpart checklist items` has them")
            if texts["item"] in waivers:
                defects.append(f"{place}: {texts['item']} is waived twice; remove one")
            approval = None
            if "approved" in table:
                approval, amiss = parsed(table["approved"])
                defects += [f"{place}: {sentence}" for sentence in amiss]
            waivers[texts["item"]] = Waiver(
                texts["item"], texts["reason"], texts["risk"], texts["owner"], _day(place, table, defects), approval
            )
        for number, table in enumerate(_tables(data, "quarantine", defects), 1):
            place = f"quarantine {number}"
            texts = _read(place, table, _QUARANTINE, ("scenario", "reason"), defects)
            quarantined[texts["scenario"]] = Quarantine(
                texts["scenario"], texts["reason"], texts["owner"], _day(place, table, defects)
            )
        if defects:
            raise WaiversError(path, defects)
        return cls(waivers, quarantined)


def write_waiver(path: Path, checklist: Checklist, more_items: Iterable[str], made: Waiver) -> None:
    """Put a waiver into its file, in the place of an earlier one of the item; raises WaiversError, changing nothing."""
    known = [*(item.short for item in checklist.items), *more_items]
    order = list(Waivers.load(path, checklist, known).waivers)
    values: dict[str, str | None] = {name: text(getattr(made, name)) for name in ("item", "reason", "risk", "owner")}
    values["expires"] = made.expires.isoformat() if made.expires else None
    values["approved"] = made.approved.to_toml() if made.approved else None
    whole = path.read_text("utf-8") if path.exists() else ""
    if made.item not in order:
        whole = f"{whole.rstrip()}\n\n[[waiver]]\nitem = {values['item']}\n".lstrip("\n")
        order.append(made.item)
    changed = edited(whole, "waiver", order.index(made.item), values)
    trial = path.with_name(f"{path.name}.trial")
    try:
        replace_file(trial, changed)
        Waivers.load(trial, checklist, known)
    except WaiversError as trouble:
        raise WaiversError(path, trouble.defects) from None
    finally:
        trial.unlink(missing_ok=True)
    replace_file(path, changed)


NOTHING_WAIVED = Waivers({}, {})
_TABLES = {"waiver", "quarantine"}


def _ended(expires: date | None, today: date, what: str) -> str:
    if expires is None:
        return f"{what} has no end"
    return f"{what} ended on {expires.isoformat()}" if today > expires else ""


def _tables(data: Mapping[str, Any], name: str, defects: list[str]) -> list[dict[str, Any]]:
    found = data.get(name, [])
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return found
    defects.append(f"{name!r} is no list of tables; write [[{name}]] above each")
    return []


def _read(
    place: str, table: Mapping[str, Any], known: set[str], needed: tuple[str, ...], defects: list[str]
) -> dict[str, str]:
    """The texts of a table; an owner may be missing, which counts against it later."""
    defects += [f"{place}: {key!r} is no key of it; remove it" for key in sorted(table.keys() - known)]
    texts = {}
    for name in (*needed, "owner"):
        value = table.get(name, "")
        texts[name] = value.strip() if isinstance(value, str) else ""
        if name in needed and not texts[name]:
            defects.append(f'{place}: {name!r} must be a text; write {name} = "..."')
    return texts


def _day(place: str, table: Mapping[str, Any], defects: list[str]) -> date | None:
    value = table.get("expires")
    if value is not None and type(value) is not date:
        defects.append(f"{place}: 'expires' must be a day; write expires = 2027-01-31")
        return None
    return value
