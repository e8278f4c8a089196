"""Writes whose outcome is not known: look first, then adopt, resend or plan anew."""

from __future__ import annotations

from msgspec.structs import replace

from sync import matching
from sync.connector import Call, Operation, Recalled, Seen, Written
from sync.errors import Taken
from sync.execution import Execution
from sync.links import OTHER, TITLES, Intent, Interval, Link, State, System, same_content
from sync.merge import convert
from sync.plan import agreed, plan_link
from sync.schema import Flow
from sync.settlement import accepted, observe, recovered
from sync.writing import path_of, side_of, wanted

_ANSWERED = (State.RETRY, State.DEAD)  # links whose write was answered with an error
RESERVATION_SECONDS = 100  # how long a number may stay reserved
_ONCE_MORE = 3  # calls: the create, and a look for whoever has the number, which is two
_REMEMBERED_SECONDS = 23 * 3600  # both systems keep an answer under its key for a day; an hour for the way of the call


def stored(intent: Intent) -> Operation:
    """The operation as it was stored before it was carried out."""
    return Operation(intent.operation, intent.object, intent.id, tuple(Call(**call) for call in intent.calls))


async def resolve(execution: Execution, flow: Flow, link: Link) -> None:
    """Settle an open intent from what the system shows now."""
    intent = link.intent
    assert intent is not None
    link = agreed(flow, link, execution.run)
    connector = execution.run.connectors[intent.system]
    operation = stored(intent)
    definite = link.state in _ANSWERED
    if operation.id is None:
        if definite:
            await _create_again(execution, flow, link, operation)
            return
        found = await _find(execution, flow, link)
        if not found:
            # The same call under the same key, as the first may still be under way.
            await execution.carry_out(flow, link, operation)
            return
        recalled = await _recalled(execution, operation, intent)
        only = _only(found)
        if only is not None and isinstance(recalled, Seen) and _same(recalled, only):
            execution.settle(flow, link, operation, Written(recalled), only)
        elif only is not None and _ours(execution, flow, link, only):
            _adopt(execution, flow, link, operation, only)
        else:
            await _number_taken(execution, flow, link, found)
        return
    recalled = await _recalled(execution, operation, intent)
    execution.run.spent[link.id] += 1
    vain = recalled == "never arrived" and not definite  # an error may leave an effect and no answer under its key
    if vain and operation.name != "replace":
        # Kept before the next look: if that fails, what is known of this write must not become doubtful again.
        execution.run.spent.pop(link.id, None)  # it was lost on its way, which is no failure of the record
        await execution.run.reread(flow, execution.run.abandon(link, dirty=True), intent.system)
        return
    execution.run.spent[link.id] += 1
    seen = await connector.read(operation.object, operation.id)
    if seen is None:
        if isinstance(recalled, Seen) and _id(recalled) == operation.id:
            execution.settle(flow, link, operation, Written(recalled))  # it took effect before the record went
            link = execution.run.store.link(link.id)
        survivor = await execution.run.walk.became(connector, flow, operation.id)
        with execution.run.store.transaction():
            execution.run.store.save(replace(link, intent=None))
            execution.run.walk.gone(flow, intent.system, operation.id, survivor)
    elif isinstance(recalled, Seen) and _same(recalled, seen):
        execution.settle(flow, link, operation, Written(recalled), seen)
    elif operation.name == "replace" and seen.raw.get("archived") is True:
        await _replace_again(execution, flow, link, operation, seen)
    elif vain:
        _forget(execution, flow, link, seen)
    else:
        _adopt(execution, flow, link, operation, seen)


async def _recalled(execution: Execution, operation: Operation, intent: Intent) -> Recalled:
    """What a write was answered; that its key is unknown says something only while it would be remembered."""
    recalled = await execution.run.connectors[intent.system].recall(operation, intent.key)
    forgotten = execution.run.clock.now().timestamp() - intent.at > _REMEMBERED_SECONDS
    return "cannot be told" if recalled == "never arrived" and forgotten else recalled


async def _create_again(execution: Execution, flow: Flow, link: Link, operation: Operation) -> None:
    """A create that was answered with an error is made again, unless its key says that it took effect after all."""
    assert link.intent is not None
    system = link.intent.system
    connector = execution.run.connectors[system]
    execution.run.spent[link.id] += 1
    recalled = await connector.recall(operation, link.intent.key)
    if not isinstance(recalled, Seen):
        await execution.again(flow, link, operation)  # if it took effect all the same, its number is taken
        return
    execution.run.spent[link.id] += 1
    id_ = connector.record(operation.object, recalled.raw).id
    current = await connector.read(operation.object, id_)
    execution.settle(flow, link, operation, Written(recalled), current)
    if current is None:
        survivor = await execution.run.walk.became(connector, flow, id_)
        with execution.run.store.transaction():
            execution.run.walk.gone(flow, system, id_, survivor)


async def _replace_again(execution: Execution, flow: Flow, link: Link, operation: Operation, seen: Seen) -> None:
    """The record is archived and not created again yet; that absence is ours, and no delete.

    What somebody has edited since we looked is no part of the stored body, so it would be overwritten; and what was
    answered with an error may be refused for ever. Then the record comes back as it is wanted now.
    """
    assert link.intent is not None
    system = link.intent.system
    connector = execution.run.connectors[system]
    raw = {**seen.raw, "archived": False}
    record = connector.record(operation.object, raw)
    new = observe(flow, system, record, Interval(execution.run.session, seen.start, seen.end))
    if link.state not in _ANSWERED and same_content(link.observation(system), new):
        await execution.again(flow, link, operation)
        return
    fresh = accepted(flow, link, system, record, new)
    plan = plan_link(flow, fresh, execution.run)
    change = plan.to_target if system == "invoiced" else plan.to_source
    asked = wanted(flow, fresh, system, change, raw)
    back = replace(asked, assign={**asked.assign, "archived": False}, current={**asked.current, "archived": True})
    prepared = connector.prepare(back)
    assert prepared.operation is not None
    anew = replace(prepared.operation, name=operation.name)
    covers = prepared.covers - {"archived"}  # if it is to be archived by now, that comes next
    await execution.write(flow, fresh, system, change, replace(prepared, covers=covers), anew, plan)


def _only(found: list[Seen]) -> Seen | None:
    return found[0] if len(found) == 1 else None


def _same(one: Seen, other: Seen) -> bool:
    return _id(one) is not None and _id(one) == _id(other)


def _id(seen: Seen) -> str | None:
    """As the links keep it, of a record; None of an answer that is none."""
    return str(seen.raw["id"]) if isinstance(seen.raw, dict) and "id" in seen.raw else None


def _forget(execution: Execution, flow: Flow, link: Link, seen: Seen) -> None:
    """Close an intent that had no effect, and go on from what the record is now."""
    assert link.intent is not None
    system, store = link.intent.system, execution.run.store
    record = execution.run.connectors[system].record(link.intent.object, seen.raw)
    new = observe(flow, system, record, Interval(execution.run.session, seen.start, seen.end))
    with store.transaction():
        store.save(
            accepted(flow, replace(link, intent=None, state=State.LINKED, reason=None, dirty=True), system, record, new)
        )


async def taken(execution: Execution, flow: Flow, link: Link, refused: Taken) -> None:
    """The number exists already: look it up and link with the record that has it, or say who has it."""
    found = await _find(execution, flow, link)
    if not found and not execution.run.exhausted(link, _ONCE_MORE):
        # Invoiced holds a number for the call that is creating its record, even if that fails in the end.
        execution.run.postpone(replace(link, intent=None), refused, RESERVATION_SECONDS, _ONCE_MORE)
        return
    if not found:
        execution.run.needs_attention(link, f"{refused}; no record with it is to be found")
        return
    only = _only(found)
    if only is not None and link.intent is not None and _ours(execution, flow, link, only):
        _adopt(execution, flow, link, stored(link.intent), only)
        return
    await _number_taken(execution, flow, link, found)


async def _number_taken(execution: Execution, flow: Flow, link: Link, found: list[Seen]) -> None:
    """Link with the record that has our number, as if the walk had seen it."""
    store = execution.run.store
    system = _missing(link)
    connector, side = execution.run.connectors[system], side_of(flow, system)
    taking_part = [seen for seen in found if all(seen.raw.get(name) == value for name, value in side.filter.items())]
    if not taking_part:
        holder = ", ".join(str(seen.raw.get("id")) for seen in found)
        reason = f"its number belongs to {holder} of {TITLES[system]}, which does not take part"
        execution.run.needs_attention(link, reason)
        return
    with store.transaction():
        link = store.save(replace(link, intent=None, state=State.DISCOVERED, dirty=True))
        for seen in taking_part:
            execution.run.walk.take(flow, connector, seen.raw, Interval(execution.run.session, seen.start, seen.end))
    match = (matching.find if system == "invoiced" else matching.find_source)(store, flow, link)
    if match.adopted is None and match.problem is None:
        execution.run.needs_attention(link, "its number is taken, and the record that has it cannot be read")


async def _find(execution: Execution, flow: Flow, link: Link) -> list[Seen]:
    system = _missing(link)
    known, id_ = link.observation(OTHER[system]), link.id_in(OTHER[system])
    assert known is not None
    assert id_ is not None
    execution.run.spent[link.id] += 2
    key = convert(flow.match, OTHER[system], known.values[flow.match.name], execution.run)
    connector = execution.run.connectors[system]
    return await connector.find(side_of(flow, system), id_, path_of(flow.match, system), str(key))


def _missing(link: Link) -> System:
    """The side on which a link has no record yet."""
    return "invoiced" if link.inv_id is None else "customerp"


def _ours(execution: Execution, flow: Flow, link: Link, seen: Seen) -> bool:
    system = _missing(link)
    record = execution.run.connectors[system].record(side_of(flow, system).object, seen.raw)
    return record.reference == link.id_in(OTHER[system])


def _adopt(execution: Execution, flow: Flow, link: Link, operation: Operation, seen: Seen) -> None:
    intent = link.intent
    assert intent is not None
    store = execution.run.store
    record = execution.run.connectors[intent.system].record(operation.object, seen.raw)
    new = observe(flow, intent.system, record, Interval(execution.run.session, seen.start, seen.end))
    after, found = recovered(flow, link, record, new)
    with store.transaction():
        if operation.id is None:
            execution.run.forget_lone(flow, link, intent.system, record.id)
        if found:
            execution.settled(flow, link, intent)
        after = store.save(after)
        if operation.id is None:
            store.wake(f"{flow.id}:{after.erp_id}")
