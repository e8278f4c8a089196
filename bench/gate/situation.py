"""A clean situation before the gate, really made: a project in a repository, approved, recorded, read, run and signed.

It is one flow of the shipped checklist. Whatever else `doubts` does to it is a change of exactly this.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from counterpart import docket, dossier, project, surroundings
from counterpart.checklist import Approval, Checklist, Decisions, Supplement
from counterpart.checklist import supplement as rows
from counterpart.checklist.attestation import Attestation, items_key
from counterpart.checklist.decisions import settle
from counterpart.checklist.gate import Ruling, rule
from counterpart.checklist.policy import Policy
from counterpart.replay import Cassette
from counterpart.replay.reviews import Review, add
from counterpart.reporting import Places, Results, ScenarioResult, publish
from counterpart.reporting.content import candidate
from counterpart.reporting.logbook import LOG
from counterpart.reporting.results import in_order
from counterpart.reporting.signing import sign
from counterpart.reporting.statement import Signer

ROOT = Path(__file__).parents[2]
FLOW = "product-item"
KINDS = ("create", "link-stable", "edit-source", "edit-target")
ARTIFACT = "sha256:" + "a" * 64
PEOPLE = (("ann@example.com", "QA lead", "review"), ("bob@example.com", "release manager", "approval"))
# The features of one flow do not need every step that is there, which the linter mentions.
POLICY = """\
[release]
proof = "emulator recording"
baseline = "reports/last/results.json"
warnings = true

# The same without signatures, for situations that differ in the results and would have to be signed anew.
[unsigned]
proof = "emulator recording"
baseline = "reports/last/results.json"
signed = false
warnings = true

[unwarned]
proof = "emulator recording"
baseline = "reports/last/results.json"

[real]
baseline = "reports/last/results.json"
warnings = true
"""


def build(folder: Path) -> None:
    """Make the clean situation in an empty folder."""
    for name in ("steps", "sync", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    (folder / ".gitignore").write_text("reports/\ngate.toml\nallowed_signers\nkeys/\n.hypothesis/\n", "utf-8")
    (folder / "gate.toml").write_text(POLICY, "utf-8")
    _features(folder / "features")
    _cassettes(folder / "cassettes")
    _agree(folder)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "All of it")
    run(folder)
    (folder / "reports" / "last").mkdir()
    shutil.copy(folder / "reports" / "results.json", folder / "reports" / "last")
    _keys(folder)
    signed(folder)


def ask(
    folder: Path,
    gate: str = "release",
    artifact: str = ARTIFACT,
    now: datetime | None = None,
    document: Path | None = None,
) -> Ruling:
    """The answer of a gate of the project's policy."""
    policy = Policy.load(folder / "gate.toml", gate)
    archive = folder / "reports" / "archive"
    papers = docket.Papers(folder, folder / "reports" / "results.json", folder / "allowed_signers", archive, document)
    return rule(policy, docket.gather(papers, policy, artifact, now or datetime.now(UTC)))


def run(folder: Path, *arguments: str) -> None:
    """Run the checklist as people do, replayed from the recordings."""
    subprocess.run(
        [sys.executable, "-m", "pytest", "features", "-q", "--artifact", ARTIFACT, "--product", "Sync 4.2", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=300,
        check=False,
    )


def again(
    folder: Path,
    test: Callable[[ScenarioResult], ScenarioResult] = lambda each: each,
    **facts: object,
) -> None:
    """Commit what was changed, and write the reports of a run of it that differs in these tests and facts."""
    commit(folder, "A change")
    path = folder / "reports" / "results.json"
    before = Results.load(path)
    tests = in_order([test(each) for each in before.tests])
    told = replace(before.facts, **{**_now(folder), **facts})
    _publish(folder, replace(before, facts=told, tests=tests))


def _publish(folder: Path, results: Results) -> None:
    places = Places.below(folder / "reports")
    shutil.rmtree(places.allure, ignore_errors=True)
    publish(places, results, *project.standards(folder, candidate(results.facts)))


def _now(folder: Path) -> dict[str, object]:
    revision, dirty = surroundings.revision(folder)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "started": now,
        "finished": now,
        "revision": revision,
        "dirty": dirty,
        "inputs": surroundings.inputs(folder),
    }


def signed(folder: Path) -> None:
    """Build the sign-off of the run and have both people sign it."""
    archive = folder / "reports" / "archive"
    report = folder / "reports" / "signoff"
    dossier.make(folder, Results.load(folder / "reports" / "results.json"), report, archive)
    for name, role, meaning in PEOPLE:
        signer = Signer(name, role, meaning)  # type: ignore[arg-type]
        sign(report, folder / "keys" / name, signer, folder / "allowed_signers", archive / LOG)


def git(folder: Path, *arguments: str) -> None:
    """Call git with an identity of its own."""
    identity = ("-c", "user.name=Carl", "-c", "user.email=carl@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, message: str) -> None:
    """Commit everything, if there is anything."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def _features(features: Path) -> None:
    """The flow's features and what belongs to them, of the shipped ones."""
    (features / FLOW).mkdir(parents=True)
    for kind in KINDS:
        shutil.copy(ROOT / "features" / FLOW / f"{kind}.feature", features / FLOW)
    kept = {
        "checklist.toml": lambda table: (table.startswith("[[flow]]") and f'id = "{FLOW}"' in table) or _of_flow(table),
        "supplement.toml": lambda table: f'flow = "{FLOW}"' in table,
        "additional.toml": lambda table: table.startswith("[[requirement]]"),
        "decisions.toml": lambda table: f':{FLOW}"' in table,
        "trace.toml": _of_flow,
    }
    for name, wanted in kept.items():
        head, *tables = re.split(r"(?m)^(?=\[\[)", (ROOT / "features" / name).read_text("utf-8"))
        (features / name).write_text(head + "".join(filter(wanted, tables)), "utf-8")


def _of_flow(table: str) -> bool:
    return any(f'short = "{FLOW}/{kind}"' in table for kind in KINDS)


def _cassettes(cassettes: Path) -> None:
    for kind in KINDS:
        shutil.copytree(ROOT / "cassettes" / FLOW / kind, cassettes / FLOW / kind)
    for path in sorted(cassettes.rglob("*.yaml")):
        relabelled(path, recorded_on=date.today().isoformat())
    contents = {
        path.relative_to(cassettes).as_posix(): Cassette.load(path).content for path in cassettes.rglob("*.yaml")
    }
    add(cassettes / "reviews.toml", Review("Ann", date.today(), "read and found right", contents))


def relabelled(path: Path, **metadata: str) -> None:
    """Have a recording say something else of its origin."""
    found = Cassette.load(path)
    Cassette(found.interactions, {**found.metadata, **metadata}, found.secrets).save(path)


def _agree(folder: Path) -> None:
    """Have everything approved by a named person."""
    features = folder / "features"
    checklist = Checklist.load(features / "checklist.toml")
    approval = Approval("Ann", date.today(), "QA lead", "as agreed with the customer")
    path = features / "supplement.toml"
    for row in Supplement.load(path, checklist).rows:
        rows.decide(path, checklist, row.id, "approved", approval)
    path = features / "decisions.toml"
    decisions = Decisions.load(path, checklist)
    for point in decisions.points:
        made = decisions.made.get(point.id)
        choice, reason = (made.choice, made.reason) if made else ("as it is", "agreed")
        settle(path, checklist, point.id, choice, reason, approval)
    document = checklist.document
    Attestation("Ann", "QA lead", date.today(), document.content_key, document.generated, items_key(checklist)).save(
        features / "attestation.toml"
    )


def _keys(folder: Path) -> None:
    (folder / "keys").mkdir()
    lines = []
    for name, _, _ in PEOPLE:
        key = folder / "keys" / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key], check=True)
        lines.append(f"{name} {key.with_suffix(key.suffix + '.pub').read_text('utf-8')}")
    (folder / "allowed_signers").write_text("".join(lines), "utf-8")
