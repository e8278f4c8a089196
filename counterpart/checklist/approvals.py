"""Who agreed to something, and to which words: an approval lapses when what was approved is edited."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

KEYS = ("by", "role", "on", "reason", "seal")
CURE = "approve it with `counterpart`, which writes name, role, day, reason and seal"


@dataclass(frozen=True)
class Approval:
    """Who agreed, in which role, when and why; `seal` is that of the words that were agreed to."""

    by: str
    on: date
    role: str = ""
    reason: str = ""
    seal: str = ""

    def to_toml(self) -> str:
        """The approval as an inline table."""
        return (
            f"{{ by = {text(self.by)}, role = {text(self.role)}, on = {self.on.isoformat()}, "
            f"reason = {text(self.reason)}, seal = {text(self.seal)} }}"
        )


def seal(*words: object) -> str:
    """What an approval is bound to; short, for it guards against edits and not against forgers."""
    return sha256(json.dumps(words, ensure_ascii=False, default=str).encode()).hexdigest()[:16]


def parsed(given: object) -> tuple[Approval | None, list[str]]:
    """An approval as a file has it, or what is wrong with it."""
    if not isinstance(given, Mapping):
        return None, [f"it is approved by nobody; {CURE}"]
    values: dict[str, Any] = dict(given)
    texts = [values.get(name) for name in KEYS if name != "on"]
    # A TOML time is a date to Python as well; an approval has a day.
    if values.keys() != set(KEYS) or type(values["on"]) is not date:
        return None, [f"the approval needs {', '.join(KEYS)} and nothing else, and a day for `on`; {CURE}"]
    if not all(isinstance(each, str) and each.strip() for each in texts):
        return None, [f"the approval needs a name, a role, a reason and a seal; {CURE}"]
    return Approval(values["by"], values["on"], values["role"], values["reason"], values["seal"]), []


def text(value: str) -> str:
    """A text as TOML writes it."""
    # A JSON string is a basic TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
