"""What reading dataflow documents costs, with docutils reading the same ones in the same run, and what each finds.

Run it as `python bench/documents.py`. It reads the sample documents where they are there, and documents in the same
grammar made here where not. CPU time is counted, which other work does not blur. docutils is a second opinion, too:
it has to see the same sections and the same filled tables, and its messages are those that the samples' list expects;
a table without rows it drops, so it cannot say what is to be proven. At last each document is scaffolded, and pytest
collects what was written.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree
from rich.console import Console
from rich.table import Table

from counterpart.checklist import Document, derive, diagnose, read, scaffold
from counterpart.gherkin import read_features

SAMPLES = Path(__file__).parents[2] / "shared" / "dataflow-documents"
CONTRACTS = Path(__file__).parents[1] / "contracts"
WANTED = 1_000
BY_DOCUTILS = 48
MESSAGES = re.compile(r"^\| `(?P<name>[^`]+)` \|.*\| (?P<messages>\d+/\d+/\d+) \|[^|]*\|$", re.MULTILINE)


def made(number: int) -> bytes:
    """A document with four flows, every second one with fifteen rows."""
    title = f"System{number} to Invoiced Dataflow"
    lines = ["=" * len(title), title, "=" * len(title), "", "Generated: 2024-01-02 03:04:05", ""]
    lines += ["Introduction", "-" * 12, "", f"How records get from System{number} to Invoiced.", ""]
    for flow in range(4):
        source, target = f"System{number} Record{flow}", f"Invoiced Kind{flow}"
        heading = f"{source} to {target}"
        cells = [f'   * - left{row}\n     - right{row}\n     - "string"' for row in range(15 if flow % 2 else 0)]
        lines += [""] if flow else []
        lines += [
            heading,
            "-" * len(heading),
            f"Every {source} will be synchronized with a {target}.",
            "",
            f"Once a link between a {source} and a {target} is established, it will keep in sync between the two "
            "systems, regardless of where it is edited.",
            "",
            f"The following properties are synchronized between a {source} and a {target}:",
            "",
            ".. list-table::",
            "   :header-rows: 1",
            "",
            f"   * - {source} Property",
            f"     - {target} Property",
            "     - Invoiced Data Type",
            *cells,
            "",
        ]
    return "\n".join(lines).encode()


def cost(work: Callable[[bytes, str], object], documents: Iterable[tuple[str, bytes]]) -> float:
    """CPU seconds for all documents."""
    started = time.process_time()
    for name, data in documents:
        work(data, name)
    return time.process_time() - started


def everything(data: bytes, name: str) -> None:
    """Read, derive the items, look for what to know."""
    document = read(data, name)
    derive(document)
    diagnose(document)


def by_docutils(data: bytes, _name: str = "") -> tuple[nodes.document, str]:
    """The tree, and the messages of all levels."""
    messages = io.StringIO()
    settings = {"report_level": 1, "halt_level": 5, "warning_stream": messages, "file_insertion_enabled": False}
    return publish_doctree(data.decode(), settings_overrides=settings), messages.getvalue()


def opinions(document: Document, data: bytes, expected: str | None) -> tuple[bool, bool, bool | None]:
    """Whether docutils sees the same sections, the same filled tables, and says what is expected of it."""
    tree, said = by_docutils(data)
    introduction_and_flows = list(tree.findall(nodes.section))
    # Types written at the beginning of a line hide their whole table from docutils.
    filled = sum(1 for flow in document.flows if flow.table.rows and not flow.table.rows[0].misplaced)
    filled += sum(1 for flow in document.flows for statement in flow.statements if statement.kind == "merge")
    counts = "/".join(
        str(said.count(f"({level}/{number})")) for number, level in enumerate(("INFO", "WARNING", "ERROR"), 1)
    )
    return (
        len(introduction_and_flows) == len(document.flows) + 1,
        len(list(tree.findall(nodes.table))) == filled,
        None if expected is None else counts == expected,
    )


def collected(document: Document) -> tuple[int, bool]:
    """How many scenarios a scaffold has, and whether it is whole: all items, all collected, the same a second time."""
    with tempfile.TemporaryDirectory() as folder:
        scaffold(document, Path(folder))
        # As the command does: the drivers read their contracts beside the features.
        shutil.copytree(CONTRACTS, Path(folder) / "contracts")
        again = {each.state for each in scaffold(document, Path(folder))} == {"unchanged"}
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", folder]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        outlines = read_features(Path(folder) / "features").outlines
    wanted = {item.short for item in derive(document)[1]}
    runs = sum(len(each.identities()) for each in outlines)
    whole = f"{runs} test" in said.splitlines()[-1] if runs else "no tests" in said
    return runs, again and whole and {item for each in outlines for item in each.items} == wanted


def rows_of(table: nodes.table) -> int:
    """How many rows a table has below its header."""
    return sum(len(body.children) for body in table.findall(nodes.tbody))


def main() -> None:
    paths = sorted(SAMPLES.glob("*.rst")) if SAMPLES.is_dir() else []
    found = [(path.name, path.read_bytes()) for path in paths] or [(f"made-{n}", made(n)) for n in range(24)]
    expected = dict(MESSAGES.findall((SAMPLES / "MANIFEST.md").read_text("utf-8"))) if paths else {}
    many = (found * (WANTED // len(found) + 1))[:WANTED]
    ours, all_ours = cost(read, many), cost(everything, many)
    theirs = cost(by_docutils, many[:BY_DOCUTILS]) * WANTED / BY_DOCUTILS
    told = [opinions(read(data, name), data, expected.get(name)) for name, data in found]
    empty = sum(1 for name, data in found for flow in read(data, name).flows if not flow.table.rows)
    kept = sum(1 for _, data in found for table in by_docutils(data)[0].findall(nodes.table) if not rows_of(table))

    size = sum(len(data) for _, data in many) / 1e6
    table = Table(title=f"{WANTED} documents, {size:.1f} MB, {'samples' if paths else 'made here'}")
    for heading in ("", "CPU seconds", "empty tables kept"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("read", f"{ours:.2f}", f"{empty} of {empty}")
    table.add_row("read, derive items, diagnose", f"{all_ours:.2f}", f"{empty} of {empty}")
    table.add_row(f"docutils ({BY_DOCUTILS} read, scaled)", f"{theirs:.2f}", f"{kept} of {empty}")
    console = Console()
    console.print(table)
    for heading, answers in zip(
        ("sections", "filled tables", "messages expected"), zip(*told, strict=True), strict=True
    ):
        asked = [answer for answer in answers if answer is not None]
        console.print(f"docutils agrees on {heading}: {sum(asked)} of {len(asked)} documents")
    scaffolds = [collected(read(data, name)) for name, data in found]
    sound = sum(whole for _, whole in scaffolds)
    total = sum(runs for runs, _ in scaffolds)
    console.print(f"scaffolds that pytest collects whole, and that a second run leaves alone: {sound} of {len(found)}")
    console.print(f"scenarios in them: {total}")


if __name__ == "__main__":
    main()
