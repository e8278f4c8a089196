"""The sync with one of its rules taken away: each has to make histories fail, or the simulation does not see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import broken
import lapses
import scene
from settings import (
    BUSY,
    CLOSING,
    CROWDED,
    ELSEWHERE,
    FADING,
    GUESSING,
    ISSUED,
    LAGGING,
    PAGED,
    POISONED,
    READING,
    REFUSED,
    SETTLED,
    SHORT,
    SLOW,
    SPOILT,
    STALLED,
    THROTTLED,
    TO_AND_FRO,
    UNSEEN,
    USUAL,
    Patches,
    Setting,
)  # fmt: skip
from worlds import (
    ASKED,
    CUT,
    DIALLED,
    FAILING,
    FOUGHT_OVER,
    GARBLED,
    MISENTERED,
    PAID,
    POWERLESS,
    REGISTERED,
    RESERVED,
    TAGGED,
)  # fmt: skip

from counterpart.emulators.invoiced_account import Numbering
from sync import (
    audit,
    deletes,
    dispatch,
    engine,
    execution,
    invoiced,
    invoiced_records,
    matching,
    merge,
    plan,
    reconcile,
    recovery,
    settlement,
    values,
    walk,
)
from sync.converters import Converter, Email
from sync.customerp import Customerp
from sync.engine import Engine
from sync.execution import Execution
from sync.flow import load_flows
from sync.http import Wire
from sync.invoiced import Invoiced
from sync.matching import Match
from sync.reconcile import Reconciler
from sync.run import Run
from sync.schema import Flow
from sync.slots import Slots
from sync.store import Store
from sync.walk import Walk


@dataclass(frozen=True)
class Rule:
    """A rule, what the sync is like without it, and where that is dangerous."""

    name: str
    patches: Callable[[], Patches]
    setting: Setting = USUAL

    def __str__(self) -> str:
        return f"{self.name} [{self.setting.name}]"


def _unmatched() -> Patches:
    return [
        patch.object(matching, "find", lambda store, flow, link: Match()),
        patch.object(recovery, "_find", broken.finds_nothing),
    ]


def _unasked() -> Patches:
    return [patch.object(system, "recall", broken.forgotten) for system in (Invoiced, Customerp)]


_RULES = (
    # What counts as an edit, and what the shadow holds
    Rule(
        "an answer to a write is a look at the record (R1)",
        lambda: [patch.object(execution, "settle", broken.settled_unseen(execution.settle))],
    ),
    Rule(
        "an older look does not replace a newer one (R2)",
        lambda: [patch.object(walk, "accept", lambda *_: "accept")],
        LAGGING,
    ),
    Rule(
        "the shadow takes what was sent from, not what the source says by now (R3)",
        lambda: [patch.object(execution, "settle", broken.settled_from_now(execution.settle))],
        READING,
    ),
    Rule(
        "the shadow takes what came back, not what was wanted (R4)",
        lambda: [patch.object(execution, "settle", broken.settled_as_wanted(execution.settle))],
    ),
    Rule(
        "values are compared in canonical form",
        lambda: [
            patch.object(values, "text", lapses.verbatim),
            patch.object(Email, "read_source", Converter.read_source),
            patch.object(scene, "FLOWS", load_flows()),  # which keep how they read
        ],
    ),
    Rule(
        "what differs from the shadow is an edit, whatever the stamps say",
        lambda: [patch.object(settlement, "edits", lapses.stamped), patch.object(plan, "merge", lapses.latest_record)],
    ),
    Rule(
        "a pair that does not agree is recorded as divergent",
        lambda: [patch.object(execution, "settle", broken.settled_silently(execution.settle))],
    ),
    Rule(
        "two equal edits agree, and nothing is written",
        lambda: [patch.object(Converter, "agree", lambda *_: False)],
    ),
    Rule(
        "an address, a price change as one",
        lambda: [patch.object(Flow, "units", property(lambda self: tuple((pair,) for pair in self.pairs)))],
        CROWDED,
    ),
    Rule(
        "lines keep their links",
        lambda: [
            patch.object(settlement, "adopt", lambda *_: ()),
            patch.object(plan, "merge_lines", broken.unlinked),
        ],
    ),
    Rule("sets are united three ways", lambda: [patch.object(merge, "_united", lapses.not_united)], TAGGED),
    Rule(
        "a line that was taken out keeps its link until it is gone on both sides",
        lambda: [patch.object(settlement, "adopt", broken.forgetful(settlement.adopt))],
    ),
    Rule(
        "only what has changed is sent",
        lambda: [patch.object(reconcile, "wanted", broken.everything(reconcile.wanted))],
    ),
    Rule(
        "a list of lines is sent whole",
        lambda: [patch.object(reconcile, "wanted", broken.only_changed_lines(reconcile.wanted))],
    ),
    Rule(
        "totals come to the same, or a person is told",
        lambda: [patch.object(plan, "wrong_total", lambda *_: None)],
        CUT,
    ),
    Rule(
        "the latest edit wins, by the stamps", lambda: [patch.object(merge, "choose", lambda *_: "customerp")], DIALLED
    ),
    Rule(
        "a conflict about an issued document is left to a person",
        lambda: [patch.object(plan, "_late_policy", lambda *_: None)],
        ISSUED,
    ),
    # Noticing changes
    Rule(
        "the cursor is the time at which the walk began, less a margin",
        lambda: [patch.object(Invoiced, "cursor", staticmethod(lambda at: None if at is None else str(int(at) + 1)))],
    ),
    Rule("archived items count as seen", lambda: [patch.object(invoiced.Invoiced, "_items", broken.active_only)]),
    Rule(
        "once a week everything is read",
        lambda: [patch.object(Engine, "_scan_due", lambda self: False)],
    ),
    Rule("the cursor moves when all is read", lambda: [patch.object(Walk, "invoiced", broken.cursor_first)], PAGED),
    Rule(
        "pages are read in an order that no edit changes",
        lambda: [patch.object(Invoiced, "walk", broken.oldest_first(Invoiced.walk))],
        PAGED,
    ),
    Rule(
        "nothing is written before both sides are read",
        lambda: [
            patch.object(Engine, "_read", broken.ours_first),
            patch.object(Engine, "_rest", broken.theirs_last),
        ],
        GUESSING,
    ),
    Rule(
        "one record that cannot be read stops no other",
        lambda: [patch.object(Walk, "_page", lapses.cut_short(Walk._page))],
        GARBLED,
    ),
    # Matching and creating
    Rule("look before creating", _unmatched, GUESSING),
    Rule(
        "a create is looked up, repeated under its key, and its number is unique",
        lambda: [
            *_unmatched(),
            patch.object(Execution, "carry_out", broken.new_key(Execution.carry_out)),
            patch.object(Numbering, "refuse_taken", lambda *_: None),
        ],
    ),
    Rule(
        "a number that is only reserved is asked for again",
        lambda: [patch.object(recovery, "taken", lapses.given_up)],
        RESERVED,
    ),
    Rule("a new key after an error", lambda: [patch.object(Execution, "again", lapses.under_the_old_key)], RESERVED),
    Rule(
        "between several that share a key a person decides",
        lambda: [patch.object(matching, "_by_further_keys", broken.first_found)],
        GUESSING,
    ),
    Rule(
        "what tells more goes first",
        lambda: [patch.object(matching, "_by_further_keys", lapses.weakest_first(matching._by_further_keys))],
        REGISTERED,
    ),
    Rule("a name is no key", lambda: [patch.object(matching, "_by_further_keys", broken.namesake)], GUESSING),
    Rule(
        "where two records meet, an empty value does not beat a filled one",
        lambda: [patch.object(merge, "_first", broken.owner_first)],
    ),
    Rule(
        "a document is created in its final state",
        lambda: [patch.object(invoiced, "prepare", lapses.drafted(invoiced_records.prepare))],
    ),
    # Writing
    Rule("an intent is stored before the call", lambda: [patch.object(Execution, "write", broken.write_first)]),
    Rule(
        "an intent is on the disk before the call",
        lambda: [patch.object(Store, "secured", lapses.unsecured)],
        POWERLESS,
    ),
    Rule(
        "an intent keeps what it writes",
        lambda: [patch.object(recovery, "recovered", broken.nothing_recovered), *_unasked()],
        SPOILT,
    ),
    Rule("a lost answer is asked for under its key", _unasked, SPOILT),
    Rule(
        "archiving an item and creating it again are one write",
        lambda: [patch.object(recovery, "_replace_again", broken.taken_for_theirs)],
    ),
    Rule(
        "an old Invoiced record is read again before it is written",
        lambda: [patch.object(Reconciler, "_stale", lambda *_: False)],
        SLOW,
    ),
    Rule("what a call replaces whole is read just before", lapses.lines_as_known),
    Rule(
        "Customerp is written on condition of its version",
        lambda: [patch.object(reconcile, "wanted", broken.unversioned(reconcile.wanted))],
    ),
    Rule("one handler a link at a time", lambda: [patch.object(dispatch.InProcess, "run", broken.twice)]),
    Rule(
        "a handler that was overtaken cannot store",
        lambda: [
            patch.object(dispatch.InProcess, "run", broken.twice),
            patch.object(Store, "save", broken.unfenced),
        ],
    ),
    Rule(
        "never more calls in flight than allowed", lambda: [patch.object(Slots, "__aenter__", broken.unlimited)], BUSY
    ),
    Rule(
        "a write whose answer was lost is in the history",
        lambda: [patch.object(Execution, "settle", broken.untold(Execution.settle))],
    ),
    Rule(
        "what was overwritten unseen is told",
        lambda: [patch.object(audit, "audit", broken.unaudited)],
        SLOW,
    ),
    Rule(
        "a plan is what the next run does",
        lambda: [patch.object(Engine, "plan", lapses.planned_unread)],
        ASKED,
    ),
    # Waiting, errors, deletes
    Rule("a record is woken by the one that it waits for", lambda: [patch.object(Store, "wake", lambda *_: None)]),
    Rule(
        "a closed, paid or voided document is left alone",
        lambda: [patch.object(invoiced, "record", broken.unfrozen(invoiced.record))],
        SETTLED,
    ),
    Rule(
        "a property is written three times in ten minutes at most (R5)",
        lambda: [patch.object(Execution, "tripped", lambda *_: None)],
        TO_AND_FRO,
    ),
    Rule(
        "a record that always fails costs eight calls",
        lambda: [patch.object(Run, "exhausted", lambda *_: False)],
        POISONED,
    ),
    Rule("pauses between attempts grow", lambda: [patch("sync.run.LONGEST_PAUSE", 2.0)], FAILING),
    Rule("429 halves the calls in flight", lambda: [patch.object(Slots, "pressed", lambda *_: None)], THROTTLED),
    Rule("after 429 it waits as long as it is told", lambda: [patch.object(Wire, "_told", lambda *_: 0.1)], THROTTLED),
    Rule(
        "refused data wait until they change",
        lambda: [patch.object(Run, "needs_attention", lapses.tried_again)],
        MISENTERED,
    ),
    Rule(
        "one refused property leaves the others going",
        lambda: [patch.object(Run, "leave_out", lapses.all_or_nothing)],
        MISENTERED,
    ),
    Rule(
        "429 is no failure of the record",
        lambda: [patch.object(Run, "postpone", broken.counted(Run.postpone))],
        STALLED,
    ),
    Rule(
        "a refused account stops the run",
        lambda: [patch.object(Wire, "_answer", broken.unheard(Wire._answer))],
        REFUSED,
    ),
    Rule(
        "what a list does not show is deleted only if reading says so, too",
        lambda: [patch.object(Walk, "_missing", broken.unconfirmed)],
        SHORT,
    ),
    Rule(
        "what a list leaves out counts as not seen",
        lambda: [
            patch.object(walk.Walk, "_page", broken.noting_the_page(walk.Walk._page)),
            patch.object(walk.Walk, "looked", broken.looked_by_page),
        ],
        UNSEEN,
    ),
    Rule(
        "many that are missing at once are not taken for deleted",
        lambda: [patch.object(Store, "unseen", broken.of_very_many(Store.unseen))],
        ELSEWHERE,
    ),
    Rule("a merge is no delete", lambda: [patch.object(Walk, "became", broken.not_merged)]),
    Rule(
        "an old list brings no deleted record back",
        lambda: [patch.object(walk, "taken", broken.resurrected(walk.taken))],
        FADING,
    ),
    Rule(
        "many deletes at once wait for a person",
        lambda: [
            patch.object(engine, "deletes_held", lambda *_: False),
        ],
        CLOSING,
    ),
    Rule(
        "an edit beats a delete",
        lambda: [patch.object(deletes, "edited", lambda *_: ())],
        FOUGHT_OVER,
    ),
    Rule(
        "a paid document is not voided",
        lambda: [patch.object(invoiced, "prepare", lapses.unpaid(invoiced_records.prepare))],
        PAID,
    ),
    Rule("a tombstone is kept", lambda: [patch.object(deletes, "bury", broken.buried_nowhere(deletes.bury))]),
)
RULES = {rule.name: rule for rule in _RULES}


@contextmanager
def without(rule: str | None, setting: Setting = USUAL) -> Iterator[None]:
    """The engine without one rule, in a setting."""
    patches = setting.patches() + (RULES[rule].patches() if rule is not None else [])
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
