"""The three-way merge of one property or group of properties; pure.

What counts as an edit is decided by value against the shadow, never by a timestamp: a touch is not an edit, and the
echo of our own write is none either. Timestamps only choose between two edits, and only where the policy says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from sync.converters import Resolver
from sync.errors import Inexpressible, Unmappable, Unresolved
from sync.links import Agreed, Choice, NoticeKind, System
from sync.schema import Owner, Pair, Policy, Unit
from sync.values import Value, Values, words, words_of

SKEW_SECONDS = 1  # how far the two systems' clocks may be apart; Invoiced stamps whole seconds besides


class Clash(Struct, frozen=True):
    """Both sides edited; `winner` is None while a person has to decide."""

    fields: tuple[str, ...]
    winner: System | None
    policy: str


class Merged(Struct, frozen=True):
    """What to do about one unit. Values to write are canonical values of the side that receives them."""

    to_target: Values = field(default_factory=dict)
    to_source: Values = field(default_factory=dict)
    advance: Mapping[str, Agreed] = field(default_factory=dict)
    diverge: Mapping[str, str] = field(default_factory=dict)  # fields to record as they are, and why
    clash: Clash | None = None
    remarks: tuple[tuple[str, NoticeKind, str], ...] = ()  # field, kind, reason
    waits_for: str | None = None


AT_REST = Merged()


class Setting(Struct, frozen=True):
    """What a merge needs beside the values."""

    resolve: Resolver
    diverged: Mapping[str, str] = field(default_factory=dict)
    policy: Policy | None = None  # in place of the pairs' own
    erp_edited: Mapping[str, float] = field(default_factory=dict)
    inv_edited: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    ours: bool = False  # we created the target record, so what it has where the source is empty is its own default


def merge(unit: Unit, shadow: Mapping[str, Agreed], erp: Values, inv: Values, setting: Setting) -> Merged:
    """The outcome for pairs that change as one; they share direction, owner and policy."""
    for pair in unit:
        if shadow.get(pair.name) != (erp[pair.name], inv[pair.name]):
            break
    else:
        standing = _standing(unit, setting.diverged)
        return Merged(remarks=standing) if standing else AT_REST
    direction = unit[0].direction
    agreed: dict[str, Agreed] = {}
    for pair in unit:
        name = pair.name
        if pair.converter.agree(erp[name], inv[name], setting.resolve):
            agreed[name] = (erp[name], inv[name])
    if len(agreed) == len(unit):
        return Merged(advance=agreed)
    first = any(pair.name not in shadow for pair in unit)
    erp_edited = [p for p in unit if p.name not in shadow or shadow[p.name][0] != erp[p.name]]
    inv_edited = [p for p in unit if p.name not in shadow or shadow[p.name][1] != inv[p.name]]
    if unit[0].conflict == "union":
        return _united(unit[0], shadow.get(unit[0].name), erp, inv)
    if direction == "create_only":
        return _fixed(unit, agreed, erp, inv, first)
    if direction == "to_source":
        return _one_way(unit, shadow, erp, inv, "invoiced", erp_edited, first, setting)
    if direction == "to_target":
        return _one_way(unit, shadow, erp, inv, "customerp", inv_edited, first, setting)
    if first:
        return _first(unit, shadow, erp, inv, agreed, setting)
    if not inv_edited:
        return _carry("customerp", unit, shadow, erp, inv, setting)
    if not erp_edited:
        return _carry("invoiced", unit, shadow, erp, inv, setting)
    return _clash(unit, shadow, erp, inv, setting)


def choose(policy: Policy, erp_stamp: float | None, inv_stamp: float | None) -> System | None:
    """Who wins a conflict; None leaves it to a person.

    `latest` holds only where the stamps are further apart than the clocks may be; otherwise the ERP wins.
    """
    if policy == "manual":
        return None
    if policy == "latest" and erp_stamp is not None and inv_stamp is not None:
        return "invoiced" if int(inv_stamp) - int(erp_stamp) > SKEW_SECONDS else "customerp"
    return "invoiced" if policy == "invoiced" else "customerp"


def chosen(
    choices: Mapping[str, Choice], names: list[str], erp: Mapping[str, object], inv: Mapping[str, object]
) -> System | None:
    """What a person has decided; it counts only for the values that the person has seen."""
    for name in names:
        choice = choices.get(name)
        if choice is not None and (choice.customerp, choice.invoiced) == (erp[name], inv[name]):
            return choice.winner
    return None


def _united(pair: Pair, base: Agreed | None, erp: Values, inv: Values) -> Merged:
    """The three-way union of a set: what either side added is there, what either removed is not."""
    ours, theirs = set(words_of(erp[pair.name])), set(words_of(inv[pair.name]))
    before = set(words_of(base[0])) & set(words_of(base[1])) if base is not None else set()
    value = words(sorted((ours | theirs) - (before - (ours & theirs))))
    return Merged(
        {} if inv[pair.name] == value else {pair.name: value},
        {} if erp[pair.name] == value else {pair.name: value},
    )


def side_of(owner: Owner) -> System:
    """The system that an owner's name stands for."""
    return "invoiced" if owner == "invoiced" else "customerp"


def _carry(
    source: System, unit: Unit, shadow: Mapping[str, Agreed], erp: Values, inv: Values, setting: Setting
) -> Merged:
    """Carry one side's values over, field by field; a field that has not changed since it was recorded stays out."""
    to_target: Values = {}
    to_source: Values = {}
    advance: dict[str, Agreed] = {}
    diverge: dict[str, str] = {}
    remarks: list[tuple[str, NoticeKind, str]] = []
    for pair in unit:
        name, e, i = pair.name, erp[pair.name], inv[pair.name]
        if shadow.get(name) == (e, i):
            continue
        given = e if source == "customerp" else i
        if given is None and pair.on_clear == "keep":
            diverge[name] = "clearing this property does not travel"
            continue
        try:
            carried = convert(pair, source, given, setting.resolve)
        except Unresolved as missing:
            waits_for = f"{missing.flow}:{missing.record}"
            return Merged(waits_for=waits_for, remarks=((name, "waiting", str(missing)),))
        except Unmappable as odd:
            remarks.append((name, "unmappable", f"{odd.reason}; the other side is left alone"))
            continue
        if pair.converter.agree(e, i, setting.resolve):
            advance[name] = (e, i)
        elif source == "customerp":
            to_target[name] = carried
        else:
            to_source[name] = carried
    return Merged(to_target, to_source, advance, diverge, remarks=tuple(remarks))


def _first(
    unit: Unit, shadow: Mapping[str, Agreed], erp: Values, inv: Values, agreed: Mapping[str, Agreed], setting: Setting
) -> Merged:
    """Two existing records meet: an empty value never beats a filled one; otherwise the owner's stands."""
    filled = [
        pair for pair in unit if pair.name not in agreed and erp[pair.name] is not None and inv[pair.name] is not None
    ]
    if filled:
        unmappable = [pair for pair in filled if not _expressible(pair, inv[pair.name], setting.resolve)]
        if unmappable:
            # Nobody has edited anything yet, so neither side's value may be overwritten.
            reasons = {p.name: f"'{inv[p.name]}' has no counterpart; both sides are left alone" for p in unmappable}
            return Merged(diverge=reasons, remarks=tuple((n, "unmappable", r) for n, r in reasons.items()))
        return _carry(side_of(unit[0].owner), unit, shadow, erp, inv, setting)
    defaults = {
        pair.name: pair.target_default
        for pair in unit
        if setting.ours and pair.target_default and pair.name not in agreed and erp[pair.name] is None
    }
    outcomes = [
        _carry("customerp" if erp[pair.name] is not None else "invoiced", (pair,), shadow, erp, inv, setting)
        for pair in unit
        if pair.name not in agreed and pair.name not in defaults
    ]
    waiting = next((outcome for outcome in outcomes if outcome.waits_for), None)
    if waiting:
        return waiting
    diverge = dict(defaults)
    for outcome in outcomes:
        diverge |= outcome.diverge
        diverge |= {name: reason for name, kind, reason in outcome.remarks if kind == "unmappable"}
    return Merged(
        {n: v for outcome in outcomes for n, v in outcome.to_target.items()},
        {n: v for outcome in outcomes for n, v in outcome.to_source.items()},
        agreed,
        diverge,
        remarks=(
            *((name, "divergence", reason) for name, reason in defaults.items()),
            *(remark for outcome in outcomes for remark in outcome.remarks),
        ),
    )


def _one_way(
    unit: Unit,
    shadow: Mapping[str, Agreed],
    erp: Values,
    inv: Values,
    truth: System,
    strayed: list[Pair],
    first: bool,
    setting: Setting,
) -> Merged:
    """One side only follows: what was edited there is set back and reported."""
    outcome = _carry(truth, unit, shadow, erp, inv, setting)
    if first or not strayed:
        return outcome
    follower = "Customerp" if truth == "invoiced" else "Invoiced"
    remarks: list[tuple[str, NoticeKind, str]] = [
        (pair.name, "deviation", f"edited in {follower}, which only follows here; set back") for pair in strayed
    ]
    return Merged(
        outcome.to_target,
        outcome.to_source,
        outcome.advance,
        outcome.diverge,
        remarks=(*outcome.remarks, *remarks),
        waits_for=outcome.waits_for,
    )


def _fixed(unit: Unit, agreed: Mapping[str, Agreed], erp: Values, inv: Values, first: bool) -> Merged:
    """Settled when the counterpart was created; a later difference is reported and nothing is written."""
    reasons = {
        pair.name: f"cannot change once both records exist (Customerp has {erp[pair.name]!r}, "
        f"Invoiced {inv[pair.name]!r}); nothing is written"
        for pair in unit
        if pair.name not in agreed
    }
    return Merged(
        advance=agreed,
        diverge=reasons,
        remarks=tuple((name, "deviation", reason) for name, reason in reasons.items()),
    )


def _clash(unit: Unit, shadow: Mapping[str, Agreed], erp: Values, inv: Values, setting: Setting) -> Merged:
    names = [pair.name for pair in unit]
    policy = setting.policy or unit[0].conflict
    decided = chosen(setting.choices, names, erp, inv)
    winner = decided or choose(policy, _latest(setting.erp_edited, names), _latest(setting.inv_edited, names))
    fields = tuple(n for n in names if shadow[n] != (erp[n], inv[n]))
    clash = Clash(fields, winner, "a person" if decided else policy)
    if winner is None:
        return Merged(clash=clash)
    outcome = _carry(winner, unit, shadow, erp, inv, setting)
    return Merged(
        outcome.to_target,
        outcome.to_source,
        outcome.advance,
        outcome.diverge,
        clash,
        outcome.remarks,
        outcome.waits_for,
    )


def _standing(unit: Unit, diverged: Mapping[str, str]) -> tuple[tuple[str, NoticeKind, str], ...]:
    return tuple((pair.name, "divergence", diverged[pair.name]) for pair in unit if pair.name in diverged)


def convert(pair: Pair, source: System, value: Value, resolve: Resolver) -> Value:
    """A value of one side as the other one has it; raises Inexpressible."""
    return (pair.converter.to_target if source == "customerp" else pair.converter.to_source)(value, resolve)


def _expressible(pair: Pair, inv: Value, resolve: Resolver) -> bool:
    try:
        pair.converter.to_source(inv, resolve)
    except Inexpressible:
        return False
    return True


def _latest(edited: Mapping[str, float], names: list[str]) -> float | None:
    return max((edited[name] for name in names if name in edited), default=None)
