"""The four ways to run a feature file of the corpus, each in a folder of its own, as its users would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from counterpart.gherkin import Definition, Known, definitions, lint, read_features

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = HERE / "vocabulary.py"
KNOWN = Known({"shop/sell": FILE, "shop/buy": FILE}, {"shop/haggle": FILE}, frozenset({"req:7"}))
PLAIN = HERE / "sound" / "plain.feature"
# The newest that runs on Node 20, 22 and 24.
PINNED = "@cucumber/cucumber@12.9.0"
CHECKLIST = """\
[document]
pair = "customerp-invoiced"
source = "Customerp"
target = "Invoiced"
generated = 2026-01-01T00:00:00Z
content_key = "{zero}"

[[flow]]
id = "shop"
source = {{ object = "ware", system = "Customerp", record = "Ware" }}
target = {{ object = "items", system = "Invoiced", record = "Item" }}
""" + "".join(
    f'\n[[item]]\nshort = "shop/{kind}"\nid = "shop/{kind}"\nkind = "{kind}"\nwording = "It does."\n'
    'fingerprint = "{zero}"\n'
    for kind in ("sell", "buy")
)
ADDITIONAL = """\
[[requirement]]
number = 7
wording = "One may haggle."

[[item]]
short = "shop/haggle"
wording = "One may haggle."
requirements = [7]
"""

Runner = Callable[[Path, Path], bool]


def vocabulary() -> tuple[Definition, ...]:
    """The definitions of the shop, loaded once."""
    import importlib.util

    if "vocabulary" not in sys.modules:
        spec = importlib.util.spec_from_file_location("vocabulary", FILE)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["vocabulary"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return definitions("vocabulary")


def linted(features: Path) -> tuple[str, ...]:
    """The codes of what our linter finds in a folder."""
    return tuple(dict.fromkeys(each.code for each in lint(read_features(features), KNOWN, vocabulary()).defects))


def lay_out(folder: Path) -> None:
    """Make a folder a project of ours: the shop's checklist, vocabulary and contracts, and no feature yet."""
    features = folder / "features"
    (features / "shop").mkdir(parents=True)
    (features / "checklist.toml").write_text(CHECKLIST.format(zero="0" * 64), "utf-8")
    (features / "additional.toml").write_text(ADDITIONAL, "utf-8")
    for name in ("supplement", "decisions"):
        (features / f"{name}.toml").write_text("", "utf-8")
    (folder / "contracts").symlink_to(ROOT / "contracts")
    (folder / "conftest.py").write_bytes(FILE.read_bytes())
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")


def ours(case: Path, folder: Path) -> bool:
    """Whether a run with our plugin, against the emulators, ends with something else than success."""
    lay_out(folder)
    _copied(case, folder / "features" / "shop")
    plugins = ("-p", "counterpart.plugin", "-p", "no:cacheprovider")
    return _ended(folder, sys.executable, "-m", "pytest", "-q", *plugins, "--against=emulators", "features")


def pytest_bdd(case: Path, folder: Path) -> bool:
    """The same for pytest-bdd as it comes."""
    _copied(case, folder)
    (folder / "conftest.py").write_bytes(FILE.read_bytes())
    (folder / "test_all.py").write_text('from pytest_bdd import scenarios\nscenarios(".")\n', "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
    return _ended(folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder))


def behave(case: Path, folder: Path) -> bool:
    """The same for behave."""
    _copied(case, folder / "features")
    steps = folder / "features" / "steps"
    steps.mkdir()
    text = (HERE / "behave_vocabulary.py").read_text("utf-8")
    if case.stem == "ambiguous-step":
        # behave refuses such definitions in any case; the others are not to suffer for that.
        text += "\nexec(ODD)\n"
    (steps / "vocabulary.py").write_text(text, "utf-8")
    return _ended(folder, sys.executable, "-m", "behave", "features")


def cucumber(node: Path) -> Runner:
    """The same for cucumber-js, installed below `node`."""

    def run(case: Path, folder: Path) -> bool:
        _copied(case, folder / "features")
        (folder / "steps.js").write_bytes((HERE / "vocabulary.js").read_bytes())
        (folder / "node_modules").symlink_to(node / "node_modules")
        command = node / "node_modules" / ".bin" / "cucumber-js"
        return _ended(folder, str(command), "--require", "steps.js", "features", CUCUMBER_PUBLISH_QUIET="true")

    return run


def installed(node: Path) -> None:
    """Install cucumber-js into a folder; raises CalledProcessError with what npm said."""
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(node), PINNED]
    subprocess.run(command, check=True, capture_output=True, text=True)


def _copied(case: Path, features: Path) -> None:
    features.mkdir(parents=True, exist_ok=True)
    (features / case.name).write_bytes(case.read_bytes())
    if case.name.startswith("outside"):
        # A file that nothing runs goes unnoticed among others; alone it would leave nothing to run.
        (features / "plain.feature").write_bytes(PLAIN.read_bytes())


def _ended(folder: Path, *command: str, **environment: str) -> bool:
    kept: Mapping[str, str] = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, check=False, cwd=folder, env=kept).returncode != 0
