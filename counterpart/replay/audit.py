"""Looks through files for what must not be written anywhere: credentials, and data of real people and accounts.

Deny by default: what `leaks` finds in texts, and in recordings every header that nobody declared. A leak is reported by
its place and kind, never by its value.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterpart.replay.leaks import PLACEHOLDER, Leaks, unpacked
from counterpart.replay.matching import COMPARED, HARMLESS, KEPT_OF_ANSWERS
from counterpart.replay.secrets import MASKED, Secrets

_LARGEST = 64 * 1024 * 1024
# Members that hold hashes and ids of our own making, or addresses that only lead to reserved hosts.
_OWN = re.compile(
    "sha256|sealed|contracts?|parts|hash|content_key|fingerprint|revision|inputs|commit|uuid|historyId|testCaseId|source",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something that must not be there; `position` is a JSON pointer, or line and column."""

    path: str
    position: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.position}: {self.what}"


def audit(paths: Iterable[Path], secrets: Secrets | None = None, *, declared: str = "") -> list[Leak]:
    """All leaks in files and below folders, in the order of their names.

    `declared` is text whose values are known to be made up, such as that of the feature files. A file that cannot be
    read is a leak, since nobody knows what it holds.
    """
    auditor = _Auditor(secrets or Secrets({}), declared)
    files = sorted({file for path in paths for file in ([path] if not path.is_dir() else _files(path))})
    return [Leak(file.as_posix(), *found) for file in files for found in auditor.file(file)]


def leaks_in(document: Any, *, declared: str | None = None) -> list[tuple[str, str]]:
    """JSON pointer and kind of all leaks in plain data; of people's only where `declared` says what is made up."""
    return sorted(set(_Auditor(Secrets({}), declared).document(document)))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


class _Auditor:
    def __init__(self, secrets: Secrets, declared: str | None) -> None:
        self._leaks = Leaks(secrets, declared)
        # Headers, addresses and lists stand in recordings over and over again.
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}

    def file(self, path: Path) -> Iterator[tuple[str, str]]:
        try:
            if path.stat().st_size > _LARGEST:
                yield "", f"it is larger than the {_LARGEST} bytes that are looked through"
                return
            data = path.read_bytes()
        except OSError as error:
            yield "", f"it cannot be read: {error.strerror}"
            return
        text = unpacked(data)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            text = html.unescape(text) if text.lstrip().startswith("<") else text
            for offset, what in sorted({(start, what) for start, _, what in self._leaks.found_in(text)}):
                line = text.count("\n", 0, offset) + 1
                yield f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}", what
        else:
            yield from sorted(set(self.document(document)))

    def document(self, document: Any) -> Iterator[tuple[str, str]]:
        unseen: list[tuple[str, str, Any]] = [("", "", document)]
        while unseen:
            pointer, name, value = unseen.pop()
            if isinstance(value, dict):
                if isinstance(value.get("headers"), dict):
                    yield from _headers(f"{pointer}/headers", name, value["headers"])
                for key, each in value.items():
                    unseen.append((f"{pointer}/{_step(key)}", str(key), each))
                    # Names are data, too: a map may be keyed by what is secret.
                    yield from ((pointer, what) for what in self._kinds(str(key)))
            elif isinstance(value, list):
                unseen += [(f"{pointer}/{number}", name, each) for number, each in enumerate(value)]
            elif isinstance(value, str | int | float) and not isinstance(value, bool):
                # A hash of ours may stand one level below the member that says so.
                own = _OWN.search(pointer.rpartition("/")[0].rpartition("/")[2] + "/" + name) is not None
                yield from ((pointer, what) for what in self._leaks.under(name, str(value)))
                yield from ((pointer, what) for what in self._kinds(str(value), own))

    def _kinds(self, text: str, own: bool = False) -> tuple[str, ...]:
        if (text, own) not in self._known:
            self._known[text, own] = tuple(dict.fromkeys(what for *_, what in self._leaks.found_in(text, own=own)))
        return self._known[text, own]


def _headers(pointer: str, owner: str, headers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a recorded request or answer says in headers that recordings do not keep."""
    kept = KEPT_OF_ANSWERS if owner == "response" else COMPARED | HARMLESS
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            if name.lower() == "authorization":
                if not PLACEHOLDER.fullmatch(str(value)):
                    yield f"{pointer}/{_step(name)}", "a credential"
            elif name.lower() not in kept and value != MASKED:
                yield f"{pointer}/{_step(name)}", "a header that nobody declared"


def _step(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
