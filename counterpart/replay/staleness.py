"""How fresh recordings are: by age, by what of the contracts they use, and by whether any scenario plays them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from counterpart.replay.cassette import SUFFIX, Cassette
from counterpart.replay.conformance import check
from counterpart.replay.contracts import Contract
from counterpart.replay.errors import CassetteError
from counterpart.replay.provenance import doubt_of, hosts_of, signed_by
from counterpart.replay.reviews import Reviews

AGE_LIMIT = timedelta(days=90)
PARTS = "contract_parts"
"""The member of a cassette's metadata that keeps `parts_used`."""


class Standing(StrEnum):
    """What may be wrong with a recording; a scenario's cassette can have several of these."""

    NEVER_RECORDED = "never recorded"
    UNUSABLE = "unusable"
    UNUSED = "unused"
    TOO_OLD = "too old"
    DRIFTED = "contract changed"
    NOT_BELIEVED = "provenance not believed"
    NOT_REVIEWED = "not reviewed"


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
    reviewed_by: str = ""
    signed_by: str = ""

    @property
    def fresh(self) -> bool:
        return not self.standings

    def __str__(self) -> str:
        age = f"{self.age.days} days old, " if self.age is not None else ""
        against = f"against {self.recorded_against}" if self.recorded_against else "against nobody knows what"
        said = f"{age}{against}" if Standing.NEVER_RECORDED not in self.standings else ""
        parts = [", ".join(self.standings) or "fresh", said, ", ".join(self.drift), self.cause]
        return f"{self.cassette}: {'; '.join(each for each in parts if each)}"

    def to_dict(self) -> dict[str, Any]:
        """The status as plain data; the age in days."""
        return {
            "cassette": self.cassette,
            "fresh": self.fresh,
            "standings": [str(each) for each in self.standings],
            "age_days": None if self.age is None else self.age.days,
            "recorded_against": self.recorded_against,
            "drift": list(self.drift),
            "cause": self.cause,
            "reviewed_by": self.reviewed_by or None,
            "signed_by": self.signed_by or None,
        }


def parts_used(cassette: Cassette, contracts: Sequence[Contract]) -> dict[str, str]:
    """Hash of each part of the contracts that the recording rests on: `invoiced.changeItem request`, `... 200`.

    Kept in the metadata it tells later which changes of a contract matter; prose is no part of the hashes.
    """
    used = {}
    contracts = [each.at(cassette.metadata.get("systems")) for each in contracts]
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
    reviews: Reviews | None = None,
    unused: bool = True,
) -> list[Status]:
    """The status of every cassette below `root` and of every scenario, which `wanted` gives as paths of cassettes.

    Without `unused` cassettes that no scenario plays are not looked at.
    `limits` are age limits by host, that under '' for all others instead of `AGE_LIMIT`; of several the strictest
    holds. Without `reviews` it does not count whether anybody has read them. Signatures are held against
    `root/allowed_signers`.
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
    for path in sorted(expected | set(root.rglob(f"*{SUFFIX}") if unused else ())):
        name = path.relative_to(root).as_posix()
        if not path.exists():
            found.append(Status(name, (Standing.NEVER_RECORDED,)))
            continue
        without_use = () if path in expected else (Standing.UNUSED,)
        try:
            cassette = Cassette.load(path)
        except CassetteError as error:
            found.append(Status(name, (*without_use, Standing.UNUSABLE), cause=error.cause))
            continue
        drift = tuple(_drift(cassette.metadata, known, whole))
        age = _age(cassette.metadata, today)
        doubt = doubt_of(cassette, root)
        review = reviews.of(name, cassette) if reviews is not None else None
        standings = [
            *without_use,
            *([Standing.TOO_OLD] if age is None or age > _limit(cassette, limits or {}) else []),
            *([Standing.DRIFTED] if drift else []),
            *([Standing.NOT_BELIEVED] if doubt else []),
            *([Standing.NOT_REVIEWED] if reviews is not None and review is None else []),
        ]
        against = str(cassette.metadata.get("recorded_against", ""))
        by = review.by if review else ""
        found.append(Status(name, tuple(standings), age, against, drift, doubt, by, signed_by(cassette, root) or ""))
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
    default = limits.get("", AGE_LIMIT)
    return min((limits.get(host, default) for host in hosts_of(cassette)), default=default)
