"""Who may import whom, as ARCHITECTURE.md says it."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("checklist", "emulators", "gherkin", "replay", "reporting", "cli")
# Room -> what of ours it may import besides itself.
ALLOWED = {
    "sync": set(),
    "counterpart.checklist": set(),
    "counterpart.emulators": set(),
    "counterpart.gherkin": set(),
    "counterpart.replay": set(),
    "counterpart.reporting": {"counterpart.checklist"},
    # The harness's own modules compose the rooms; they know no sync and no vocabulary.
    "counterpart": {
        "counterpart.checklist",
        "counterpart.emulators",
        "counterpart.gherkin",
        "counterpart.replay",
        "counterpart.reporting",
    },
    "steps": {
        "counterpart",
        "counterpart.checklist",
        "counterpart.emulators",
        "counterpart.replay",
        "counterpart.reporting",
        "sync",
    },
    "counterpart.cli": {
        "counterpart",
        "counterpart.checklist",
        "counterpart.emulators",
        "counterpart.gherkin",
        "counterpart.replay",
        "counterpart.reporting",
        "sync",
    },
}


def room_of(module: str) -> str | None:
    """The room that a dotted module name belongs to, None when it is not ours."""
    first, _, rest = module.partition(".")
    if first == "counterpart":
        second = rest.partition(".")[0]
        return f"counterpart.{second}" if second in ROOMS else "counterpart"
    return first if first in ("sync", "steps") else None


def imports(path: Path) -> set[str]:
    """Every module that a file imports, relative imports resolved."""
    package = list(path.relative_to(ROOT).with_suffix("").parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: -node.level]) if node.level else ""
            found.add(f"{base}.{node.module}".strip(".") if node.module else base)
    return found


def files() -> list[Path]:
    return [path for room in ("sync", "counterpart", "steps") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_what_its_room_may_import(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    room = room_of(module)
    assert room is not None
    foreign = {other for name in imports(path) if (other := room_of(name)) is not None} - {room}
    assert foreign - ALLOWED[room] == set()


def test_only_the_subject_knows_the_sync_under_test() -> None:
    knowing = [path.name for path in files() if path.parent.name == "steps" and "sync" in map(room_of, imports(path))]
    assert knowing == ["subject.py"]


def test_packages_are_one_level_deep() -> None:
    assert [path for path in files() if len(path.relative_to(ROOT).parts) > 3] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Also none for types only, and none put off into a function: whoever reads one would have to read the other."""
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files()}
    TopologicalSorter({name: imports(path) - {name} for name, path in modules.items()}).prepare()
