"""Doubtful situations: each is the clean one with one change, the gate that is asked, and the reason it has to give.

`CLEAN` are changes after which the answer stays yes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from situation import ARTIFACT, FLOW, ROOT, again, ask, git, relabelled, run

from counterpart.checklist.gate import Ruling
from counterpart.reporting import Places, Results, ScenarioResult
from counterpart.reporting.events import Attempt
from counterpart.reporting.logbook import LOG, append
from counterpart.reporting.merge import merge
from counterpart.reporting.publish import retract
from counterpart.reporting.results import Problem, in_order

ALONE = f"cassettes/{FLOW}/create/alone.yaml"
NODE = f"features/{FLOW}/create.feature::alone"
DOCUMENT = """\
==============================
Customerp to Invoiced Dataflow
==============================

Generated: 2026-01-02 03:04:05

Introduction
------------

How records get from Customerp to Invoiced.

Customerp Product to Invoiced Plans
-----------------------------------
Every Customerp Product will be synchronized with a Invoiced Plans.

Once a link between a Customerp Product and a Invoiced Plans is established, it will keep in sync between the two \
systems, regardless of where it is edited.

The following properties are synchronized between a Customerp Product and a Invoiced Plans:

.. list-table::
   :header-rows: 1

   * - Customerp Product Property
     - Invoiced Plans Property
     - Invoiced Data Type
"""
Asked = Callable[[Path], Ruling]


@dataclass(frozen=True)
class Doubt:
    """What is changed, by whom it is asked and what has to be the reason; `item` where it concerns one."""

    name: str
    code: str
    change: Callable[[Path], object]
    ask: Asked = ask
    item: str = ""


def unsigned(folder: Path) -> Ruling:
    """Ask the gate that wants no signatures, since the results are others than those that were signed."""
    return ask(folder, "unsigned")


def _at(**apart: float) -> Asked:
    return lambda folder: ask(folder, now=datetime.now(UTC) + timedelta(**apart))


def _results(folder: Path) -> Path:
    return folder / "reports" / "results.json"


def _edit(name: str, before: str, after: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        text = path.read_text("utf-8")
        assert before in text, f"{name} has no {before!r}"
        path.write_text(text.replace(before, after, 1), "utf-8")

    return edit


def _edited(name: str, before: str, after: str) -> Callable[[Path], None]:
    """An edit of a file, committed, with a run of it."""

    def edit(folder: Path) -> None:
        _edit(name, before, after)(folder)
        again(folder)

    return edit


def _ended(outcome: str, **more: Any) -> Callable[[Path], None]:
    """One scenario ended otherwise."""

    def change(test: ScenarioResult) -> ScenarioResult:
        return replace(test, outcome=outcome, **more) if test.node_id == NODE else test  # type: ignore[arg-type]

    return lambda folder: again(folder, change, exit_status=1 if outcome in ("failed", "error") else 0)


def _told(**facts: Any) -> Callable[[Path], None]:
    return lambda folder: again(folder, **facts)


def _data(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """A change of the results file and of nothing else."""

    def edit(folder: Path) -> None:
        data = json.loads(_results(folder).read_text("utf-8"))
        change(data)
        _results(folder).write_text(json.dumps(data), "utf-8")

    return edit


def _baseline(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Path], None]:
    """What the last release had shown."""

    def edit(folder: Path) -> None:
        path = folder / "reports" / "last" / "results.json"
        data = json.loads(path.read_text("utf-8"))
        change(data["tests"])
        counts: dict[str, int] = {}
        for test in data["tests"]:
            counts[test["outcome"]] = counts.get(test["outcome"], 0) + 1
        data["counts"] = counts
        path.write_text(json.dumps(data), "utf-8")

    return edit


def _one_more(tests: list[dict[str, Any]]) -> None:
    tests.append({**tests[0], "node_id": "features/one.feature::more", "scenario_id": "more"})


def _covering_more(tests: list[dict[str, Any]]) -> None:
    passed = next(test for test in tests if test["outcome"] == "passed")
    passed["pairs"] = [*passed["pairs"], ["Invoiced", "gl_account"]]


def _another_item(tests: list[dict[str, Any]]) -> None:
    passed = next(test for test in tests if test["outcome"] == "passed")
    passed["items"] = [*passed["items"], f"{FLOW}/deletes"]


def _waived(owner: str, expires: date) -> Callable[[Path], None]:
    def waive(folder: Path) -> None:
        text = (
            f'[[waiver]]\nitem = "{FLOW}/create"\nreason = "known"\nrisk = "small"\nowner = "{owner}"\n'
            f"expires = {expires.isoformat()}\n"
        )
        (folder / "features" / "waivers.toml").write_text(text, "utf-8")
        again(folder)

    return waive


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _cut(name: str) -> Callable[[Path], None]:
    def cut(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return cut


def _relabelled(**metadata: str) -> Callable[[Path], None]:
    def relabel(folder: Path) -> None:
        relabelled(folder / ALONE, **metadata)
        again(folder, _evidenced(folder))

    return relabel


def _evidenced(folder: Path) -> Callable[[ScenarioResult], ScenarioResult]:
    digest = sha256((folder / ALONE).read_bytes()).hexdigest()
    return lambda test: replace(test, evidence=replace(test.evidence, sha256=digest)) if test.node_id == NODE else test


def _without_plugin(folder: Path) -> None:
    """Somebody clears the reports and runs plain pytest."""
    shutil.rmtree(folder / "reports")
    (folder / "test_plain.py").write_text("def test_plain():\n    pass\n", "utf-8")
    plain = ("-p", "no:counterpart.plugin", "-p", "no:steps", "--override-ini=addopts=", "--junitxml=reports/junit.xml")
    command = [sys.executable, "-m", "pytest", "test_plain.py", "-q", "-p", "no:cacheprovider", *plain]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def _unfinished(folder: Path) -> None:
    retract(Places.below(folder / "reports"))


def _other_signatures(change: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: change(folder / "reports" / "signoff" / "signatures")


def _no_approval(signatures: Path) -> None:
    for path in signatures.glob("2-approval*"):
        path.unlink()


def _review_twice(signatures: Path) -> None:
    _no_approval(signatures)
    for path in signatures.glob("1-review*"):
        shutil.copy(path, signatures / path.name.replace("1-review", "2-approval"))


def _nobody_known(folder: Path) -> None:
    path = folder / "allowed_signers"
    path.write_text(path.read_text("utf-8").splitlines(keepends=True)[0], "utf-8")


def _flipped(folder: Path) -> None:
    path = folder / "reports" / "signoff" / "index.html"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _allure_green(folder: Path) -> None:
    path = next((folder / "reports" / "allure-results").glob("*-result.json"))
    path.write_text(path.read_text("utf-8").replace('"status": "passed"', '"status": "broken"', 1), "utf-8")


def _other_commit(folder: Path) -> None:
    git(folder, "commit", "-q", "--allow-empty", "-m", "Another one")


def _plain_test(outcome: str) -> Callable[[Path], None]:
    def add(folder: Path) -> None:
        path = _results(folder)
        found = Results.load(path)
        odd = replace(found.tests[0], node_id="features/test_odd.py::test_odd", items=(), kind="test", outcome=outcome)  # type: ignore[arg-type]
        replace(found, tests=in_order([*found.tests, odd])).save(path)
        again(folder)

    return add


def _interrupted(folder: Path) -> None:
    path = _results(folder)
    replace(Results.load(path), problems=(Problem("interrupted", "KeyboardInterrupt"),)).save(path)
    again(folder, exit_status=2)


def _missing_shard(folder: Path) -> None:
    """Two of three shards were run and joined."""
    parts = []
    for kind in ("create", "edit-source"):
        run(folder, "-m", f"{FLOW}/{kind}")
        shutil.copy(_results(folder), folder / "reports" / f"{kind}.json")
        parts.append(folder / "reports" / f"{kind}.json")
    merge([(part, Results.load(part)) for part in parts]).save(_results(folder))


def _properties_open(folder: Path) -> None:
    text = (ROOT / "features" / "checklist.toml").read_text("utf-8")
    item = next(table for table in text.split("[[item]]") if f'short = "{FLOW}/properties-unspecified"' in table)
    path = folder / "features" / "checklist.toml"
    path.write_text(f"{path.read_text('utf-8')}\n[[item]]{item}", "utf-8")
    again(folder)


def _reworded(folder: Path) -> None:
    """The document's statement behind the first item says something else."""
    path = folder / "features" / "checklist.toml"
    text = re.sub(r'(?<=fingerprint = ")[0-9a-f]+', lambda found: found[0][::-1], path.read_text("utf-8"), count=1)
    path.write_text(text, "utf-8")
    again(folder)


def _undecided(folder: Path) -> None:
    path = folder / "features" / "decisions.toml"
    tables = path.read_text("utf-8").split("[[decision]]")
    path.write_text("[[decision]]".join(tables[:-1]), "utf-8")
    again(folder)


def _unapproved(folder: Path) -> None:
    path = folder / "features" / "supplement.toml"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith("approved ="))
    standing = next(number for number, line in enumerate(lines) if line.startswith('standing = "approved"'))
    lines[standing] = 'standing = "suggested"\n'
    del lines[place]
    path.write_text("".join(lines), "utf-8")
    again(folder)


def _approved_by_author(folder: Path) -> None:
    """Who approved the pairs turns out to have written them."""
    git(folder, "-c", "user.name=Ann", "commit", "-q", "--amend", "--reset-author", "--no-edit")
    again(folder)


def _failed_before(folder: Path) -> None:
    """An earlier report of the same candidate did not pass, and nobody has said what became of it."""
    told = {
        "candidate": {"product": "Sync 4.2", "artifact": ARTIFACT},
        "verdict": "Of 4 items, 1 failed.",
        "proven": False,
        "run": "2026-01-01T00:00:00+00:00",
    }
    append(folder / "reports" / "archive" / LOG, "built", "0" * 64, told, datetime.now(UTC))


def _document(folder: Path) -> Ruling:
    """A newer document is at hand, and its flow leads to other records."""
    path = folder / "reports" / "newer.rst"
    path.write_text(DOCUMENT, "utf-8")
    return ask(folder, document=path)


def _no_repository(folder: Path) -> None:
    shutil.rmtree(folder / ".git")


def _crlf(folder: Path) -> None:
    path = folder / ALONE
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def _shards(folder: Path) -> None:
    """All shards were run and joined."""
    parts = []
    for kinds in ("create or link-stable", "edit-source or edit-target"):
        run(folder, "-m", " or ".join(f"{FLOW}/{kind}" for kind in kinds.split(" or ")))
        part = folder / "reports" / f"{kinds[:4]}.json"
        shutil.copy(_results(folder), part)
        parts.append(part)
    results = merge([(part, Results.load(part)) for part in parts])
    results.save(_results(folder))
    again(folder)


_HOUR = timedelta(hours=1)
_NOW = datetime.now(UTC)
_FEATURE = f"features/{FLOW}/create.feature"

DOUBTS = (
    Doubt("no results", "no-results", _without("reports/results.json")),
    Doubt("plugin not loaded", "no-results", _without_plugin),
    Doubt("run under way or cut short", "void", _unfinished),
    Doubt("results file cut in two", "unreadable", _cut("reports/results.json")),
    Doubt("results of another format", "unreadable", _data(lambda data: data.update(schema="counterpart-results/9"))),
    Doubt("same test twice in the results", "unreadable", _data(lambda data: data["tests"].append(data["tests"][0]))),
    Doubt("zero tests", "nothing-ran", lambda folder: run(folder, "-k", "nothing_of_this_name"), unsigned),
    Doubt("run of a part", "partial", lambda folder: run(folder, "-k", "free"), unsigned),
    Doubt("missing shard", "partial", _missing_shard, unsigned),
    Doubt("fewer tests than the last release", "fewer-tests", _baseline(_one_more)),
    Doubt("coverage lost since the last release", "coverage-lost", _baseline(_covering_more)),
    Doubt("item gone since the last release", "item-gone", _baseline(_another_item)),
    Doubt("last release unreadable", "no-baseline", _cut("reports/last/results.json")),
    Doubt("results of another revision", "other-revision", _other_commit),
    Doubt("no repository", "no-revision", _no_repository),
    Doubt("tree with changes now", "dirty", lambda folder: (folder / "notes.txt").write_text("x")),
    Doubt("tree with changes at the run", "dirty", _told(dirty=True), unsigned),
    Doubt("feature edited since the run", "changed-since", _edit(_FEATURE, "exactly once", "just once")),
    Doubt("scenario failed", "item-failed", _ended("failed"), unsigned, f"{FLOW}/create"),
    Doubt("scenario broke", "item-failed", _ended("error"), unsigned, f"{FLOW}/create"),
    Doubt("scenario skipped", "item-not-run", _ended("skipped"), unsigned, f"{FLOW}/create"),
    Doubt(
        "passed only on retry",
        "item-flaky",
        _ended("flaky", attempts=(Attempt("failed", "first", 0.1),)),
        unsigned,
        f"{FLOW}/create",
    ),
    Doubt("expected to fail", "item-failed", _ended("xfailed"), unsigned, f"{FLOW}/create"),
    Doubt("passed although expected to fail", "item-flaky", _ended("xpassed"), unsigned, f"{FLOW}/create"),
    Doubt("test outside the checklist failed", "test-failed", _plain_test("failed"), unsigned),
    Doubt("file that cannot be collected", "test-failed", _plain_test("error"), unsigned),
    Doubt("run interrupted", "cut-short", _interrupted, unsigned),
    Doubt("something outside the tests failed", "run-failed", _told(exit_status=1), unsigned),
    Doubt("record mode on", "recording", _told(recorded=True), unsigned),
    Doubt("network used", "network-used", _told(connections=("203.0.113.7",)), unsigned),
    Doubt("run against the emulators", "wrong-place", _told(against="emulators"), unsigned),
    Doubt("weak proof", "weak-proof", lambda folder: None, lambda folder: ask(folder, "real"), f"{FLOW}/create"),
    Doubt("lint warnings", "lint-warnings", lambda folder: None, lambda folder: ask(folder, "unwarned")),
    Doubt("clock in the past", "clock", lambda folder: None, _at(days=-400)),
    Doubt("results from the future", "clock", _told(finished=(_NOW + 30 * _HOUR).isoformat()), unsigned),
    Doubt("run that ended before it began", "clock", _told(started=(_NOW + 2 * _HOUR).isoformat()), unsigned),
    Doubt("run older than its revision", "clock", _told(started=(_NOW - 9 * _HOUR).isoformat()), unsigned),
    Doubt("results too old", "too-old", lambda folder: None, _at(days=3)),
    Doubt("recordings too old", "stale-recording", _relabelled(recorded_on="2020-01-01"), unsigned, f"{FLOW}/create"),
    Doubt("recording from the future", "clock", _relabelled(recorded_on="2999-01-01"), unsigned),
    Doubt("recording relabelled as live", "not-believed", _relabelled(recorded_against="live invoiced.com"), unsigned),
    Doubt(
        "contract newer than its recordings",
        "contract-newer",
        _edited("contracts/customerp.openapi.yaml", "maxLength: 32", "maxLength: 31"),
        unsigned,
    ),
    Doubt("recording gone", "evidence-missing", _without(ALONE)),
    Doubt("recording changed since the run", "evidence-changed", lambda folder: relabelled(folder / ALONE, x="y")),
    Doubt("recording cut in two", "unusable-recording", _cut(ALONE)),
    Doubt(
        "recording that no scenario plays",
        "unused-recording",
        lambda folder: shutil.copy(folder / ALONE, folder / ALONE.replace("alone", "forgotten")),
    ),
    Doubt("recordings that nobody has read", "not-reviewed", _without("cassettes/reviews.toml")),
    Doubt("waiver without owner", "item-failed", _waived("", date(2999, 1, 1)), unsigned, f"{FLOW}/create"),
    Doubt("waiver that has ended", "item-failed", _waived("Ann", date(2020, 1, 1)), unsigned, f"{FLOW}/create"),
    Doubt("waivers unreadable", "unreadable", lambda folder: (folder / "features" / "waivers.toml").write_text("[")),
    Doubt("property pair approved by nobody", "not-approved", _unapproved, unsigned),
    Doubt(
        "property pair edited after its approval",
        "not-approved",
        _edited("features/supplement.toml", 'reason = "', 'reason = "Really: '),
        unsigned,
    ),
    Doubt("point that nobody has decided", "not-approved", _undecided, unsigned),
    Doubt("properties that nobody has listed", "item-open", _properties_open, unsigned),
    Doubt("property pairs approved by who wrote them", "same-hand", _approved_by_author, unsigned),
    Doubt("failed attempt of the same candidate", "attempt-unresolved", _failed_before),
    Doubt("document that says something else by now", "document-changed", lambda folder: None, _document),
    Doubt("document compared by nobody", "not-attested", _without("features/attestation.toml")),
    Doubt(
        "checklist changed since it was compared",
        "not-attested",
        _reworded,
        unsigned,
    ),
    Doubt(
        "scenario edited after it was reviewed",
        "trace-torn",
        _edited(_FEATURE, "And there is 1 Item in Invoiced", "And there are 2 Items in Invoiced"),
        unsigned,
    ),
    Doubt("JUnit says something else", "reports-disagree", _edit("reports/junit.xml", 'name="alone"', 'name="a"')),
    Doubt("Allure says something else", "reports-disagree", _allure_green),
    Doubt(
        "sign-off of another run",
        "reports-disagree",
        _data(lambda data: data["facts"].update(started="2026-01-01T00:00:00+00:00")),
    ),
    Doubt("report changed after it was signed", "report-changed", _flipped),
    Doubt("unknown signer", "bad-signature", _nobody_known),
    Doubt("one signature twice", "not-signed", _other_signatures(_review_twice)),
    Doubt("missing signature", "not-signed", _other_signatures(_no_approval)),
    Doubt("not signed at all", "not-signed", lambda folder: shutil.rmtree(folder / "reports/signoff/signatures")),
    Doubt("another artefact", "other-artifact", lambda folder: None, lambda folder: ask(folder, artifact="sha256:b")),
    Doubt("artefact not named", "no-artifact", lambda folder: None, lambda folder: ask(folder, artifact="")),
)

CLEAN: tuple[tuple[str, Callable[[Path], object], Asked], ...] = (
    ("as it was built", lambda folder: None, ask),
    ("as it was built, unsigned gate", lambda folder: None, unsigned),
    ("line ends of another system in a recording", _crlf, lambda folder: _but_dirty(ask(folder))),
    ("shards joined", _shards, unsigned),
    ("run again later", lambda folder: again(folder), unsigned),
    ("an hour later", lambda folder: None, _at(hours=1)),
    ("a feature retitled and run again", _edited(_FEATURE, "exactly once", "just once"), unsigned),
)


def _but_dirty(ruling: Ruling) -> Ruling:
    """Git sees the changed line ends; that is a reason of its own and not what is asked here."""
    return replace(ruling, reasons=tuple(each for each in ruling.reasons if each.code != "dirty"))
