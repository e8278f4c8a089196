"""Sign-offs that are kept: put away whole, found again, compared; every one of them stays as it was."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from counterpart.reporting import logbook
from counterpart.reporting.annex import Attempt
from counterpart.reporting.errors import SignOffBroken
from counterpart.reporting.signing import DATA, SIGNATURES
from counterpart.reporting.statement import items


@dataclass(frozen=True)
class Kept:
    """A sign-off in the archive; `content` is that of its JSON, of whatever schema it was written in."""

    name: str
    directory: Path
    content: Mapping[str, Any]

    @property
    def finished(self) -> str:
        """When its run ended."""
        return str(self.content.get("run", {}).get("finished", ""))

    @property
    def release(self) -> str:
        """What it is a sign-off of: the product as it was named, or our own revision."""
        candidate = self.content.get("candidate", {})
        named = candidate.get("product") or candidate.get("artifact")
        return str(named or self.content.get("run", {}).get("revision", "")[:12] or self.name)

    @property
    def signatures(self) -> int:
        """How many signatures lie beside it, valid or not."""
        return len(list((self.directory / SIGNATURES).glob("*.json")))


@dataclass(frozen=True)
class Changed:
    """Something that two sign-offs say differently; None where one of them does not speak of it."""

    what: str
    before: str | None
    after: str | None


def keep(directory: Path, archive: Path) -> Path:
    """Put a copy of a report into the archive, or what was signed since beside the copy that is there."""
    content = load(directory)
    report = (directory / DATA).read_bytes()
    name = _name(content, report)
    place = archive / name
    if place.resolve() == directory.resolve():
        return place
    if place.exists() and (place / DATA).read_bytes() != report:
        raise SignOffBroken(place, "another report is kept under this name", "move it away, it is not what it was")
    if place.exists():
        add_signatures(directory, place)
        return place
    new = archive / f".{name}.new"
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(directory, new)
    new.rename(place)
    return place


def add_signatures(directory: Path, place: Path) -> None:
    """Copy the signatures of a report beside another copy of it; nothing else is ever added to one."""
    if (directory / SIGNATURES).is_dir() and directory.resolve() != place.resolve():
        shutil.copytree(directory / SIGNATURES, place / SIGNATURES, dirs_exist_ok=True)


def kept(archive: Path) -> tuple[Kept, ...]:
    """Every sign-off of an archive, the oldest first."""
    places = archive.iterdir() if archive.is_dir() else ()
    found = [_kept(place) for place in places if (place / DATA).is_file() and not place.name.startswith(".")]
    return tuple(sorted(found, key=lambda each: (each.finished, each.name)))


def find(archive: Path, name: str) -> Kept:
    """The sign-off of this name, of a beginning of it that no other has, or in this folder; raises SignOffBroken."""
    if (Path(name) / DATA).is_file():
        return _kept(Path(name))
    every = kept(archive)
    found = [each for each in every if each.name == name] or [each for each in every if each.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    several = ", ".join(each.name for each in found) or "none"
    raise SignOffBroken(archive, f"{several} is called {name!r}", "`counterpart signoff list` shows the names")


def load(directory: Path) -> dict[str, Any]:
    """The content of a report; raises SignOffBroken."""
    path = directory / DATA
    try:
        content = json.loads(path.read_bytes())
        if content["state"] != "complete":
            raise SignOffBroken(path, "it says that nothing is proven", "run the checklist, then build the report")
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        if isinstance(trouble, SignOffBroken):
            raise
        raise SignOffBroken(path, "it is no report that can be read", "run the checklist, then build it") from None
    return dict(content)


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changed, ...]:
    """What two reports say differently: verdicts, property pairs, scenarios, decisions, what they were made from."""
    found: list[Changed] = []
    for tell in (_said, _items, _rows, _scenarios, _decisions, _made_from):
        was, now = dict(tell(before)), dict(tell(after))
        for what in [*was, *(what for what in now if what not in was)]:
            if was.get(what) != now.get(what):
                found.append(Changed(what, was.get(what), now.get(what)))
    return tuple(found)


def history(archive: Path, most: int = 5) -> dict[str, tuple[tuple[str, str], ...]]:
    """By item, the verdicts of the last releases that were kept, oldest first."""
    found: dict[str, list[tuple[str, str]]] = {}
    for each in kept(archive)[-most:]:
        for item in items(each.content):
            found.setdefault(item["short"], []).append((each.release, item["verdict"]))
    return {item: tuple(verdicts) for item, verdicts in found.items()}


def attempts(log: Path, candidate: Mapping[str, str], run: str = "") -> tuple[Attempt, ...]:
    """Earlier runs of the same product under test, with what was said about those that did not pass.

    A run of which several reports were built is one attempt; `run`, which began then, is none of its own. Without a
    name nobody can tell what was under test, so that there are none.
    """
    if not any(candidate.values()):
        return ()
    entries = logbook.read(log)
    said = {entry.says["attempt"]: entry.says for entry in entries if entry.kind == "resolved"}
    built = [each for each in entries if each.kind == "built" and each.says["candidate"] == dict(candidate)]
    by_run = {each.says["run"]: each for each in reversed(built) if each.says["run"] != run}
    return tuple(
        Attempt(
            entry.number,
            entry.at,
            entry.report,
            entry.says["verdict"],
            entry.says["proven"],
            said.get(entry.number, {}).get("resolution", ""),
            said.get(entry.number, {}).get("by", ""),
        )
        for entry in reversed(by_run.values())
    )


def _kept(place: Path) -> Kept:
    return Kept(place.name, place, load(place))


def _name(content: Mapping[str, Any], report: bytes) -> str:
    run = content["run"]
    candidate = content.get("candidate", {})
    named = re.sub(r"[^a-z0-9.]+", "-", str(candidate.get("product") or "unnamed").lower()).strip("-.")[:40]
    return f"{run['finished'][:10]}-{named or 'unnamed'}-{sha256(report).hexdigest()[:8]}"


def _said(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "verdict", content["verdict"]["sentence"]
    for name, value in content.get("candidate", {}).items():
        yield f"candidate {name}", value or "not named"


def _items(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in items(content):
        yield f"item {item['short']}", f"{item['verdict']} ({item['passed']} of {item['total']}, {item['proof']})"
        yield f"statement of {item['short']}", item["fingerprint"]


def _rows(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for flow in content["flows"]:
        for row in flow["supplement_rows"]:
            ways = f"{row['to_target']['verdict']} / {row['to_source']['verdict']}"
            yield f"pair {flow['id']} {row['source']} ↔ {row['target']}", f"{row['standing']}, {ways}"


def _scenarios(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in items(content):
        for scenario in item["scenarios"]:
            recorded = (scenario["evidence"]["sha256"] or "none")[:12]
            yield f"scenario {item['short']}/{scenario['id']}", f"{scenario['outcome']}, recording {recorded}"


def _decisions(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in content.get("decisions", ()):
        yield f"decision {each['point']}", f"{each['standing']}: {each['choice']}"


def _made_from(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    run = content["run"]
    yield "document", content["document"]["content_key"]
    yield "revision", run["revision"] or "unknown"
    for group in ("contracts", "inputs", "versions"):
        for name, value in run.get(group, {}).items():
            yield f"{group} {name}", value
