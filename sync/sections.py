"""Sections of a TOML file: what they hold has the expected form, or the mistake is told with file, line and cure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from sync.errors import FlowError


class Sections:
    """Reads parsed sections; knows the text only to name lines. Everything raises FlowError."""

    def __init__(self, file: str, text: str) -> None:
        self._file, self._lines = file, text.splitlines()

    def table(self, table: dict[str, Any], name: str, default: dict[str, Any] | None = None) -> dict[str, Any]:
        """A section; without a default it has to be there."""
        found = table.get(name, default)
        if not isinstance(found, dict):
            self.fail(f"no [{name}] section", f"Add [{name}]", None)
        return found

    def string(self, table: dict[str, Any], key: str, where: str, place: str | None) -> str:
        """A text that has to be there."""
        found = table.get(key)
        if not isinstance(found, str) or not found.strip():
            self.fail(f"{key} is missing{' in ' + where if where else ''} or not a text", f'Write {key} = "..."', place)
        return found

    def strings(self, table: dict[str, Any], key: str, default: list[str], place: str | None = None) -> list[str]:
        """A list of texts."""
        found = table.get(key, default)
        if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
            self.fail(f"{key} must be a list of texts", f'Write {key} = ["..."]', place)
        return found

    def flag(self, table: dict[str, Any], key: str, place: str) -> bool:
        """True or false, false unless said."""
        found = table.get(key, False)
        if not isinstance(found, bool):
            self.fail(f"{key} must be true or false", f"Write {key} = true", place)
        return found

    def choice(
        self, table: dict[str, Any], key: str, allowed: Sequence[str], default: str, place: str, at: str | None = None
    ) -> str:
        """One of a few words."""
        found = table.get(key, default)
        if found not in allowed:
            self.fail(f"{key} = {found!r} is not possible", f"Choose from {', '.join(allowed)}", place, at)
        return str(found)

    def known(self, table: Mapping[str, Any], known: set[str], where: str, place: str | None) -> None:
        """Fail at the first key that is none of the known."""
        for key in table:
            if key not in known:
                self.fail(f"'{key}' is unknown in {where}", f"Choose from {', '.join(sorted(known))}", place, key)

    def fail(self, problem: str, cure: str, place: str | None, key: str | None = None) -> NoReturn:
        """Tell a mistake; `place` is a header such as `[match]` or `[[pair]]#3`, `key` a key below it."""
        raise FlowError(self._file, self._line(place, key), problem, cure)

    def _line(self, place: str | None, key: str | None = None) -> int | None:
        """The line of a header such as `[match]` or `[[pair]]#3`, or of a key below it."""
        header, _, index = (place or "").partition("#")
        start: int | None = 0 if not header else None
        left = int(index or 0)
        for number, line in enumerate(self._lines, start=1):
            stripped = line.strip()
            if start is not None and key and re.match(rf"{re.escape(key)}\s*=|\[+{re.escape(key)}\]", stripped):
                return number
            if header and stripped.startswith(header):
                if left == 0:
                    if not key:
                        return number
                    start = number
                left -= 1
        return start or None
