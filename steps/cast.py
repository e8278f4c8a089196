"""Who plays in a scenario: the record types that the checklist's flows name, as the systems' drivers know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from counterpart.checklist import Checklist, Side
from counterpart.drivers import Driver


@dataclass(frozen=True)
class RecordType:
    """A record type as people name it, its collection in the API, and its natural key."""

    system: str
    name: str
    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.system} {self.name}"


class Cast:
    """The record types of all flows; where one belongs to several, the scenario's own flow counts."""

    def __init__(self, checklist: Checklist, drivers: Mapping[str, Driver], flow: str) -> None:
        self._drivers = drivers
        own_first = sorted(checklist.flows, key=lambda each: each.id != flow)
        sides = [(_type(each.source, drivers), _type(each.target, drivers)) for each in own_first]
        self._flows = [(source, target) for source, target in sides if source and target]
        self._types = {str(side): side for flow in self._flows for side in flow}

    def type(self, text: str) -> RecordType:
        """The record type that a sentence names; raises LookupError with the known names."""
        if text not in self._types:
            raise LookupError(f"no flow has a record type {text!r}; they have {', '.join(sorted(self._types))}")
        return self._types[text]

    def counterpart(self, of: RecordType) -> RecordType:
        """The record type on the other side of the flow."""
        return next(target if of == source else source for source, target in self._flows if of in (source, target))

    def is_source(self, kind: RecordType) -> bool:
        """Whether records of this type are where a flow begins."""
        return any(kind == source for source, _ in self._flows)

    def referred(self, system: str, path: str) -> RecordType:
        """The record type that a property refers to; raises LookupError when it refers to none."""
        driver = self._drivers[system]
        kind = driver.references.get(path.rsplit(".", 1)[-1])
        if kind is None:
            raise LookupError(f"{path} of {system} refers to no other record; {', '.join(driver.references)} do")
        return self.type(f"{system} {driver.schemas[kind]}")


def _type(side: Side, drivers: Mapping[str, Driver]) -> RecordType | None:
    """The side as its driver knows it; None where no driver reaches such records."""
    driver = drivers.get(side.system)
    kinds = {name: kind for kind, name in driver.schemas.items()} if driver else {}
    if driver is None or side.record not in kinds:
        return None
    kind = kinds[side.record]
    return RecordType(side.system, side.record, kind, driver.keys[kind])
