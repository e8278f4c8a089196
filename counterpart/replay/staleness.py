"""How fresh recordings are: by age, by what of the contracts they use, and by whether any scenario plays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from counterpart.replay.cassette import SUFFIX, Cassette
from counterpart.replay.conformance import check
from counterpart.replay.contracts import Contract
from counterpart.replay.errors import CassetteError

AGE_LIMIT = timedelta(days=90)
PARTS = "contract_parts"
"""The member of a cassette's metadata that keeps `parts_used`."""
_EMULATED = ".emulator.example"


class Standing(StrEnum):
    """What may be wrong with a recording; a scenario's cassette can have several of these."""

    NEVER_RECORDED = "never recorded"
    UNUSABLE = "unusable"
    UNUSED = "unused"
    TOO_OLD = "too old"
    DRIFTED = "contract changed"
    NOT_BELIEVED = "provenance not believed"


@dataclass(frozen=True, slots=True)
class Status:
    """One cassette, or scenario without one: fresh exactly when there is no standing against it.

    `drift` names the parts of contracts that it uses and that have changed since; `age` is None where it says no day.
    """

    cassette: str
    standings: tuple[Standing, ...]
    age: timedelta | None = None
    recorded_against: str = ""
    drift: tuple[str, ...] = ()
    cause: str = ""

    @property
    def fresh(self) -> bool:
        return not self.standings

    def __str__(self) -> str:
        age = f"{self.age.days} days old, " if self.age is not None else ""
        against = f"against {self.recorded_against}" if self.recorded_against else "against nobody knows what"
        said = f"{age}{against}" if Standing.NEVER_RECORDED not in self.standings else ""
        parts = [", ".join(self.standings) or "fresh", said, ", ".join(self.drift), self.cause]
        return f"{self.cassette}: {'; '.join(each for each in parts if each)}"


def parts_used(cassette: Cassette, contracts: Sequence[Contract]) -> dict[str, str]:
    """Hash of each part of the contracts that the recording rests on: `invoiced.changeItem request`, `... 200`.

    Kept in the metadata it tells later which changes of a contract matter; prose is no part of the hashes.
    """
    used = {}
    for exchange in cassette.interactions:
        found = check(exchange, contracts)
        if found.operation is not None:
            for part in ("request", found.status):
                if part is not None:
                    used[f"{found.operation.id} {part}"] = found.operation.parts[part]
    return dict(sorted(used.items()))


def statuses(
    root: Path,
    wanted: Iterable[Path],
    contracts: Sequence[Contract],
    today: date,
    *,
    limits: Mapping[str, timedelta] | None = None,
) -> list[Status]:
    """The status of every cassette below `root` and of every scenario, which `wanted` gives as paths of cassettes.

    `limits` are age limits by host; `AGE_LIMIT` holds for the others, and of several hosts the strictest.
    """
    expected = set(wanted)
    known = {
        f"{each.id} {part}": hash_
        for contract in contracts
        for each in contract.operations
        for part, hash_ in each.parts.items()
    }
    whole = {contract.name: contract.sha256 for contract in contracts}
    found = []
    for path in sorted(expected | set(root.rglob(f"*{SUFFIX}"))):
        name = path.relative_to(root).as_posix()
        if not path.exists():
            found.append(Status(name, (Standing.NEVER_RECORDED,)))
            continue
        unused = () if path in expected else (Standing.UNUSED,)
        try:
            cassette = Cassette.load(path)
        except CassetteError as error:
            found.append(Status(name, (*unused, Standing.UNUSABLE), cause=error.cause))
            continue
        drift = tuple(_drift(cassette.metadata, known, whole))
        age = _age(cassette.metadata, today)
        doubt = _doubt(cassette)
        standings = [
            *unused,
            *([Standing.TOO_OLD] if age is None or age > _limit(cassette, limits or {}) else []),
            *([Standing.DRIFTED] if drift else []),
            *([Standing.NOT_BELIEVED] if doubt else []),
        ]
        against = str(cassette.metadata.get("recorded_against", ""))
        found.append(Status(name, tuple(standings), age, against, drift, doubt))
    return found


def _drift(metadata: Mapping[str, Any], known: Mapping[str, str], whole: Mapping[str, str]) -> Iterator[str]:
    if isinstance(metadata.get("contracts"), dict) and metadata["contracts"] == whole:
        return
    used = metadata.get(PARTS)
    if isinstance(used, dict):
        for part, hash_ in used.items():
            if part not in known:
                yield f"{part} is gone"
            elif known[part] != hash_:
                yield part
        return
    # A recording that does not say what it uses rests on everything.
    contracts = metadata.get("contracts")
    for name in sorted(whole):
        if not isinstance(contracts, dict) or contracts.get(name) != whole[name]:
            yield name


def _age(metadata: Mapping[str, Any], today: date) -> timedelta | None:
    try:
        return today - date.fromisoformat(str(metadata.get("recorded_on")))
    except ValueError:
        return None


def _limit(cassette: Cassette, limits: Mapping[str, timedelta]) -> timedelta:
    return min((limits.get(host, AGE_LIMIT) for host in _hosts(cassette)), default=AGE_LIMIT)


def _hosts(cassette: Cassette) -> set[str]:
    return {urlsplit(each.url).hostname or "" for each in cassette.interactions}


def _doubt(cassette: Cassette) -> str:
    """Why what the recording says of its origin cannot be: the servers' own words are in it."""
    if not str(cassette.metadata.get("recorded_against", "")).startswith("live"):
        return ""
    emulated = sorted(host for host in _hosts(cassette) if host.endswith(_EMULATED))
    if emulated:
        return f"it says live, and {emulated[0]} is an emulator"
    try:
        told = datetime.fromisoformat(str(cassette.metadata.get("recorded_on"))).replace(tzinfo=UTC)
    except ValueError:
        return "it says live, and not when"
    dates = [value for each in cassette.interactions for name, value in each.response_headers if name == "date"]
    if not dates:
        return "it says live, and no answer has a Date"
    for text in dates:
        try:
            apart = abs(parsedate_to_datetime(text) - told)
        except (TypeError, ValueError):
            return f"it says live, and an answer has the Date {text!r}"
        if apart > timedelta(days=2):
            return f"it says live on {told.date()}, and an answer is of {text}"
    return ""
