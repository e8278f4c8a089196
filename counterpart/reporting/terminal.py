"""How a run closes in the terminal: a table of items, and at the very end ten lines for people in a hurry."""

from __future__ import annotations

import io

from counterpart.checklist import Verdict
from counterpart.reporting.places import Places
from counterpart.reporting.results import Results
from counterpart.reporting.signoff import SignOff
from counterpart.reporting.summary import brief

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


def closing(results: Results, signoff: SignOff, places: Places, *, width: int = 80, colour: bool = False) -> str:
    """A line an item by flow, on what it rests, then the summary; `width` is in columns."""
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
    # The one that gives way: items of property pairs have long names, and a verdict must never be cut.
    table.add_column("Flow / item", overflow="fold")
    table.add_column("Verdict", no_wrap=True)
    table.add_column("Scenarios", justify="right", no_wrap=True)
    table.add_column("Evidence", no_wrap=True)
    judgement = signoff.judgement
    for flow in dict.fromkeys(each.item.flow for each in judgement.items):
        table.add_row(Text(flow, style="bold"))
        for each in (*judgement.items, *judgement.additional):
            if each.item.flow == flow:
                mark, style = MARKS[each.verdict]
                table.add_row(
                    f"  {'+ ' if each in judgement.additional else ''}{each.item.short.partition('/')[2]}",
                    Text(f"{mark} {each.verdict}", style=style),
                    f"{each.passed}/{each.total}" if each.total else "none",
                    each.proof or "none",
                )
    console.print(table)
    if judgement.additional:
        console.print(Text("+ beyond the document", style="bright_black"))
    console.print()
    for sentence in signoff.content["rests_on"]:
        console.print(Text(sentence, style="bright_black"))
    console.print()
    for number, line in enumerate(brief(results, signoff.judgement, places, console.width)):
        console.print(Text(line, style="" if number else "bold"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"
