"""What the document leaves open and people have to decide, and what they have decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from counterpart.checklist.additional import Additional
from counterpart.checklist.approvals import Approval, parsed, seal, text
from counterpart.checklist.checklist import Checklist
from counterpart.checklist.errors import DecisionsError
from counterpart.checklist.items import Flow, Item
from counterpart.checklist.tomlfile import edited, load_toml, replace_file

# "undecided" says what happens meanwhile; "suggested" is a choice that follows from something, and waits for a name.
Standing = Literal["undecided", "suggested", "approved"]
_KEYS = {"point", "choice", "shows", "standing", "reason", "approved"}

# What no document of the family says, with the items that depend on it: whether a value that was cleared travels,
# who wins when both sides were edited, what a deletion does, and by what a counterpart is recognised.
_STANDING_POINTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "match-key": (
        "By which property is the counterpart of a {source} recognised?",
        ("create", "link-stable"),
    ),
    "conflict": (
        "Whose edit stands when a {source} and its {target} were both edited?",
        ("link-stable", "edit-source", "edit-target"),
    ),
    "clearing": (
        "Does a value that was cleared in a {source} or its {target} travel?",
        ("edit-source", "edit-target", "property-source", "property-target", "properties-unspecified"),
    ),
    "deletes": (
        "What becomes of the other one when a {source} or its {target} is deleted?",
        ("link-stable",),
    ),
}


# By which requirements an item beyond the document depends on a point.
_REQUIREMENTS: Mapping[str, frozenset[int]] = {
    "conflict": frozenset({42, 43, 44, 45, 50, 66, 67}),
    "clearing": frozenset({46, 47, 48}),
    "deletes": frozenset(range(58, 64)),
}


@dataclass(frozen=True)
class Point:
    """An open point: `items` are short ids of what depends on it; a `blocking` one holds them until it is decided."""

    id: str
    question: str
    items: tuple[str, ...]
    blocking: bool
    says: str


@dataclass(frozen=True)
class Decision:
    """What is to be done about a point, and whether anybody wants it so.

    An approval that `lapsed` is a suggestion again. `shows` is what flow and scenarios do as long as that is something
    else than the choice: they pass, and prove what nobody wants.
    """

    point: str
    choice: str
    standing: Standing
    reason: str
    approved: Approval | None = None
    lapsed: Approval | None = None
    shows: str | None = None


@dataclass(frozen=True)
class Decisions:
    """All points of a checklist and what was decided about them."""

    points: tuple[Point, ...]
    made: Mapping[str, Decision]

    def of(self, item: str) -> tuple[tuple[Point, Decision | None], ...]:
        """The points that an item depends on, with the decision where there is one."""
        return tuple((point, self.made.get(point.id)) for point in self.points if item in point.items)

    @property
    def undecided(self) -> tuple[Point, ...]:
        """The points that nobody has answered."""
        return tuple(point for point in self.points if is_open(self.made.get(point.id)))

    @property
    def unapproved(self) -> tuple[Point, ...]:
        """The points without an answer that a named person has approved."""
        return tuple(
            point for point in self.points if not (made := self.made.get(point.id)) or made.standing != "approved"
        )

    def including(self, additional: Additional) -> Self:
        """The same, where the items beyond the document depend on the points that their requirements are about."""
        return replace(self, points=tuple(_including(point, additional) for point in self.points))

    @classmethod
    def load(cls, path: Path, checklist: Checklist) -> Self:
        """Read and check decisions; no file means that nothing is decided. Raises DecisionsError with every mistake."""
        points = open_points(checklist)
        known = {point.id: point for point in points}
        tables = _tables(path) if path.exists() else []
        made: dict[str, Decision] = {}
        defects: list[str] = []
        for number, table in enumerate(tables, 1):
            decision, wrong = _decision(table, known)
            place = f"decision {number}" + (f" ({decision.point})" if decision else "")
            defects += [f"{place}: {sentence}" for sentence in wrong]
            if decision and decision.point in made:
                defects.append(f"{place}: {decision.point} is decided twice; remove one")
            if decision:
                made[decision.point] = decision
        if defects:
            raise DecisionsError(path, defects)
        return cls(points, made)


def is_open(decision: Decision | None) -> bool:
    """Whether a point has no answer yet: nothing is said of it, or only what happens meanwhile."""
    return decision is None or decision.standing == "undecided"


def open_points(checklist: Checklist) -> tuple[Point, ...]:
    """Every point that somebody has to decide, those that block items first, in the checklist's order."""
    blocking: dict[str, list[Item]] = {}
    for item in checklist.items:
        for point in (item.decision or "").split():
            blocking.setdefault(point, []).append(item)
    found = [_point(id_, items[0].blocked or "", items, blocking=True) for id_, items in blocking.items()]
    for flow in checklist.flows:
        found += _of_flow(flow, checklist.by_flow[flow.id])
    return tuple(found)


def _of_flow(flow: Flow, items: tuple[Item, ...]) -> Iterator[Point]:
    # A merge rule names what is compared; without one nobody has.
    has_rule = any(item.kind == "link" for item in items)
    for name, (question, kinds) in _STANDING_POINTS.items():
        depending = [item for item in items if item.kind in kinds]
        if depending and not (name == "match-key" and has_rule):
            asked = question.format(source=flow.source, target=flow.target)
            yield _point(f"{name}:{flow.id}", asked, depending, blocking=False)


def _including(point: Point, additional: Additional) -> Point:
    name, _, flow = point.id.partition(":")
    about = _REQUIREMENTS.get(name, frozenset())
    depending = [
        item.short
        for item in additional.items
        if item.flow == flow and about.intersection(additional.requirements[item.short])
    ]
    # What an approval is bound to stays the document's statements.
    return replace(point, items=(*point.items, *depending))


def _point(id_: str, question: str, items: list[Item], *, blocking: bool) -> Point:
    # An approval is of an answer to these statements; reworded, they want a new look.
    says = seal(id_, sorted(item.fingerprint for item in items))
    return Point(id_, question, tuple(item.short for item in items), blocking, says)


def settle(
    path: Path,
    checklist: Checklist,
    point: str,
    choice: str,
    reason: str,
    approval: Approval | None = None,
    *,
    shown: bool = False,
) -> Decision:
    """Write a decision into its file, suggested, or approved and sealed; raises DecisionsError for an unknown point.

    Another choice than the file had is not what flow and scenarios show, unless it is said to be `shown`.
    """
    decisions = Decisions.load(path, checklist)
    known = {each.id: each for each in decisions.points}
    if point not in known:
        raise DecisionsError(path, [_unknown(point, known)])
    values = {"point": text(point), "choice": text(choice), "reason": text(reason)}
    values["standing"] = text("approved" if approval else "suggested")
    earlier = decisions.made.get(point)
    does = choice if shown or earlier is None else earlier.shows or earlier.choice
    sealed = replace(approval, seal=_seal(known[point], choice, reason)).to_toml() if approval else None
    whole = path.read_text("utf-8") if path.exists() else ""
    order = list(decisions.made)
    if point not in order:
        whole += ("\n" if whole else "") + f"[[decision]]\npoint = {values['point']}\n"
        order.append(point)
    try:
        replace_file(
            path,
            edited(
                whole,
                "decision",
                order.index(point),
                {**values, "shows": None if does == choice else text(does), "approved": sealed},
            ),
        )
    except ValueError as trouble:
        raise DecisionsError(path, [str(trouble)]) from None
    return Decisions.load(path, checklist).made[point]


def _decision(table: Mapping[str, Any], known: Mapping[str, Point]) -> tuple[Decision | None, list[str]]:
    wrong = [
        f'{name!r} must be a text; write {name} = "..."'
        for name in ("point", "choice", "standing", "reason")
        if not isinstance(table.get(name), str) or not table[name].strip()
    ]
    if wrong:
        return None, wrong
    point, choice, standing, reason = (str(table[name]) for name in ("point", "choice", "standing", "reason"))
    if point not in known:
        wrong.append(_unknown(point, known))
    if standing not in get_args(Standing):
        wrong.append(f"standing cannot be {standing!r}; write one of {', '.join(get_args(Standing))}")
    if not isinstance(shows := table.get("shows", choice), str):
        wrong.append("'shows' must be a text; write shows = \"...\", or take it out")
    wrong += [f"{key!r} is no key of a decision; remove it" for key in sorted(table.keys() - _KEYS)]
    given = table.get("approved")
    approval: Approval | None = None
    if standing == "approved":
        approval, amiss = parsed(given)
        wrong += amiss
    elif given is not None:
        wrong.append(f"it names an approval but is {standing}; set standing or remove it")
    decision = Decision(
        point, choice, cast(Standing, standing), reason, approval, shows=None if shows == choice else shows
    )
    if approval and point in known and approval.seal != _seal(known[point], choice, reason):
        decision = replace(decision, standing="suggested", approved=None, lapsed=approval)
    return decision, wrong


def _seal(point: Point, choice: str, reason: str) -> str:
    return seal(point.says, choice, reason)


def _unknown(point: str, known: Mapping[str, Point]) -> str:
    near = get_close_matches(point, known, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    return f"no open point is called {point!r}; {meant}`counterpart checklist points` lists all {len(known)}"


def _tables(path: Path) -> list[dict[str, Any]]:
    data = load_toml(path, DecisionsError)
    tables = data.get("decision", [])
    if data.keys() - {"decision"} or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise DecisionsError(path, ["it has [[decision]] tables only; write [[decision]] above each"])
    return tables
