"""Forty mistakes that people make: is the search over after the first five lines of what they are told?

Each mistake is seeded into a project of its own, a copy of this one, by an edit, and the command runs that a person
would run. Looked at are the first five lines of what it says, without pytest's own headings. They have to name the item
(where one is concerned), the file and the line (where one line is at fault), the cause, and a cure. Then the cure is
carried out: what `follow` does comes from what the pattern `cure` has found in those lines. It helped when the
command then no longer says what it said, and no other mistake is told in its place.

python bench/mistakes/run.py [WORD]      # only those with this word in their name; what was said is shown
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))
from mistakes import MISTAKES
from seeding import ROOT, Mistake, Project

COPIED = ("features", "sync", "steps", "contracts", "pyproject.toml")
LINES = 5
# What pytest prints around what we say.
_HEADING = re.compile(r"^(=+ .* =+|_+ .* _+|[.FEsx]+ +\[ *\d+%\]|)$")


def told(output: str) -> str:
    """The first lines of what is said."""
    lines = [line for line in output.splitlines() if not _HEADING.match(line.strip())]
    return "\n".join(lines[:LINES])


def tried(mistake: Mistake) -> tuple[bool, bool, str]:
    """Whether the first lines name everything, whether their cure helps, and what they are."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        for name in COPIED:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, project.root / name)
        shutil.copytree(ROOT / "cassettes" / "product-item", project.root / "cassettes" / "product-item")
        mistake.make(project)
        code, output = project.run(mistake.command)
        said = told(output)
        if code == 0:
            return False, False, f"(nothing) {said}"
        found = re.search(mistake.cure, said, re.DOTALL)
        named = found is not None and all(each in said for each in mistake.shows)
        if found is None:
            return False, False, said
        try:
            mistake.follow(project, found)
        except (AssertionError, IndexError, OSError) as error:
            return named, False, f"{said}\n(the cure cannot be carried out: {error})"
        code, output = project.run(mistake.command)
        # Nothing answers at the addresses, so a plan that gets as far as that has no mistake left.
        helped = code == 0 or (mistake.command.startswith("counterpart") and code == 3)
        return named, helped, said if helped else f"{said}\n(after the cure) {told(output)}"


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [each for each in MISTAKES if word in each.name]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(tried, chosen))
    table = Table("mistake", "named", "cured")
    for mistake, (named, helped, said) in zip(chosen, results, strict=True):
        table.add_row(mistake.name, "yes" if named else "no", "yes" if helped else "no")
        if word or not (named and helped):
            print(f"--- {mistake.name}\n{said}\n")
    Console(width=100).print(table)
    named, cured = sum(each[0] for each in results), sum(each[1] for each in results)
    print(f"{named} of {len(chosen)} are named with item, file, line, cause and cure; following it helps with {cured}")


if __name__ == "__main__":
    main()
