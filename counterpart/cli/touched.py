"""What a difference between documents touches here: scenarios that prove the items, and reports that speak of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from counterpart import project
from counterpart.checklist import Difference, VersionDifference
from counterpart.gherkin import FeatureDefect
from counterpart.reporting import SignOffBroken, archive


@dataclass(frozen=True)
class Touched:
    """Scenarios by item as `file:line: title`, and verdicts by item of each report, by what it is a report of."""

    scenarios: Mapping[str, Sequence[str]]
    reports: Mapping[str, Mapping[str, str]]

    @classmethod
    def beside(cls, file: Path, kept: Path) -> Self:
        """What lies beside a checklist, and in the archive of reports."""
        reports = {f"{release}, {finished}": verdicts for release, finished, verdicts in _reports(file, kept)}
        return cls(_scenarios(file), reports)

    def scenarios_of(self, difference: Difference | VersionDifference) -> list[str]:
        """The scenarios that prove the items of a difference."""
        return list(dict.fromkeys(each for name in _items(difference) for each in self.scenarios.get(name, ())))

    def reports_of(self, difference: Difference | VersionDifference) -> dict[str, dict[str, str]]:
        """Of each report that speaks of the items of a difference, what it says of them."""
        found = {
            report: {name: verdicts[name] for name in _items(difference) if name in verdicts}
            for report, verdicts in self.reports.items()
        }
        return {report: verdicts for report, verdicts in found.items() if verdicts}


def signed_last(kept: Path) -> datetime | None:
    """The date of the document that the last signed report in the archive speaks of."""
    signed = [each for each in archive.kept(kept) if each.signatures]
    if not signed:
        return None
    return datetime.fromisoformat(signed[-1].content["document"]["generated"])


def _reports(file: Path, kept: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    every = list(archive.kept(kept))
    # There is none where no run has ended here, or one is under way.
    with suppress(SignOffBroken):
        every.append(archive.find(kept, str(file.parent.parent / "reports" / "signoff")))
    for each in every:
        yield each.release, each.finished[:16].replace("T", " "), dict(_verdicts(each.content))


def _verdicts(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for flow in content["flows"]:
        for item in flow["items"]:
            yield item["short"], item["verdict"]


def _items(difference: Difference | VersionDifference) -> tuple[str, ...]:
    if isinstance(difference, VersionDifference):
        return difference.items
    return (difference.item,) if difference.item else ()


def _scenarios(file: Path) -> dict[str, list[str]]:
    try:
        outlines = project.scenarios(file.parent)
    except (FeatureDefect, OSError, ValueError):
        # The linter tells what is amiss with them.
        return {}
    found: dict[str, list[str]] = {}
    for outline in outlines:
        for item in outline.items:
            found.setdefault(item, []).append(f"{outline.path}:{outline.line}: {outline.title}")
    return found
