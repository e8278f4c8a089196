"""Many seeds, every crash point of some, and the shortest history of one that fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scene import Outcome, Plan, Scene

_ENDED = "the process ended "


@dataclass
class Tally:
    """What a number of plays came to."""

    plays: int = 0
    steps: int = 0
    calls: int = 0
    crashes: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[Plan, Outcome]] = field(default_factory=list)

    def add(self, plan: Plan, outcome: Outcome) -> None:
        self.plays += 1
        self.steps += outcome.steps
        self.calls += outcome.calls
        self.crashes += len(outcome.crashes) + outcome.counts["call: killed"]
        self.counts += outcome.counts
        if outcome.violation is not None:
            self.failed.append((plan, outcome))

    def __str__(self) -> str:
        return (
            f"{self.plays:,} plays, {self.crashes:,} crashes, {self.calls:,} calls, {self.steps:,} steps; "
            f"{len(self.failed)} failed"
        )

    def table(self) -> str:
        """What happened how often; what never happened proves nothing."""
        return "\n".join(f"{number:>11,}  {name}" for name, number in sorted(self.counts.items()))


def play(plan: Plan) -> Outcome:
    return Scene(plan).play()


def calm(plan: Plan) -> Plan:
    """The plan without the ends of its process that chance has drawn."""
    return replace(plan, crashes=frozenset())


def ending_at(plan: Plan, point: int) -> Plan:
    """The calm plan, but for its process ending once."""
    return replace(plan, crashes=frozenset((point,)))


def every_crash(plan: Plan) -> Iterator[Plan]:
    """The plan once for each point at which its process can end: after every step of the loop, around every commit."""
    return (ending_at(plan, point) for point in range(1, play(calm(plan)).points + 1))


@dataclass
class Points:
    """The points at which a process can end, of histories in which each is forced in a play of its own."""

    scenarios: int = 0
    known: int = 0  # as the first play of each scenario counted them
    forced: Counter[str] = field(default_factory=Counter)  # by what the process was about

    def enumerated(self, calm: Outcome) -> None:
        self.scenarios += 1
        self.known += calm.points

    def add(self, plan: Plan, outcome: Outcome) -> None:
        if plan.crashes == {*outcome.crashes}:
            self.forced += Counter({what: n for what, n in outcome.counts.items() if what.startswith(_ENDED)})

    def __str__(self) -> str:
        kinds = ", ".join(f"{number:,} {what.removeprefix(_ENDED)}" for what, number in self.forced.items())
        return (
            f"{self.forced.total():>11,} of {self.known:,} points of {self.scenarios:,} scenarios forced, "
            f"each in a play of its own: {kinds}"
        )


@dataclass
class Coverage:
    """The sites at which a process can end, as far as the swept histories show them."""

    scenarios: int = 0
    exhausted: int = 0
    plays: int = 0
    pairs: int = 0  # of a scenario and a site of it
    known: set[str] = field(default_factory=set)
    forced: set[str] = field(default_factory=set)

    def add(self, swept: Swept) -> None:
        self.scenarios += 1
        self.exhausted += swept.known == swept.forced and not swept.plays[-1][1].crashes
        self.plays += len(swept.plays)
        self.pairs += len(swept.forced)
        self.known |= swept.known
        self.forced |= swept.forced

    def __str__(self) -> str:
        kinds = Counter(_kind(site) for site in self.known)
        forced = Counter(_kind(site) for site in self.forced)
        lines = [f"{forced[kind]:>11,} of {number:,} sites: the process ended {kind}" for kind, number in kinds.items()]
        return "\n".join(
            (
                *sorted(lines, key=lambda line: line[24:]),
                f"{len(self.forced):>11,} of {len(self.known):,} sites in all",
                f"{self.exhausted:>11,} of {self.scenarios:,} scenarios with each of their sites forced: "
                f"{self.pairs / max(1, self.scenarios):.0f} a scenario, in {self.plays:,} plays",
            )
        )


def _kind(site: str) -> str:
    first = site.split()[0]
    if first in ("before", "after"):
        return f"just {first} a commit"
    return {
        "await": "at an await",
        "arrive": "when a request had arrived",
        "deliver": "when an answer had arrived",
    }.get(first, "while people acted")


@dataclass
class Swept:
    """A plan played until its process has ended once at each site that it comes by."""

    plays: list[tuple[Plan, Outcome]]
    known: set[str]
    forced: set[str]


def sweep(plan: Plan, most: int = 200) -> Swept:
    """Play a plan again and again, ending its process at sites where it has not ended yet, until a play shows none.

    A process that ends has others after it, whose recovery has sites of its own; they are swept, too.
    """
    swept = Swept([], set(), set())

    def ends(site: str) -> bool:
        swept.known.add(site)
        if site in swept.forced:
            return False
        swept.forced.add(site)
        return True

    for _ in range(most):
        outcome = Scene(calm(plan), ends).play()
        swept.plays.append((replace(plan, crashes=frozenset(outcome.crashes)), outcome))
        if not outcome.crashes or outcome.violation is not None:
            break
    return swept


def shortest(plan: Plan, invariant: str, most: int = 400) -> Plan:
    """A part of the history that breaks the same invariant, and can spare nothing more; found in `most` tries.

    Points are counted as they come. One alone is found again by its site: what is left out before it moves it, and the
    history that is left may come by its site several times.
    """
    [point] = plan.crashes if len(plan.crashes) == 1 else [0]
    sites = sites_of(plan) if point else []
    site = sites[point - 1] if 0 < point <= len(sites) else ""  # chance may have drawn one that no play comes by
    parts: list[Any] = [*plan.events, *plan.faults, *(() if site else sorted(plan.crashes))]
    found = plan

    def fails(kept: Sequence[Any]) -> bool:
        nonlocal found
        part = _with(plan, kept)
        for tried in _ending_there(part, point, site) if site else (part,):
            violation = play(tried).violation
            if violation is not None and violation.invariant == invariant:
                found = tried
                return True
        return False

    _reduced(parts, fails, most)
    return found


def sites_of(plan: Plan) -> list[str]:
    """The site of each point of the calm history, in order."""
    named: list[str] = []

    def ends(site: str) -> bool:
        named.append(site)
        return False

    Scene(calm(plan), ends).play()
    return named


def _ending_there(plan: Plan, point: int, site: str) -> Iterator[Plan]:
    there = [number for number, named in enumerate(sites_of(plan), 1) if named == site]
    yield from (ending_at(plan, number) for number in sorted(there, key=lambda number: abs(number - point))[:5])


def _with(plan: Plan, parts: Sequence[Any]) -> Plan:
    return replace(
        plan,
        events=tuple(part for part in parts if not isinstance(part, tuple | int)),
        faults=tuple(part for part in parts if isinstance(part, tuple)),
        crashes=frozenset(part for part in parts if isinstance(part, int)),
    )


def _reduced(parts: list[Any], fails: Callable[[Sequence[Any]], bool], most: int) -> list[Any]:
    """Leave out halves, then quarters, down to single parts, as long as it still fails."""
    size = max(1, len(parts) // 2)
    left = most
    while left > 0:
        shorter = False
        for start in range(0, len(parts), size):
            kept = parts[:start] + parts[start + size :]
            left -= 1
            if left > 0 and fails(kept):
                parts, shorter = kept, True
                break
        if not shorter:
            if size == 1:
                break
            size //= 2
    return parts
