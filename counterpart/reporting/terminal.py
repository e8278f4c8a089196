"""The closing table: what a run has shown, where people look first."""

from __future__ import annotations

import io
import os
from pathlib import Path

from counterpart.checklist import Verdict
from counterpart.reporting.signoff import DATA, PAGE, SignOff

# A mark beside the word: neither colour nor mark carries the verdict alone.
MARKS = {
    Verdict.PASSED: ("✓", "green"),
    Verdict.PASSED_ON_ASSUMPTION: ("~", "yellow"),
    Verdict.FAILED: ("✗", "bold red"),
    Verdict.DEVIATION: ("!", "yellow"),
    Verdict.OPEN: ("○", "cyan"),
    Verdict.BLOCKED: ("!", "red"),
    Verdict.WAIVED: ("-", "yellow"),
    Verdict.FLAKY: ("!", "red"),
    Verdict.NOT_RUN: ("-", "bright_black"),
    Verdict.STALE: ("!", "red"),
}


def closing_table(signoff: SignOff, reports: Path, *, width: int = 80, colour: bool = False) -> str:
    """A line an item by flow, the verdict in a sentence, and where the reports lie; `width` is in columns."""
    # Imported here: test processes that only send events need not wait for it.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=io.StringIO(),
        width=max(width, 80),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Flow / item", no_wrap=True)
    table.add_column("Verdict", no_wrap=True)
    table.add_column("Scenarios", justify="right", no_wrap=True)
    table.add_column("Evidence", no_wrap=True)
    flow = ""
    for each in signoff.judgement.items:
        if each.item.flow != flow:
            flow = each.item.flow
            table.add_row(Text(flow, style="bold"))
        mark, style = MARKS[each.verdict]
        table.add_row(
            f"  {each.item.short.partition('/')[2]}",
            Text(f"{mark} {each.verdict}", style=style),
            f"{each.passed}/{each.total}" if each.total else "none",
            each.proof or "none",
        )
    console.print(table)
    console.print()
    console.print(Text(signoff.judgement.sentence, style="bold"))
    for sentence in signoff.content["rests_on"]:
        console.print(Text(sentence, style="bright_black"))
    place = Path(os.path.relpath(reports))
    console.print(Text(f"Reports: {place / 'signoff' / PAGE} ({DATA} beside it), {place / 'junit.xml'},"))
    console.print(Text(f"         {place / 'allure-results'}"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"
