"""What is signed: an in-toto statement with a test-result predicate over the files of a sign-off. Pure.

Formats: in-toto attestation framework, Statement v1; predicate test-result v0.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, get_args

Meaning = Literal["review", "approval"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
# Of an item, what a signature speaks of. How long something took and what came before may change without harm.
_OF_ITEM = ("id", "fingerprint", "wording", "verdict", "reason", "proof", "rests_on", "waiver", "manual")
_OF_SCENARIO = ("id", "title", "outcome", "proof", "message", "records")


@dataclass(frozen=True)
class Signer:
    """Who signs: the name under which the allowed signers know the key, the role, and what the signature means."""

    name: str
    role: str
    meaning: Meaning


def statement(
    content: Mapping[str, Any], files: Mapping[str, str], signer: Signer, previous: str, at: datetime
) -> dict[str, Any]:
    """The statement of one signer about a report; `files` are SHA-256 by name, `previous` is the head of the log."""
    candidate = content["candidate"]
    subject = [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(files.items())]
    if candidate["artifact"]:
        subject.insert(0, {"name": candidate["product"] or "artifact", "digest": _digest(candidate["artifact"])})
    verdicts = {each["short"]: each["verdict"] for each in items(content)}
    passed = sorted(short for short, verdict in verdicts.items() if verdict == "passed")
    failed = sorted(short for short, verdict in verdicts.items() if verdict in ("failed", "flaky", "stale", "not run"))
    return {
        "_type": STATEMENT,
        "subject": subject,
        "predicateType": PREDICATE,
        "predicate": {
            "result": "PASSED" if content["verdict"]["proven"] else "FAILED" if failed else "WARNED",
            "configuration": _configuration(content["run"]),
            "passedTests": passed,
            "warnedTests": sorted(verdicts.keys() - {*passed, *failed}),
            "failedTests": failed,
            "counterpart": {
                "signer": {"name": signer.name, "role": signer.role, "meaning": signer.meaning},
                "signedOn": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "candidate": dict(candidate),
                "verdict": content["verdict"]["sentence"],
                "items": digests(content),
                "previous": previous,
            },
        },
    }


def dumped(made: Mapping[str, Any]) -> bytes:
    """A statement as the bytes that are signed."""
    return (json.dumps(made, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode()


def items(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every item of a report, those of the document first."""
    for flow in content.get("flows", ()):
        yield from flow["items"]
    yield from content.get("additional_items", ())


def digests(content: Mapping[str, Any], evidence: Mapping[str, str] | None = None) -> dict[str, str]:
    """By item, the hash of everything that a signature says about it.

    With `evidence`, hashes of evidence files by path stand in for those that the report names.
    """
    found = {}
    for item in items(content):
        told = {name: item.get(name) for name in _OF_ITEM}
        told["scenarios"] = [_scenario(each, evidence) for each in item["scenarios"]]
        found[item["short"]] = sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return found


def _scenario(scenario: Mapping[str, Any], evidence: Mapping[str, str] | None) -> dict[str, Any]:
    shown = scenario["evidence"]
    path, named = shown["cassette"], shown["sha256"]
    present = named if evidence is None or path is None else evidence.get(path)
    return {
        **{name: scenario.get(name) for name in _OF_SCENARIO},
        "steps": [[step["keyword"], step["text"], step["outcome"], step["table"]] for step in scenario["steps"]],
        "evidence": [path, present],
    }


def _configuration(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the run was made from, as resource descriptors."""
    found: list[dict[str, Any]] = []
    if run["revision"]:
        found.append({"name": "revision", "digest": {"gitCommit": run["revision"]}})
    inputs = {**{f"contracts/{name}": digest for name, digest in run["contracts"].items()}, **run.get("inputs", {})}
    return [*found, *({"name": name, "digest": {"sha256": digest}} for name, digest in sorted(inputs.items()))]


def _digest(text: str) -> dict[str, str]:
    """`sha256:ab12...` as in-toto writes it; a digest without a name of its algorithm is SHA-256."""
    algorithm, colon, value = text.partition(":")
    return {algorithm: value} if colon else {"sha256": text}


def lapsed(signed: Mapping[str, str], now: Mapping[str, str]) -> Sequence[str]:
    """The items for which a signature no longer stands: what it said of them is not what is there now."""
    return sorted(item for item in signed.keys() | now.keys() if signed.get(item) != now.get(item))
