"""Signing a report and verifying it: two people, two meanings, every byte bound."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from counterpart.reporting import logbook, sshsig
from counterpart.reporting.errors import SigningRefused, SignOffBroken
from counterpart.reporting.statement import PREDICATE, STATEMENT, Signer, digests, dumped, lapsed, statement

PAGE, DATA, PDF, SUMS = "index.html", "signoff.json", "signoff.pdf", "SHA256SUMS"
SIGNATURES = "signatures"
REPORT = (PAGE, DATA, PDF, SUMS)


@dataclass(frozen=True)
class Signature:
    """One signature of a report; `lapsed` are the items for which it no longer stands."""

    file: str
    name: str
    role: str
    meaning: str
    at: str
    valid: bool
    problem: str = ""
    lapsed: Sequence[str] = ()
    person: frozenset[str] = frozenset()

    @property
    def stands(self) -> bool:
        """Whether it is valid for every item."""
        return self.valid and not self.lapsed


@dataclass(frozen=True)
class Verification:
    """What can be said of a report: `problems` are sentences about its files, `report` is the hash of its data."""

    directory: Path
    report: str
    problems: tuple[str, ...]
    signatures: tuple[Signature, ...]
    missing: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether every file and every signature is as it was written."""
        return not self.problems and all(each.valid for each in self.signatures)

    @property
    def signed(self) -> bool:
        """Whether it is intact and two people have reviewed and approved all of it."""
        return self.intact and not self.missing


def sums(directory: Path) -> str:
    """The file SHA256SUMS of a report: every file but itself and the signatures, as `sha256sum -c` reads it."""
    return "".join(
        f"{_hash(directory / name)}  {name}\n" for name in _files(directory) if name != SUMS and not _is_signature(name)
    )


def sign(directory: Path, key: Path, signer: Signer, signers: Path, log: Path, at: datetime | None = None) -> Signature:
    """Sign a report and write the signature into its log.

    Raises SigningRefused when the signature would not count: a report that is not as it was built, a draft, a name
    that the allowed signers do not know with this key, or a person who has signed already.
    """
    at = at or datetime.now(UTC)
    before = verify(directory, signers, log)
    if not before.intact:
        bad = [*before.problems, *(f"{each.file}: {each.problem}" for each in before.signatures if not each.valid)]
        raise SigningRefused(f"the report is not as it was built ({bad[0]})", "build it again")
    content = _content(directory)
    if content.get("state") != "complete" or not content.get("built"):
        raise SigningRefused("this is no finished report", "run `counterpart signoff build` first")
    made = dumped(
        statement(
            content, {name: _hash(directory / name) for name in REPORT}, signer, logbook.head(log), at.astimezone(UTC)
        )
    )
    folder = directory / SIGNATURES
    folder.mkdir(exist_ok=True)
    path = folder / f"{len(before.signatures) + 1}-{signer.meaning}.json"
    path.write_bytes(made)
    try:
        signature = sshsig.sign(path, key)
        given = _checked(directory, path, signers, ())
        _refuse(given, before.signatures)
    except BaseException:
        path.unlink()
        path.with_name(f"{path.name}.sig").unlink(missing_ok=True)
        raise
    told = {
        "name": given.name,
        "role": given.role,
        "meaning": given.meaning,
        "statement": sha256(made).hexdigest(),
        "signature": _hash(signature),
    }
    logbook.append(log, "signed", before.report, told, at)
    return given


def verify(directory: Path, signers: Path, log: Path, now: Mapping[str, Any] | None = None) -> Verification:
    """Check every file, every signature and the log of a report; changes nothing.

    A signature lapses for the items whose evidence differs, or with `now`, the content of a newer report, for those
    of which it says something else. Raises SignOffBroken where there is no report at all.
    """
    if not (directory / DATA).is_file():
        raise SignOffBroken(directory / DATA, "there is no such file", "build a report, or name its folder")
    problems, evidence = _against_sums(directory)
    try:
        content = _content(directory)
        # Both by today's rules: an older version may have signed digests that were made by others.
        gone = lapsed(digests(content), digests(content, evidence) if now is None else digests(now))
    except (SignOffBroken, KeyError, TypeError, AttributeError):
        problems.append(f"{DATA} cannot be read")
        gone = ()
    folder = directory / SIGNATURES
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    statements = [path for path in found if path.suffix == ".json"]
    stray = [path for path in found if path not in statements and path.with_suffix("") not in statements]
    problems += [f"{SIGNATURES}/{path.name} belongs to no statement" for path in stray]
    signatures = tuple(_checked(directory, path, signers, gone) for path in statements)
    report = _hash(directory / DATA)
    problems += _against_log(log, report, directory, statements)
    return Verification(directory, report, tuple(problems), signatures, _missing(signatures))


def _refuse(given: Signature, others: Sequence[Signature]) -> None:
    if not given.valid:
        raise SigningRefused(given.problem, "sign under the name that the allowed signers give your key")
    for other in others:
        if other.person & given.person:
            raise SigningRefused(
                f"{given.name} has already signed as {other.name} ({other.meaning})",
                "let somebody else sign; it takes two people",
            )


def _checked(directory: Path, path: Path, signers: Path, gone: Sequence[str]) -> Signature:
    """One signature against the report as it is now; `gone` are the items of which something else is true by now."""
    name = f"{SIGNATURES}/{path.name}"
    content = path.read_bytes()
    try:
        made = json.loads(content)
        told = made["predicate"]["counterpart"]
        who = told["signer"]
        at = datetime.fromisoformat(told["signedOn"])
        given = Signature(name, str(who["name"]), str(who["role"]), str(who["meaning"]), str(told["signedOn"]), False)
        named = {each["name"]: each["digest"].get("sha256") for each in made["subject"]}
        if (made["_type"], made["predicateType"], dumped(made)) != (STATEMENT, PREDICATE, content):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        return Signature(name, "", "", "", "", False, "it is no statement that counterpart has written")
    armour = path.with_name(f"{path.name}.sig")
    if not armour.is_file():
        return _bad(given, "its signature is missing")
    checked = sshsig.check(content, armour.read_bytes(), given.name, signers, at)
    person = checked.principals | ({f"key {checked.key}"} if checked.key else frozenset())
    if not checked.valid:
        return _bad(given, checked.problem, person)
    changed = [each for each in REPORT if named.get(each) != _hash(directory / each)]
    if changed:
        return _bad(given, f"what it signed is not what is here: {', '.join(changed)}", person, gone)
    return Signature(name, given.name, given.role, given.meaning, given.at, True, lapsed=gone, person=person)


def _bad(given: Signature, problem: str, person: frozenset[str] = frozenset(), gone: Sequence[str] = ()) -> Signature:
    return Signature(given.file, given.name, given.role, given.meaning, given.at, False, problem, gone, person)


def _missing(signatures: Sequence[Signature]) -> tuple[str, ...]:
    """What still has to be signed; one person counts once, under whatever name and key."""
    standing = [each for each in signatures if each.stands]
    reviews = [each for each in standing if each.meaning == "review"]
    approvals = [each for each in standing if each.meaning == "approval"]
    if any(not (review.person & approval.person) for review in reviews for approval in approvals):
        return ()
    missing = [meaning for meaning, given in (("a review", reviews), ("an approval", approvals)) if not given]
    return tuple(missing or ["a review and an approval by different people"])


def _against_sums(directory: Path) -> tuple[list[str], dict[str, str]]:
    """What differs from SHA256SUMS, in sentences, and the hashes of the evidence that is there."""
    try:
        lines = (directory / SUMS).read_text("utf-8").splitlines()
        named = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except (OSError, ValueError):
        named = {}
    present = {name: _hash(directory / name) for name in _files(directory) if name != SUMS and not _is_signature(name)}
    problems = [] if named else [f"{SUMS} is missing or cannot be read"]
    problems += [f"{name} is missing" for name in sorted(named.keys() - present.keys())]
    problems += [f"{name} is no part of this report" for name in sorted(present.keys() - named.keys())]
    problems += [f"{name} has changed" for name, digest in sorted(named.items()) if present.get(name, digest) != digest]
    evidence = {
        name.removeprefix("evidence/"): digest for name, digest in present.items() if name.startswith("evidence/")
    }
    return problems, evidence


def _against_log(log: Path, report: str, directory: Path, statements: Sequence[Path]) -> list[str]:
    try:
        entries = logbook.read(log)
    except SignOffBroken as broken:
        return [str(broken)]
    logged = {
        (each.says["statement"], each.says["signature"]): each
        for each in entries
        if each.kind == "signed" and each.report == report
    }
    present = {(_hash(path), _hash(path.with_name(f"{path.name}.sig"))): path.name for path in statements}
    return [
        *(
            f"the log knows a signature of {entry.says['name']} ({entry.says['meaning']}) that is not here as it was"
            for pair, entry in logged.items()
            if pair not in present
        ),
        *(f"{SIGNATURES}/{name} is not in the log" for pair, name in present.items() if pair not in logged),
    ]


def _content(directory: Path) -> dict[str, Any]:
    path = directory / DATA
    try:
        loaded = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as trouble:
        raise SignOffBroken(path, f"it cannot be read ({trouble})", "build the report again") from None
    if not isinstance(loaded, dict):
        raise SignOffBroken(path, "it is no sign-off", "build the report again")
    return loaded


def _files(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


def _is_signature(name: str) -> bool:
    return name.startswith(f"{SIGNATURES}/")


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
