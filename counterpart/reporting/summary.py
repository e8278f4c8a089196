"""What a run has shown in a few lines: Markdown for the job pages of CI, ten lines for the terminal."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from counterpart.checklist import TELLING_ORDER, Judgement, Verdict
from counterpart.reporting.events import CAUSES, ScenarioResult
from counterpart.reporting.places import Places
from counterpart.reporting.results import RESULTS, Results

MARKDOWN = "summary.md"
_TOLD = 10
_MARKS = {
    Verdict.PASSED: "✅",
    Verdict.PASSED_ON_ASSUMPTION: "☑️",
    Verdict.WAIVED: "➖",
    Verdict.NOT_RUN: "➖",
    Verdict.OPEN: "❔",
    Verdict.DEVIATION: "⚠️",
}


def markdown(results: Results, judgement: Judgement) -> str:
    """A page for CI: the verdict, a table of items, and what went wrong by who has to look at it."""
    lines = [f"## {_escaped(judgement.sentence)}", "", counted(results), ""]
    lines += ["| item | verdict | scenarios | rests on |", "|---|---|---|---|"]
    for each in sorted(judgement.items, key=lambda each: TELLING_ORDER.index(each.verdict)):
        mark = _MARKS.get(each.verdict, "❌")
        done = f"{each.passed} of {each.total}" if each.total else "none"
        lines.append(f"| {_escaped(each.item.short)} | {mark} {each.verdict} | {done} | {each.proof or 'nothing'} |")
    for cause, tests in _by_cause(results.tests):
        lines += ["", f"### {cause.capitalize()} ({len(tests)})", ""]
        lines += [f"- `{_code(each.name)}`: {_escaped(each.headline or each.outcome)}" for each in tests[:_TOLD]]
        if len(tests) > _TOLD:
            lines.append(f"- and {len(tests) - _TOLD} more")
    for problem in results.problems:
        lines += ["", f"**{problem.kind}**: {_escaped(problem.message)}"]
    return "\n".join(lines) + "\n"


def brief(results: Results, judgement: Judgement, places: Places, width: int) -> list[str]:
    """At most ten lines of at most `width` columns: verdict, counts, the first troubles, and where to read on."""
    trouble = [each for _, tests in _by_cause(results.tests) for each in tests]
    lines = [judgement.sentence, counted(results)]
    blocked = Counter(each.reason for each in judgement.items if each.verdict == Verdict.BLOCKED)
    lines += [f"{count} of {blocked.total()} blocked: {reason}" for reason, count in blocked.most_common(1)]
    lines += [f"{each.kind}: {each.message}" for each in results.problems[:1]]
    for each in trouble[:4]:
        lines.append(f"  {each.name}: {each.cause}: {each.headline or each.outcome}")
    if len(trouble) > 4:
        lines.append(f"  and {len(trouble) - 4} more")
    shown = [places.out / "signoff" / "index.html", places.out / RESULTS, places.junit]
    # A path that was cut leads nowhere; the page, which people open, comes first.
    while len(shown) > 1 and len(_reports(shown)) > width:
        shown.pop()
    lines.append(_reports(shown))
    return [_cut(line, width) for line in lines]


def _reports(paths: Sequence[Path]) -> str:
    return f"Reports: {', '.join(map(os.path.relpath, paths))}"


def counted(results: Results) -> str:
    """How many tests ended in which way, each test once."""
    counts = results.counts
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    total = len(results.tests)
    return f"{total} {'test' if total == 1 else 'tests'}: {told}." if counts else "No tests."


def _by_cause(tests: Sequence[ScenarioResult]) -> Iterator[tuple[str, list[ScenarioResult]]]:
    """What went wrong, by who has to look at it; what passed only when tried again comes last."""
    for cause in CAUSES:
        if found := [each for each in tests if each.cause == cause and each.outcome in ("failed", "error")]:
            yield cause, found
    if flaky := [each for each in tests if each.outcome == "flaky"]:
        yield "passed only when run again", flaky


def _cut(line: str, width: int) -> str:
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", line)
    return plain if len(plain) <= width else f"{plain[: width - 1]}…"


def _escaped(text: str) -> str:
    """Text from outside that must not become markup, a new row or a link."""
    plain = re.sub(r"\s+", " ", text)[:300]
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", plain)


def _code(text: str) -> str:
    return re.sub(r"[`|\s]+", " ", text)
