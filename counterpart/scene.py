"""One scenario on its stage."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterpart.drivers import Driver
from counterpart.emulators import Clock, Fault, Faults
from counterpart.gherkin import Identity
from counterpart.replay import Exchange, Playing, Recording
from counterpart.reporting.events import Difference, Proof, RecordSeen

if TYPE_CHECKING:
    from faker import Faker

# Two edits within one second have no order in systems that stamp whole seconds, so each step starts in a later one.
STEP_SECONDS = 2.0
PAUSE_SECONDS = 1.1
# So often strikes a fault that lasts until somebody ends it.
LASTING = 1_000_000


@dataclass
class Scene:
    """A clock, two drivers, the exchange so far, and what the steps have compared."""

    identity: Identity
    clock: Clock
    session: Playing | Recording
    drivers: Mapping[str, Driver]
    seed: int
    replaying: bool
    cassette: Path | None
    generated: dict[str, Any]
    base_urls: Mapping[str, str]
    credentials: Mapping[str, str] = field(repr=False)
    proof: Proof
    met: str
    """What answered: `emulator <version>` or `live <hosts>`; in a replay, what the recording says of it."""
    pause: Callable[[float], None] = lambda seconds: None
    """Lets seconds pass outside, which costs no time where all clocks are ours."""
    facts: Mapping[str, object] = field(default_factory=dict)
    faults: Mapping[str, Faults] = field(default_factory=dict)
    """By system, what makes its emulator fail; empty where nothing can be made to."""
    minimal: bool = False
    """Whether the ERP offers no more than it must: neither versions nor a change feed."""
    troubles: list[tuple[str, Fault]] = field(default_factory=list)
    """What the sync is to meet when it runs next."""
    spoiled: list[tuple[str, str]] = field(default_factory=list)
    """Which calls were answered without a property on purpose, and without which, in order."""
    compared: bool = False
    """Whether the running step has compared anything."""
    difference: Difference | None = None
    pairs: set[tuple[str, str]] = field(default_factory=set)
    # The steps know which records they speak of; asked once, when the scenario has ended.
    records: Callable[[], tuple[RecordSeen, ...]] = tuple

    def begin_step(self, ordinal: int, text: str) -> None:
        """A step begins, in a later second than the one before."""
        self.compared = False
        self.clock.advance(STEP_SECONDS)
        self.pause(PAUSE_SECONDS)
        self.session.begin_step(ordinal, text)

    def invent(self, key: str, make: Callable[[Faker], Any]) -> Any:
        """Data made up while recording; a replay takes them from the recording, so a new faker changes nothing."""
        if key not in self.generated:
            if self.replaying:
                raise LookupError(
                    f"{self.cassette} holds no generated data {key!r}; the steps have changed: record it again"
                )
            # Only recording makes data up, and importing faker costs a replay half of its start.
            from faker import Faker

            faker = Faker("en_GB")
            faker.seed_instance(zlib.crc32(f"{self.seed} {key}".encode()))
            self.generated[key] = make(faker)
        return self.generated[key]

    @contextmanager
    def troubled(self) -> Iterator[None]:
        """While this is open, the emulators fail as was agreed; what lasts strikes until it is taken out again.

        Fails the scenario when a fault struck nothing, for then it shows nothing. A replay has the answers recorded.
        """
        for system, fault in self.troubles if self.faults else ():
            self.faults[system].arm(fault)
        yield
        for system, faults in self.faults.items():
            left = [fault for fault in faults.armed if fault.times < LASTING // 2]
            self.spoiled += [(call, fault.field) for fault, call in faults.struck if fault.kind == "missing-field"]
            faults.clear()
            if left:
                raise AssertionError(f"the sync never made the call to {system} that was to fail: {left[0]}")
        self.troubles = [each for each in self.troubles if each[1].times == LASTING]

    def sync_writes(self) -> list[Exchange]:
        """Every request of the sync so far that could change something."""
        return [each for each in self.session.exchanges if each.actor == "sync" and each.method not in ("GET", "HEAD")]

    def equal(self, actual: object, expected: object, what: str) -> None:
        """Compare once and say in one sentence what differs; a Then step without a comparison proves nothing."""
        self.compared = True
        if actual != expected:
            self.difference = Difference(what, str(expected), str(actual))
            raise AssertionError(f"{what} is {actual}, expected {expected}")
