"""Of two edits of one property, the later one stands, where the clocks of both systems can tell.

Told only of numbers that people dial, which nobody else edits: a record has one stamp, so where several of its
properties are edited, nobody can tell from it when each of them was.
"""

from __future__ import annotations

from mapping import COLLECTIONS
from network import Call
from sides import Pair
from traffic import Traffic
from violation import Violation

DIALLED = "+1 555 "
_SKEW = 1  # whole second by which the clocks may be apart; within it Customerp's edit stands


class Latest:
    """When people edited the phone number of a customer last, on either side."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._edited: dict[tuple[str, str], float] = {}

    def edited(self, system: str, id_: str, now: float) -> None:
        """A person has dialled another number."""
        self._edited[system, id_] = now

    def overwritten(self, system: str, id_: str) -> None:
        """The sync has written another number over the last one, be it over one that it had not seen."""
        self._edited.pop((system, id_), None)

    def check(self, call: Call, pair: Pair, loser: str) -> None:
        """The sync writes the number of one side over that of the other, both edited since they last agreed."""
        sent, times = self._traffic.first_sent(call), []
        for system, collection, id_ in zip(("customerp", "invoiced"), COLLECTIONS[pair[0]], pair[1:], strict=True):
            edited = self._edited.get((system, id_))
            if edited is None or self._traffic.last(system, collection, id_, sent) <= edited:
                return  # of which the sync has not seen the last one
            times.append(edited)
        erp, inv = times
        if (int(inv) - int(erp) > _SKEW) is (loser == "invoiced"):
            raise Violation("latest", f"{call}, edited at {erp:.2f} in Customerp and at {inv:.2f} in Invoiced")
