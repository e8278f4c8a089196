"""From an answer to the link's new state: observations accepted, the shadow moved, the intent closed; pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from sync.connector import Record
from sync.converters import Resolver
from sync.echoes import shortened
from sync.lines import LineChange, adopt
from sync.links import (
    Agreed,
    Child,
    Interval,
    Line,
    Link,
    Notice,
    NoticeKind,
    Observation,
    State,
    System,
    edits,
    key_of,
)
from sync.schema import Flow, Lines, Pair, Readers
from sync.values import BadValue, Value, Values, pick, plain


def observe(flow: Flow, system: System, record: Record, seen: Interval, digest: bytes | None = None) -> Observation:
    """One side in canonical form; raises BadValue naming the property."""
    lines: list[Line] = []
    if flow.lines is not None:
        for raw in record.data.get(flow.lines.source if system == "customerp" else flow.lines.target) or []:
            lines.append(Line(str(raw["id"]), _read(flow.lines.readers[system], raw)))
    return Observation(
        _read(flow.readers[system], record.data),
        seen,
        record.stamp,
        record.version,
        tuple(lines),
        record.frozen,
        digest=digest,
        total=None if record.lines_total is None else plain(record.lines_total),
    )


def _read(readers: Readers, raw: Mapping[str, object]) -> Values:
    read: Values = {}
    for name, path, reader in readers:
        try:
            read[name] = reader(raw.get(path) if "." not in path else pick(raw, path))
        except BadValue as error:
            raise BadValue(f"{path}: {error}") from None
    return read


def accepted(flow: Flow, link: Link, system: System, record: Record, new: Observation) -> Link:
    """The link with a newer observation of one side."""
    index = 0 if system == "customerp" else 1
    new = replace(new, edited=edits(link.observation(system), new, link.shadow, index))
    key = flow.key(new.values[flow.match.name])
    if system == "customerp":
        return replace(link, erp=new, erp_id=record.id, erp_key=key)
    return replace(link, inv=new, inv_id=record.id, inv_key=key, reference=record.reference)


def settle(flow: Flow, link: Link, record: Record, new: Observation, resolve: Resolver) -> tuple[Link, list[Notice]]:
    """After an operation was answered.

    The shadow takes the value that was sent from and the value that came back, not the two current observations:
    the source may have moved while the call was under way.
    """
    intent = link.intent
    assert intent is not None
    shadow, diverged = dict(link.shadow), dict(link.diverged)
    notices: list[Notice] = []
    key = key_of(flow.match.name, link)
    title = "Customerp" if intent.system == "customerp" else "Invoiced"
    for name, (sent, desired, before) in intent.fields.items():
        returned, pair = new.values[name], flow.pair(name)
        if desired is None and intent.operation == "create" and returned is not None and not pair.target_default:
            continue  # nothing was sent, so the two values meet for the first time
        met = _met(pair, intent.system, sent, returned)
        shadow[name] = met if returned == desired else _pair(intent.system, sent, returned)
        diverged.pop(name, None)
        if returned == desired or pair.converter.agree(*shadow[name], resolve):
            continue
        if sent is None and pair.target_default:
            diverged[name] = pair.target_default
            continue
        kind, diverged[name] = _refusal(desired, before, returned, title)
        notices.append(Notice(flow.id, key, name, kind, diverged[name]))
    children = link.children
    if flow.lines is not None and intent.lines is not None:
        children = adopt(
            flow.lines, intent.system, stored_lines(link), new.lines, link.children, _other_lines(link, intent.system)
        )
    settled = accepted(flow, replace(link, shadow=shadow), intent.system, record, new)
    return replace(
        settled,
        diverged=diverged,
        children=children,
        intent=None,
        state=State.LINKED,
        reason=None,
        waits_for=None,
        attempts=0,
        dirty=True,
    ), notices


def recovered(flow: Flow, link: Link, record: Record, new: Observation) -> tuple[Link, bool]:
    """After a write whose answer was lost, from the record as it is now; False if nothing of it is there.

    Every field equal to the intent's value counts as written by us. Otherwise our own write would be taken for a
    person's edit and beat a newer one. A write is atomic: where one field shows that it arrived, another one that has
    neither the old nor the desired value was edited since, and that edit is still to travel. One with the old value
    was set back; only Invoiced may also have ignored it, which is then taken to be so.
    """
    intent = link.intent
    assert intent is not None
    shadow, diverged = dict(link.shadow), dict(link.diverged)
    found = created = intent.operation == "create"
    arrived = any(new.values[name] == desired != old for name, (_, desired, old) in intent.fields.items())
    for name, (sent, desired, before) in intent.fields.items():
        returned, pair = new.values[name], flow.pair(name)
        why: str | None = None
        if intent.system == "invoiced" and shortened(pair.target, desired, returned):
            _, why = _refusal(desired, before, returned, "Invoiced")
        elif desired is None and returned is not None and pair.target_default and (arrived or returned != before):
            why = pair.target_default  # the old value by itself does not tell its default from a write that is lost
        elif returned != desired:
            if created or (arrived and (returned != before or intent.system == "customerp")):
                shadow[name] = _pair(intent.system, sent, desired)
                diverged.pop(name, None)
            continue
        shadow[name], found = _met(pair, intent.system, sent, returned), True
        diverged.pop(name, None)
        if why is not None:
            diverged[name] = why
    children = link.children
    if flow.lines is not None and intent.lines is not None:
        desired_lines = stored_lines(link)
        if _arrived(intent.system, desired_lines, new.lines, link.children) or (
            found and (intent.system == "customerp" or not _untouched(new.lines, link.children))
        ):
            others = _other_lines(link, intent.system)
            children = _as_sent(flow.lines, intent.system, desired_lines, new.lines, link.children, others)
            found = True
    settled = accepted(flow, replace(link, shadow=shadow), intent.system, record, new)
    return replace(
        settled, diverged=diverged, children=children, intent=None, state=State.LINKED, reason=None, dirty=True
    ), found


def stored_lines(link: Link) -> tuple[LineChange, ...]:
    """The complete list that the open intent is to bring about."""
    assert link.intent is not None
    return tuple(
        LineChange(line["id"], line["counterpart"], line["values"], line["sent_from"])
        for line in link.intent.lines or ()
    )


def _other_lines(link: Link, system: System) -> tuple[Line, ...]:
    other = link.erp if system == "invoiced" else link.inv
    return () if other is None else other.lines


def _arrived(
    system: System, desired: tuple[LineChange, ...], current: tuple[Line, ...], children: tuple[Child, ...]
) -> bool:
    """Whether a list shows that it was sent: a new line is there, one left out is gone, or a kept one has its value."""
    index = 0 if system == "customerp" else 1
    known = {(child.erp if system == "customerp" else child.inv): child for child in children}
    kept = {line.id: line for line in current}
    fresh = [line for line in current if line.id not in known]
    left_out = known.keys() - {change.id for change in desired}
    if left_out and not left_out & kept.keys():
        return True
    for change in desired:
        if change.id is None:
            if any(_says(line, change) for line in fresh):
                return True
        elif change.id in kept and change.id in known:
            shadow = known[change.id].shadow
            for name, value in change.values.items():
                if name in shadow and shadow[name][index] != value == kept[change.id].values.get(name):
                    return True
    return False


def _untouched(current: tuple[Line, ...], children: tuple[Child, ...]) -> bool:
    """Whether Invoiced's list is as both sides last agreed: set back, ignored or never sent, which cannot be told."""
    known = {child.inv: child for child in children}
    return known.keys() == {line.id for line in current} and all(
        line.values[name] == pair[1] for line in current for name, pair in known[line.id].shadow.items()
    )


def _says(line: Line, change: LineChange) -> bool:
    return all(line.values.get(name) == value for name, value in change.values.items() if value is not None)


def _as_sent(
    spec: Lines,
    system: System,
    desired: tuple[LineChange, ...],
    current: tuple[Line, ...],
    known: tuple[Child, ...],
    other: tuple[Line, ...],
) -> tuple[Child, ...]:
    """Line links after a list arrived unseen: what lines say by now is an edit, and what is missing was removed.

    Except where Invoiced may have refused a value. A line that was removed before we saw its id is linked with none,
    so that its counterpart is removed and not taken for a new line.
    """
    changes = {change.counterpart: change for change in desired if change.counterpart}
    children = {_counterpart(system, child): child for child in adopt(spec, system, desired, current, known, other)}
    before = {_counterpart(system, child): child for child in known}
    result: list[Child] = []
    for counterpart, change in changes.items():
        child = children.get(counterpart) or before.get(counterpart)
        if child is None:
            child = Child(counterpart, "", {}) if system == "invoiced" else Child("", counterpart, {})
        sent = {
            name: _pair(system, change.sent_from[name], value)
            for name, value in change.values.items()
            if name in change.sent_from
            and not (name in child.shadow and system == "invoiced" and _refused(spec.pair(name), value, child))
        }
        result.append(replace(child, shadow={**child.shadow, **sent}))
    return (*result, *(child for counterpart, child in children.items() if counterpart not in changes))


def _refused(pair: Pair, sent: Value, child: Child) -> bool:
    """Whether Invoiced may have taken less than was sent to a line: the shadow has what the line says."""
    return pair.fixed or shortened(pair.target, sent, child.shadow[pair.name][1])


def _counterpart(system: System, child: Child) -> str:
    return child.erp if system == "invoiced" else child.inv


def _pair(system: System, sent: Value, returned: Value) -> Agreed:
    return (sent, returned) if system == "invoiced" else (returned, sent)


def _met(pair: Pair, system: System, sent: Value, arrived: Value) -> Agreed:
    """What both sides agree on once a value has arrived as it was meant.

    A united set holds all that the side it was sent from has said. What it says beyond that, or lacks, is still to
    travel back, so both were last the same in what that side says.
    """
    return (sent, sent) if pair.conflict == "union" else _pair(system, sent, arrived)


def _refusal(desired: Value, before: Value, returned: Value, title: str) -> tuple[NoticeKind, str]:
    if returned == before:
        return "unwritable", f"{title} kept {before!r} instead of {desired!r}"
    return "divergence", f"{title} made {returned!r} of {desired!r}"
