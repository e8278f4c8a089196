"""What a replay finds wrong with the traffic of the program under test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from counterpart.replay.matching import Difference, place

_MOST_TOGETHER = 8
_INDEX = re.compile(r"\[\d+\]")


class MissKind(StrEnum):
    """Why a request cannot be answered from the recording, or a recorded one was not sent."""

    NOT_RECORDED = "not recorded"
    TOO_EARLY = "too early"
    TOO_LATE = "too late"
    OTHER_ACTOR = "wrong actor"
    REPEATED = "sent more often than recorded"
    OTHER_KEY = "wrong idempotency key"
    OTHER_HOST = "unknown host"
    LEFT_OVER = "recorded but not sent"


@dataclass(frozen=True, slots=True)
class Miss:
    """One difference between the program's traffic and its recording; `asked` and `nearest` are method and URL.

    `differences` are those from `nearest`; `others` are sentences about the recordings that come next.
    """

    kind: MissKind
    scenario: str
    step: int
    step_text: str
    actor: str
    asked: str
    detail: str = ""
    nearest: str = ""
    differences: tuple[Difference, ...] = ()
    others: tuple[str, ...] = ()
    cure: str = ""

    @property
    def cause(self) -> str:
        """What has gone wrong without the ids and values of one scenario, so that equal causes are alike."""
        method, _, url = self.asked.partition(" ")
        paths = dict.fromkeys(_INDEX.sub("[]", each.path) for each in self.differences)
        return f"{self.kind}: {method} {place(url)}" + (f": {', '.join(paths)}" if paths else "")

    def __str__(self) -> str:
        named = f' "{self.step_text}"' if self.step_text else ""
        where = f"step {self.step}{named}" if self.step else "outside any step"
        lines = [f"{self.scenario + ', ' if self.scenario else ''}{where}: {self.kind}"]
        verb = "recorded" if self.kind is MissKind.LEFT_OVER else "asked"
        lines.append(f"  {verb:<9}{self.asked} by the {self.actor}")
        if self.detail:
            lines.append(f"  {'because':<9}{self.detail}")
        if self.nearest:
            lines.append(f"  {'nearest':<9}{self.nearest}")
        lines += [f"           {difference}" for difference in self.differences]
        lines += [f"  {'or':<9}{other}" for other in self.others]
        if self.cure:
            lines.append(f"  {'cure':<9}correct the program; if the change is meant: {self.cure}")
        return "\n".join(lines)


class ReplayMiss(BaseException):
    """The program sent something that its recording does not hold, or left something out.

    No Exception, so that an engine that records errors and goes on cannot swallow it.
    """

    def __init__(self, misses: Sequence[Miss]) -> None:
        self.misses = tuple(misses)
        super().__init__("\n\n".join(map(str, self.misses)))

    @property
    def miss(self) -> Miss:
        """The first of them, most often the cause of the others."""
        return self.misses[0]


def together(misses: Sequence[Miss]) -> str:
    """All misses of one scenario, the first ones in full; the cure, which is the same for all, once."""
    shown = [replace(each, cure="") for each in misses[:_MOST_TOGETHER]]
    if len(misses) <= _MOST_TOGETHER:
        shown[-1:] = misses[-1:]
        return "\n\n".join(map(str, shown))
    more = f"and {len(misses) - _MOST_TOGETHER} more misses in this scenario"
    return "\n\n".join([*map(str, shown[:-1]), str(misses[_MOST_TOGETHER - 1]), more])
