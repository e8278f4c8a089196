"""Further pieces of the sync as they would be without a rule: about deletes, and about what people enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from msgspec import structs

from sync import invoiced, invoiced_records, merge, recovery, settlement, writing
from sync.engine import Engine
from sync.links import State

Piece = Callable[..., Any]


def unpaid(original: Piece) -> Piece:
    """Every invoice looks as if nobody had paid anything of it."""

    def prepare(wanted: Any) -> Any:
        return original(structs.replace(wanted, frozen=None, current={**wanted.current, "payment": "unpaid"}))

    return prepare


def tried_again(self: Any, link: Any, reason: str, field: str | None = None) -> None:
    """Refused data are tried again like whatever else has failed."""
    again = structs.replace(link, intent=None, next_attempt_at=self.clock.now().timestamp() + 60)
    self.rest(again, State.RETRY, reason, [self.notice(again, field, "needs_attention", reason)])


def all_or_nothing(self: Any, link: Any, name: str, reason: str) -> None:
    """One refused property holds up its record."""
    self.needs_attention(link, reason, name)


def verbatim(raw: object) -> Any:
    """A text as it stands."""
    return raw if isinstance(raw, str) else None


def stamped(previous: Any, new: Any, shadow: Any, index: int) -> dict[str, float]:
    """Every property was edited when its record was."""
    return dict.fromkeys(new.values, new.stamp)


def latest_record(unit: Any, shadow: Any, erp: Any, inv: Any, setting: Any) -> Any:
    """Whatever differs is taken from the record that was changed last."""
    if any(pair.name not in shadow for pair in unit) or unit[0].direction != "both":
        return merge.merge(unit, shadow, erp, inv, setting)
    agreed = {
        pair.name: (erp[pair.name], inv[pair.name])
        for pair in unit
        if pair.converter.agree(erp[pair.name], inv[pair.name], setting.resolve)
    }
    if len(agreed) == len(unit):
        return merge.Merged(advance=agreed)
    name = unit[0].name
    newer = "invoiced" if setting.inv_edited.get(name, 0.0) > setting.erp_edited.get(name, 0.0) else "customerp"
    return merge._carry(newer, unit, shadow, erp, inv, setting)


async def given_up(execution: Any, flow: Any, link: Any, refused: Any) -> None:
    """A number that is taken and that nobody has is not asked for again."""
    if await recovery._find(execution, flow, link):
        await _taken(execution, flow, link, refused)
    else:
        execution.run.needs_attention(link, f"{refused}; no record with it is to be found")


async def under_the_old_key(self: Any, flow: Any, link: Any, operation: Any) -> None:
    """A write that was answered with an error goes on under its key."""
    with self.run.store.transaction():
        link = self.run.store.save(structs.replace(link, state=State.WRITING if operation.id else State.CREATING))
    await self.carry_out(flow, link, operation)


_taken = recovery.taken


def not_united(pair: Any, base: Any, erp: Any, inv: Any) -> Any:
    """Of two sets that were changed, Customerp's stands."""
    return merge.Merged(to_target={pair.name: erp[pair.name]})


def lines_as_known() -> list[Any]:
    """The lines of an invoice are replaced by what was last shown of it, in whatever list."""
    shown: dict[str, Any] = {}

    def record(kind: str, raw: Any) -> Any:
        if kind == "invoices":
            shown[str(raw["id"])] = raw
        return invoiced_records.record(kind, raw)

    def prepare(wanted: Any) -> Any:
        raw = shown.get(wanted.id) if wanted.raw is None and wanted.lines is not None else wanted.raw
        return invoiced_records.prepare(structs.replace(wanted, raw=raw))

    return [patch.object(invoiced, "record", record), patch.object(invoiced, "prepare", prepare)]


def drafted(original: Piece) -> Piece:
    """Every invoice begins as a draft."""

    def prepare(wanted: Any) -> Any:
        prepared = original(wanted)
        if wanted.id is not None or wanted.side.object != "invoices":
            return prepared
        *before, call = prepared.operation.calls
        call = structs.replace(call, body={**call.body, "draft": True})
        return structs.replace(prepared, operation=structs.replace(prepared.operation, calls=(*before, call)))

    return prepare


def weakest_first(original: Piece) -> Piece:
    """What tells least is asked first."""

    def found(store: Any, flow: Any, link: Any) -> Any:
        return original(store, replace(flow, further=flow.further[::-1]), link)

    return found


def cut_short(original: Piece) -> Piece:
    """A page ends at its first record that cannot be read."""

    def page(self: Any, flow: Any, connector: Any, records: Any, seen: Any, **how: Any) -> None:
        side = writing.side_of(flow, connector.system)
        kept = []
        for raw in records:
            try:
                settlement.observe(flow, connector.system, connector.record(side.object, raw), seen)
            except ValueError:
                break
            kept.append(raw)
        original(self, flow, connector, kept, seen, **how)

    return page


async def unsecured(self: Any) -> None:
    """Whatever is stored counts as being on the disk."""


async def planned_unread(self: Any) -> Any:
    """A plan from what the store says, without a look at either system."""
    with patch.object(Engine, "_read", _nothing):
        return await _plan(self)


async def _nothing(*_: Any) -> None:
    return None


_plan = Engine.plan
