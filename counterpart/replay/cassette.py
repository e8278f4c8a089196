"""Cassettes: the exchanges of one scenario in a file that stock vcrpy reads too.

The text is JSON, which is YAML as well: it loads about ten times faster than YAML and needs no tags.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from counterpart.replay.audit import leaks_in
from counterpart.replay.errors import (
    CassetteError,
    MissingCassette,
    NotACassette,
    TornCassette,
    UnknownVersion,
    UnsafeCassette,
    WrongCassette,
)
from counterpart.replay.exchange import Exchange, Misshapen, dict_at, from_dict, list_at, to_dict
from counterpart.replay.foreign import MalformedYaml, parse_yaml
from counterpart.replay.secrets import Secrets

FORMAT = 1
LARGEST = 64 * 1024 * 1024
SUFFIX = ".yaml"
_CURE = "Record the scenario again"
_SEALS = ("count", "sha256")
_SIGNATURE = "sealed"
# What a new recording of the same traffic may say otherwise: when and by which version, under which contracts.
_CIRCUMSTANCES = frozenset({"recorded_on", "recorded_with", "contracts", "contract_parts"})
# Characters that JSON may hold and YAML 1.1 may not, or takes for a line break.
_NOT_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Cassette:
    """Exchanges in the order in which their requests were sent, and what is known about their recording."""

    interactions: tuple[Exchange, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    secrets: Secrets = field(default_factory=lambda: Secrets({}), repr=False, compare=False)
    signature: str = field(default="", repr=False, compare=False)

    @property
    def foreign(self) -> bool:
        """Whether another tool recorded it, so that nothing says which step and actor sent what."""
        return any(each.step is None for each in self.interactions)

    @property
    def sha256(self) -> str:
        """The hash of interactions and metadata, whatever white space and line ends their file has."""
        return _hash([to_dict(each) for each in self.interactions], self.metadata)

    @property
    def content(self) -> str:
        """The hash of what a reader of the recording reads: without the circumstances of its recording."""
        kept = {key: value for key, value in self.metadata.items() if key not in _CIRCUMSTANCES}
        return _hash([to_dict(each) for each in self.interactions], kept)

    @classmethod
    def load(cls, path: Path | str, *, expected: Mapping[str, object] | None = None, cure: str = "") -> Cassette:
        """Read a file; `expected` are metadata it must have, `cure` the command that records it again.

        Raises a CassetteError: MissingCassette, NotACassette, TornCassette, WrongCassette or UnknownVersion.
        """
        path = Path(path)
        cure = f"{_CURE}: {cure}" if cure else f"{_CURE}."
        document = _read(path, cure)
        try:
            entries = list_at(document.get("interactions"), "interactions")
            interactions = tuple(from_dict(position, entry) for position, entry in enumerate(entries))
            metadata = dict_at(document.get("metadata") or {}, "metadata")
        except Misshapen as misshapen:
            raise NotACassette(path, f"it is no cassette: {misshapen}", cure) from None
        said = {key: value for key, value in metadata.items() if key not in (*_SEALS, _SIGNATURE)}
        cassette = cls(interactions, said, signature=str(metadata.get(_SIGNATURE, "")))
        if not cassette.foreign or any(seal in metadata for seal in _SEALS):
            _check_seals(path, entries, metadata, cure)
        for key, value in (expected or {}).items():
            if metadata.get(key) != value:
                raise WrongCassette(path, f"its {key} is {metadata.get(key)!r}, expected {value!r}", cure)
        return cassette

    def save(self, path: Path | str, *, volatile: Sequence[str] = (), declared: str | None = None) -> bool:
        """Write the file at once or not at all; returns whether it changed.

        A file that differs only in the `volatile` metadata is left as it is. `declared` is text whose values are made
        up; without it the data of people are not looked for. Raises UnsafeCassette.
        """
        path = Path(path)
        if left := self.secrets_left():
            raise UnsafeCassette(path, left)
        if self._same_as(path, volatile):
            return False
        text = self.dumps()
        # What nobody has named a secret may look like one all the same.
        if found := leaks_in(json.loads(text), declared=declared):
            raise UnsafeCassette(path, [f"{what} at {pointer}" for pointer, what in found])
        write_whole(path, text)
        return True

    def dumps(self) -> str:
        """The text of the file."""
        metadata = {**self.metadata, "count": len(self.interactions), "sha256": self.sha256}
        if self.signature:
            metadata[_SIGNATURE] = self.signature
        document = {
            "version": FORMAT,
            "interactions": [to_dict(each) for each in self.interactions],
            "metadata": {key: metadata[key] for key in sorted(metadata)},
        }
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
        return _NOT_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"

    def secrets_left(self) -> list[str]:
        """Where known secrets are readable: `<name> in request 3 (url)`, never their values."""
        left = [f"<{name}> in the metadata" for name in self.secrets.found_in(json.dumps(self.metadata, default=str))]
        for number, each in enumerate(self.interactions, 1):
            parts = {
                "url": each.url,
                "request headers": "\n".join(f"{name}: {value}" for name, value in each.request_headers),
                "request body": each.request_text,
                "answer's headers": "\n".join(f"{name}: {value}" for name, value in each.response_headers),
                "answer's body": each.response_text,
            }
            left += [
                f"<{name}> in interaction {number} ({part})"
                for part, text in parts.items()
                for name in self.secrets.found_in(text)
            ]
        return left

    def _same_as(self, path: Path, volatile: Sequence[str]) -> bool:
        def lasting(cassette: Cassette) -> tuple[object, ...]:
            kept = {key: value for key, value in cassette.metadata.items() if key not in volatile}
            return cassette.interactions, json.dumps(kept, sort_keys=True)

        try:
            return lasting(Cassette.load(path)) == lasting(self)
        except CassetteError:
            return False


def path_for(root: Path, item: str, scenario_id: str, row_key: str | None = None) -> Path:
    """Where a scenario's cassette lies: `<root>/<flow>/<kind>/<scenario>[--<row>].yaml`.

    Items of table rows are called after their properties, which differ in capitals and signs: their folder has a slug
    and a hash. Raises ValueError for other names that could leave the folder or that file systems tell apart
    differently.
    """
    flow, _, kind = item.partition("/")
    if "/" in kind:
        slug = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")
        kind = f"{slug[:60]}-{hashlib.sha256(kind.encode()).hexdigest()[:8]}"
    for name in (flow, kind, scenario_id, *([row_key] if row_key is not None else [])):
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?", name):
            raise ValueError(f"{name!r} cannot be part of a cassette's name; use small letters, digits and hyphens")
    row = f"--{row_key}" if row_key is not None else ""
    return root / flow / kind / f"{scenario_id}{row}{SUFFIX}"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever reads it, also after a crash, finds the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path, cure: str) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            cause = f"it has {size} bytes, more than the {LARGEST} that are read"
            raise NotACassette(path, cause, cure)
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise MissingCassette(path, "there is no such recording", cure) from None
    except UnicodeDecodeError as error:
        raise NotACassette(path, f"it is not UTF-8 ({error.reason} at byte {error.start})", cure) from None
    except OSError as error:
        raise NotACassette(path, f"it cannot be read: {error.strerror}", cure) from error
    if not text.strip():
        raise NotACassette(path, "it is empty", cure)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        # Recordings of vcrpy and pytest-recording are YAML; one of ours that is no JSON any more has been cut.
        if text.lstrip().startswith("{"):
            raise TornCassette(path, "its JSON text is broken, so it was cut or edited", cure) from None
        try:
            document = parse_yaml(text)
        except MalformedYaml as malformed:
            raise NotACassette(path, f"it is no cassette: {malformed}", cure) from None
    if not isinstance(document, dict) or "interactions" not in document:
        raise NotACassette(path, "it is no cassette: it has no interactions", cure)
    if document.get("version") != FORMAT:
        version = document.get("version")
        raise UnknownVersion(path, f"its format version is {version!r}; this program knows {FORMAT}", cure)
    return document


def _check_seals(path: Path, interactions: list[dict[str, Any]], metadata: Mapping[str, Any], cure: str) -> None:
    missing = [seal for seal in _SEALS if seal not in metadata]
    if missing:
        raise TornCassette(path, f"its metadata lack {' and '.join(missing)}, so it was cut or edited", cure)
    if metadata["count"] != len(interactions):
        held = f"{metadata['count']} interactions and holds {len(interactions)}"
        raise TornCassette(path, f"it says {held}, so it was cut or edited", cure)
    if metadata["sha256"] != _hash(interactions, metadata):
        raise TornCassette(path, "its hash does not fit its content, so it was cut or edited", cure)


def _hash(interactions: list[dict[str, Any]], metadata: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in metadata.items() if key not in (*_SEALS, _SIGNATURE)}
    text = json.dumps({"interactions": interactions, "metadata": kept}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
