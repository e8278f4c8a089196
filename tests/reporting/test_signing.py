"""Signatures: two people, every byte bound, and a bare machine can check them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from counterpart.checklist import Checklist, Supplement
from counterpart.reporting import (
    RunFacts,
    ScenarioResult,
    Signer,
    SigningRefused,
    ToolMissing,
    build,
    logbook,
    sign,
    sshsig,
    verify,
)
from counterpart.reporting.annex import Annex
from counterpart.reporting.signing import Signature

pytestmark = pytest.mark.skipif(
    not shutil.which("ssh-keygen"), reason="signatures are OpenSSH's: install openssh-client"
)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CREATE, EDIT = "order-invoice/create", "product-item/edit-source"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys of three people; ola has two of them, and kari had another one until February."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("kari", "ola", "ola-2", "old-kari", "stranger"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)], check=True
        )
    public = {name: " ".join((folder / f"{name}.pub").read_text().split()[:2]) for name in ("kari", "ola", "ola-2")}
    old = " ".join((folder / "old-kari.pub").read_text().split()[:2])
    (folder / "signers").write_text(
        f"kari@example.com {public['kari']}\n"
        f'kari@example.com valid-before="20260201Z" {old}\n'
        f"ola@example.com {public['ola']}\n"
        f"ola@example.com {public['ola-2']}\n"
    )
    return folder


@pytest.fixture
def report(
    tmp_path: Path,
    checklist: Checklist,
    supplement: Supplement,
    scenario: Callable[..., ScenarioResult],
    facts: Callable[..., RunFacts],
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A finished report of two items with a recording each."""
    # What a PDF says is tested elsewhere; here its bytes are enough.
    monkeypatch.setattr("counterpart.reporting.pdf.pdf", lambda content: b"%PDF of it")
    evidence = {}
    results = []
    for item in (CREATE, EDIT):
        result = scenario(item)
        path = tmp_path / "project" / str(result.evidence.cassette)
        path.parent.mkdir(parents=True)
        path.write_text(f"a recording for {item}\n")
        digest = sha256(path.read_bytes()).hexdigest()
        results.append(replace(result, evidence=replace(result.evidence, sha256=digest)))
        evidence[str(result.evidence.cassette)] = path
    told = facts(product="Sync 4.2", artifact="sha256:" + "c" * 64)
    build(tmp_path / "report", checklist, supplement, results, told, annex=Annex(), evidence=evidence)
    return tmp_path / "report"


@pytest.fixture
def signing(report: Path, keys: Path) -> Callable[..., Signature]:
    def make(who: str = "kari", meaning: Any = "review", key: str | None = None, **changed: Any) -> Signature:
        signer = Signer(f"{who}@example.com", {"kari": "QA lead", "ola": "Controller"}.get(who, "Guest"), meaning)
        at = changed.get("at", NOON)
        return sign(report, keys / (key or who), signer, keys / "signers", report.parent / "log.jsonl", at)

    return make


@pytest.fixture
def verified(report: Path, keys: Path) -> Callable[..., Any]:
    return lambda now=None: verify(report, keys / "signers", report.parent / "log.jsonl", now)


def test_two_people_sign_and_everything_is_said_of_it(
    signing: Callable[..., Signature], verified: Callable[..., Any], report: Path
) -> None:
    assert verified().missing == ("a review", "an approval")
    signing("kari", "review")
    assert verified().missing == ("an approval",)
    signing("ola", "approval", at=NOON + timedelta(hours=1))
    found = verified()
    assert (found.problems, found.missing, found.intact, found.signed) == ((), (), True, True)
    assert [(each.name, each.role, each.meaning, each.at, each.stands) for each in found.signatures] == [
        ("kari@example.com", "QA lead", "review", "2026-03-02T12:00:00Z", True),
        ("ola@example.com", "Controller", "approval", "2026-03-02T13:00:00Z", True),
    ]
    statement = json.loads((report / "signatures" / "1-review.json").read_text())
    assert (statement["_type"], statement["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
    )
    assert [each["name"] for each in statement["subject"]] == [
        "Sync 4.2",
        "SHA256SUMS",
        "index.html",
        "signoff.json",
        "signoff.pdf",
    ]
    predicate = statement["predicate"]
    assert predicate["result"] == "FAILED"
    assert predicate["warnedTests"][:1] == ["customer-company/properties-unspecified"]
    assert predicate["configuration"][0] == {
        "name": "revision",
        "digest": {"gitCommit": "63aa3b4f00d1c0ffee63aa3b4f00d1c0ffee63aa"},
    }
    assert predicate["counterpart"]["candidate"] == {"product": "Sync 4.2", "artifact": "sha256:" + "c" * 64}
    entries = logbook.read(report.parent / "log.jsonl")
    assert [(entry.kind, entry.says["name"], entry.says["meaning"]) for entry in entries] == [
        ("signed", "kari@example.com", "review"),
        ("signed", "ola@example.com", "approval"),
    ]


def test_a_bare_machine_checks_it_with_ssh_keygen_and_sha256sum(
    signing: Callable[..., Signature], report: Path, keys: Path
) -> None:
    signing("kari", "review")
    script = f"""
        set -e
        sha256sum --quiet -c SHA256SUMS
        grep -q "$(sha256sum SHA256SUMS | cut -d' ' -f1)" signatures/1-review.json
        ssh-keygen -Y verify -f '{keys / "signers"}' -I kari@example.com -n counterpart-signoff \\
          -s signatures/1-review.json.sig < signatures/1-review.json
    """

    def check() -> int:
        return subprocess.run(["sh", "-c", script], cwd=report, capture_output=True, check=False).returncode

    assert check() == 0
    recording = next((report / "evidence").rglob("*.yaml"))
    recording.write_text(recording.read_text() + " ")
    assert check() != 0


def test_a_person_counts_once_under_whatever_key_and_meaning(
    signing: Callable[..., Signature], verified: Callable[..., Any], report: Path
) -> None:
    signing("ola", "review")
    for key in ("ola", "ola-2"):
        with pytest.raises(SigningRefused, match=r"ola@example.com has already signed as ola@example.com"):
            signing("ola", "approval", key=key)
    assert sorted(path.name for path in (report / "signatures").iterdir()) == ["1-review.json", "1-review.json.sig"]
    assert len(logbook.read(report.parent / "log.jsonl")) == 1


def test_two_signatures_of_one_person_are_not_enough_however_they_came_about(
    signing: Callable[..., Signature], verified: Callable[..., Any], report: Path, keys: Path
) -> None:
    log = report.parent / "log.jsonl"
    copy = report.parent / "copy"
    shutil.copytree(report, copy)
    signing("ola", "review")
    signer = Signer("ola@example.com", "Controller", "approval")
    sign(copy, keys / "ola-2", signer, keys / "signers", report.parent / "other.jsonl", NOON)
    for ending in ("json", "json.sig"):
        shutil.copy(copy / "signatures" / f"1-approval.{ending}", report / "signatures" / f"2-approval.{ending}")
    [entry] = logbook.read(report.parent / "other.jsonl")
    logbook.append(log, entry.kind, entry.report, entry.says, NOON)
    found = verified()
    assert (found.intact, found.signed) == (True, False)
    assert found.missing == ("a review and an approval by different people",)


@pytest.mark.parametrize(
    ("who", "key", "problem"),
    [
        ("kari", "stranger", "no allowed signer has the key"),
        ("kari", "ola", "the key is that of ola@example.com"),
        ("mallory", "kari", "the key is that of kari@example.com"),
        ("kari", "old-kari", "no allowed signer has the key"),
    ],
)
def test_a_name_counts_only_with_its_own_key(
    signing: Callable[..., Signature], report: Path, who: str, key: str, problem: str
) -> None:
    with pytest.raises(SigningRefused, match=problem):
        signing(who, key=key)
    assert list((report / "signatures").iterdir()) == []


def test_a_signature_outlives_the_key_that_gave_it(
    signing: Callable[..., Signature], verified: Callable[..., Any]
) -> None:
    signing("kari", "review", key="old-kari", at=datetime(2026, 1, 15, tzinfo=UTC))
    signing("ola", "approval", at=datetime(2026, 1, 16, tzinfo=UTC))
    assert verified().signed


def test_a_signature_outlives_the_rules_by_which_items_are_digested(
    signing: Callable[..., Signature], verified: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    signing("kari", "review")
    signing("ola", "approval")
    monkeypatch.setattr("counterpart.reporting.statement._OF_ITEM", ("id", "verdict"))
    assert verified().signed


def test_a_report_that_is_not_as_it_was_built_is_not_signed(signing: Callable[..., Signature], report: Path) -> None:
    page = report / "index.html"
    page.write_text(page.read_text().replace("is open", "passed"))
    with pytest.raises(SigningRefused, match=r"index.html has changed"):
        signing()


def test_a_draft_is_not_signed(
    report: Path,
    signing: Callable[..., Signature],
    checklist: Checklist,
    supplement: Supplement,
    facts: Callable[..., RunFacts],
) -> None:
    build(report, checklist, supplement, [], facts())
    assert sorted(path.name for path in report.iterdir()) == ["index.html", "signoff.json"]
    with pytest.raises(SigningRefused, match="SHA256SUMS is missing"):
        signing()


def test_a_signature_lapses_exactly_for_the_items_whose_evidence_changed(
    signing: Callable[..., Signature], verified: Callable[..., Any], report: Path
) -> None:
    signing("kari", "review")
    content = json.loads((report / "signoff.json").read_text())
    for flow in content["flows"]:
        for item in flow["items"]:
            if item["short"] == EDIT:
                item["scenarios"][0]["evidence"]["sha256"] = "0" * 64
            for each in item["scenarios"]:
                each["duration"] = 99.0
    [signature] = verified(content).signatures
    assert (signature.valid, signature.lapsed, signature.stands) == (True, [EDIT], False)
    recording = report / "evidence" / f"cassettes/{EDIT}/alone.yaml"
    recording.write_text("another recording\n")
    found = verified()
    assert found.problems == (f"evidence/cassettes/{EDIT}/alone.yaml has changed",)
    assert [each.lapsed for each in found.signatures] == [[EDIT]]


def test_a_flipped_bit_anywhere_is_noticed(
    signing: Callable[..., Signature], verified: Callable[..., Any], report: Path
) -> None:
    # bench/signoff.py flips a thousand.
    signing("kari", "review")
    signing("ola", "approval")
    chance = random.Random(1)
    files = sorted(path for path in [*report.rglob("*"), report.parent / "log.jsonl"] if path.is_file())
    for number in range(24):
        path = files[number % len(files)]
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        assert not verified().intact, path.name
        path.write_bytes(content)
    assert verified().signed


def test_a_signature_has_one_way_to_be_written(signing: Callable[..., Signature], report: Path, keys: Path) -> None:
    signing("kari", "review")
    content, armour = ((report / "signatures" / name).read_bytes() for name in ("1-review.json", "1-review.json.sig"))
    first, *lines, last = armour.splitlines()
    joined = b"".join(lines)
    other = b"\n".join([first, *(joined[start : start + 64] for start in range(0, len(joined), 64)), last, b""])
    given = ("kari@example.com", keys / "signers", NOON)
    assert sshsig.check(content, armour, *given).valid
    assert sshsig.check(content, other, *given).problem == "it is no SSH signature as ssh-keygen writes one"


def test_nothing_is_taken_away_or_added_unnoticed(
    signing: Callable[..., Signature], verified: Callable[..., Any], report: Path
) -> None:
    signing("kari", "review")
    (report / "evidence" / "more.txt").write_text("more")
    assert verified().problems == ("evidence/more.txt is no part of this report",)
    (report / "evidence" / "more.txt").unlink()
    statement, armour = (report / "signatures" / name for name in ("1-review.json", "1-review.json.sig"))
    kept = (statement.read_bytes(), armour.read_bytes())
    statement.unlink()
    armour.unlink()
    [problem] = verified().problems
    assert problem == "the log knows a signature of kari@example.com (review) that is not here as it was"
    statement.write_bytes(kept[0])
    armour.write_bytes(kept[1])
    (report.parent / "log.jsonl").unlink()
    assert verified().problems == ("signatures/1-review.json is not in the log",)


def test_the_log_is_chained(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    for number in range(3):
        logbook.append(log, "built", "0" * 64, {"number": number}, NOON)
    lines = log.read_text().splitlines(keepends=True)
    for broken, complaint in [
        (lines[1:], "line 1 does not follow line 0"),
        ([lines[0], lines[2]], "line 2 does not follow line 1"),
        ([lines[0], lines[1].replace("number", "nummer", 1), lines[2]], "line 2 is not as it was written"),
        ([*lines[:2], lines[2].rstrip("\n")], "line 3 is not as it was written"),
    ]:
        log.write_text("".join(broken))
        with pytest.raises(ValueError, match=complaint):
            logbook.read(log)


def test_without_ssh_keygen_it_says_what_to_install(
    signing: Callable[..., Signature], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="ssh-keygen is not installed; install OpenSSH's client"):
        signing()
