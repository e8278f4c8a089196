"""What a gate demands, as `gate.toml` says it: what is not written there is demanded in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from counterpart.checklist.errors import PolicyError
from counterpart.checklist.judgement import PROOF_LEVELS, Verdict
from counterpart.checklist.tomlfile import load_toml

AGAINST = ("replay", "emulators", "live")


@dataclass(frozen=True)
class Policy:
    """The demands of one gate; every default is the strictest, so that a line left out opens nothing.

    `verdicts` are those of items that may pass, `proof` is the weakest evidence that counts, `against` is where
    scenarios may have run. `baseline` is the path of the last release's results, empty before the first release.
    """

    name: str
    verdicts: tuple[str, ...] = (Verdict.PASSED.value,)
    proof: str = PROOF_LEVELS[-1]
    against: tuple[str, ...] = ("replay",)
    max_age_hours: int = 24
    max_recording_age_days: int = 90
    baseline: str = ""
    artifact: bool = True
    approved: bool = True
    attested: bool = True
    clean: bool = True
    reviewed: bool = True
    signed: bool = True
    traced: bool = True
    warnings: bool = False

    @classmethod
    def load(cls, path: Path, name: str) -> Policy:
        """The policy of the gate with this name; raises PolicyError with every mistake."""
        data = load_toml(path, PolicyError)
        table = data.get(name)
        if not isinstance(table, dict):
            known = ", ".join(data) or "none"
            raise PolicyError(path, [f"it has no gate [{name}]; it has {known}"])
        defects = list(_defects(table))
        if defects:
            raise PolicyError(path, [f"[{name}]: {defect}" for defect in defects])
        values: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in table.items()}
        return cls(name, **values)


def _defects(table: Mapping[str, Any]) -> list[str]:
    known = {each.name: each for each in fields(Policy) if each.name != "name"}
    found = [f"{key!r} is no demand of a gate; it knows {', '.join(known)}" for key in table.keys() - known.keys()]
    for key in known.keys() & table.keys():
        value: Any = table[key]
        default: Any = known[key].default
        wanted = list if isinstance(default, tuple) else type(default)
        # True is an int to Python.
        if type(value) is not wanted or (isinstance(value, int) and wanted is int and value <= 0):
            what = {list: "a list of texts", bool: "true or false", int: "a number above 0"}.get(wanted, "a text")
            found.append(f"{key} = {value!r} must be {what}")
    choices = {"verdicts": tuple(map(str, Verdict)), "against": AGAINST, "proof": PROOF_LEVELS}
    for key, allowed in choices.items():
        given = table.get(key, [])
        for each in [given] if isinstance(given, str) else given if isinstance(given, list) else []:
            if each not in allowed:
                found.append(f"{key} cannot be {each!r}; write {', '.join(allowed)}")
    return sorted(found)
