"""Which defective feature files end a run: our linter and stock pytest-bdd, over the same cases.

Each case is called after what our linter should find in it. Those in OWN break rules of ours (items, ids, a name for
each row, length) that nobody else can know; they are counted apart.

python bench/silent_green/run.py
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from counterpart.gherkin import Definition, Known, definitions, lint, read_features

HERE = Path(__file__).parent
FILE = HERE / "vocabulary.py"
KNOWN = Known({"shop/sell": FILE, "shop/buy": FILE}, {"shop/haggle": FILE}, frozenset({"req:7"}))

OWN = ("near-tag", "no-case", "no-id", "no-item", "too-long", "unknown-item")


def found(path: Path) -> tuple[str, ...]:
    """The codes of what our linter finds in a feature file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_bytes(path.read_bytes())
        return tuple(dict.fromkeys(each.code for each in lint(read_features(Path(folder)), KNOWN, _steps()).defects))


def stock_notices(path: Path) -> bool:
    """Whether stock pytest-bdd ends with something else than success."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / path.name).write_bytes(path.read_bytes())
        (here / "conftest.py").write_bytes((HERE / "vocabulary.py").read_bytes())
        (here / "test_all.py").write_text('from pytest_bdd import scenarios\nscenarios(".")\n', "utf-8")
        (here / "pytest.ini").write_text("[pytest]\n", "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(here)]
        return subprocess.run(command, capture_output=True, check=False, cwd=here).returncode != 0


def _steps() -> tuple[Definition, ...]:
    if "vocabulary" not in sys.modules:
        spec = importlib.util.spec_from_file_location("vocabulary", HERE / "vocabulary.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["vocabulary"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return definitions("vocabulary")


def main() -> None:
    cases = sorted((HERE / "cases").iterdir())
    sound = sorted((HERE / "sound").iterdir())
    ours = stock = shared = 0
    for path in cases:
        name = path.name.partition(".")[0]
        noticed, theirs = name in found(path), stock_notices(path)
        ours += noticed
        if name not in OWN:
            shared, stock = shared + 1, stock + theirs
        print(f"{name:18} {'found' if noticed else 'missed':8} {'ended the run' if theirs else 'passed in silence'}")
    alarms = [path.name for path in sound if found(path)]
    print(f"ours {ours} of {len(cases)}; pytest-bdd {stock} of the {shared} that break no rule of ours alone")
    print(f"false alarms of ours: {len(alarms)} of {len(sound)} sound features")
    with tempfile.TemporaryDirectory() as folder:
        text = (HERE / "sound" / "plain.feature").read_text("utf-8")
        for number in range(2_000):
            own = text.replace("id:one", f"id:s{number}").replace("stock of 3", f"stock of {number}")
            (Path(folder) / f"{number}.feature").write_text(own, "utf-8")
        started = time.perf_counter()
        lint(read_features(Path(folder)), KNOWN, _steps())
        print(f"2,000 scenarios in 2,000 files: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
