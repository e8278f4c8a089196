"""One run: its store, systems and clock, what has come of it so far, and the ways in which a link comes to rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from sync import deletes
from sync.clock import Clock
from sync.connector import Connector, Seen
from sync.converters import Reference
from sync.errors import CallFailed, Unavailable
from sync.events import Listener
from sync.http import LONGEST_PAUSE, Pacing
from sync.links import TITLES, Conflict, Interval, Link, Notice, NoticeKind, State, System, key_of
from sync.plan import agreed
from sync.report import Write
from sync.resolving import LinkedRecords
from sync.schema import Flow
from sync.settlement import accepted, observe
from sync.walk import Walk
from sync.writing import side_of, waiting_for

_MOST_CALLS = 8  # spent on a record in vain before it is given up
_STUCK = (State.DEAD, State.NEEDS_ATTENTION, State.AMBIGUOUS, State.TOMBSTONED)


@dataclass
class Outcome:
    """What a run has done so far."""

    writes: list[Write] = field(default_factory=list)
    notices: dict[int, tuple[Notice, ...]] = field(default_factory=dict)
    conflicts: dict[tuple[int, str], Conflict] = field(default_factory=dict)


@dataclass
class Run(LinkedRecords):
    """What the handlers of one run share. It resolves references through the links of the store."""

    connectors: Mapping[System, Connector]
    flows: Mapping[str, Flow]
    clock: Clock
    ids: Callable[[], str]
    pacing: Pacing
    walk: Walk
    session: int
    listen: Listener
    outcome: Outcome = field(default_factory=Outcome)
    spent: Counter[int] = field(default_factory=Counter)  # calls about a link since its last write, in vain so far
    deletes: set[int] = field(default_factory=set)  # links whose other side may be told in this run

    async def reread(self, flow: Flow, link: Link, system: System) -> Seen | None:
        """Read one side again and store it, also where it says that a deleted record is back; None when it is gone.

        Raises Unavailable for one that is missing together with too many others.
        """
        side = side_of(flow, system)
        id_ = link.erp_id if system == "customerp" else link.inv_id
        assert id_ is not None
        self.spent[link.id] += 1
        seen = await self.connectors[system].read(side.object, id_)
        if seen is None and (flow.id, system) in self.walk.doubted:
            reason = "it is missing, as are too many others to be taken for deleted"
            raise Unavailable(TITLES[system], f"{side.type} {id_}", 404, reason)
        survivor = None if seen is not None else await self.walk.became(self.connectors[system], flow, id_)
        with self.store.transaction(durable=False):
            if seen is None:
                self.walk.gone(flow, system, id_, survivor)
                return None
            record = self.connectors[system].record(side.object, seen.raw)
            new = observe(flow, system, record, Interval(self.session, seen.start, seen.end))
            after = accepted(flow, agreed(flow, self.store.link(link.id), self), system, record, new)
            self.store.save(deletes.revived(after) if after.deleted == system else after)
        return seen

    def forget_lone(self, flow: Flow, link: Link, system: System, id_: str) -> None:
        """Remove the link that a walk made for a record which turns out to be this one's counterpart."""
        alone = self.store.by_remote(flow.id, system, id_)
        if alone is not None and alone.id != link.id:
            self.store.remove(alone)

    def waiting(self, dependency: str) -> str:
        """Why a link waits, naming the record that it waits for and what holds that one up."""
        flow, _, id_ = dependency.partition(":")
        link = self.store.by_remote(flow, "customerp", id_)
        return waiting_for(self.flows[flow], id_, link, link is not None and link.state in _STUCK)

    def notice(self, link: Link, field: str | None, kind: NoticeKind, reason: str) -> Notice:
        """A notice about a link, under the name by which people know the record."""
        return Notice(link.flow, key_of(self.flows[link.flow].match.name, link), field, kind, reason)

    def rest(
        self, link: Link, state: State, reason: str | None, notices: list[Notice], *, waits_for: str | None = None
    ) -> None:
        """Nothing more to do for now; stores why, and tells it in the report."""
        resting = self.resting(link, state, reason, notices, waits_for=waits_for)
        with self.store.transaction(durable=False):
            self.store.save(resting)

    def resting(
        self, link: Link, state: State, reason: str | None, notices: list[Notice], *, waits_for: str | None = None
    ) -> Link:
        """The link as `rest` stores it; tells why in the report."""
        found = tuple(dict.fromkeys(notices))
        self.remember(link.id, found)
        return replace(link, state=state, reason=reason, dirty=False, waits_for=waits_for, notices=found)

    def needs_attention(self, link: Link, reason: str, field: str | None = None) -> None:
        """Close the intent; the link is tried again when its record changes, or the one it refers to.

        `field` is what is to blame.
        """
        self.rest(
            replace(link, intent=None),
            State.NEEDS_ATTENTION,
            reason,
            [self.notice(link, field, "needs_attention", reason)],
            waits_for=self._refers_to(link),
        )

    def _refers_to(self, link: Link) -> str | None:
        for pair in self.flows[link.flow].pairs:
            if isinstance(pair.converter, Reference) and link.erp is not None and link.erp.values[pair.name]:
                return f"{pair.converter.flow}:{link.erp.values[pair.name]}"
        return None

    def leave_out(self, link: Link, name: str, reason: str) -> None:
        """Let the other properties go on: the refused one stays different until either side changes it."""
        assert link.erp is not None
        assert link.inv is not None
        pair = (link.erp.values[name], link.inv.values[name])
        with self.store.transaction():
            self.store.save(
                replace(
                    link,
                    intent=None,
                    state=State.LINKED,
                    shadow={**link.shadow, name: pair},
                    diverged={**link.diverged, name: reason},
                )
            )
        self.remember(link.id, [self.notice(link, name, "needs_attention", reason)])

    def abandon(self, link: Link, *, dirty: bool) -> Link:
        """Close an intent that provably had no effect."""
        state = State.LINKED if link.inv_id else State.DISCOVERED
        with self.store.transaction():
            return self.store.save(replace(link, intent=None, state=state, dirty=dirty))

    def postpone(
        self, link: Link, failed: CallFailed, pause: float | None = None, following: int | None = None
    ) -> None:
        """Try again later, and not for ever: a record that fails costs eight calls, look-ups included, and no more.

        Being asked to slow down (429) is no failure of the record. `following`: as for `exhausted`.
        """
        attempts = link.attempts + (0 if failed.status == 429 else max(1, self.spent[link.id]))
        dead = failed.status != 429 and self.exhausted(link, following)
        if pause is None:
            pause = min(LONGEST_PAUSE, 2 * 2**attempts) * self.pacing.jitter()
        due = None if dead else self.clock.now().timestamp() + pause
        self.rest(
            replace(link, attempts=attempts, next_attempt_at=due),
            State.DEAD if dead else State.RETRY,
            str(failed),
            [self.notice(link, None, "needs_attention", str(failed))],
        )

    def exhausted(self, link: Link, following: int | None = None) -> bool:
        """Whether another round, of `following` calls or as many as this one, is more than a record may cost."""
        spent = max(1, self.spent[link.id])
        return link.attempts + spent + (following or spent) > _MOST_CALLS

    def remember_conflicts(self, link: int, conflicts: Iterable[Conflict]) -> None:
        """Keep conflicts for the report, each as it was first seen."""
        for conflict in conflicts:
            self.outcome.conflicts.setdefault((link, conflict.field), conflict)

    def remember(self, link_id: int, notices: Iterable[Notice]) -> None:
        """Keep notices for the report, each once."""
        known = self.outcome.notices.get(link_id, ())
        self.outcome.notices[link_id] = tuple(dict.fromkeys((*known, *notices)))
