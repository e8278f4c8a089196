"""What the vocabulary asks of the sync under test, and the sync that runs elsewhere, which is only waited for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import pytest

from counterpart.scene import Scene

# A hosted sync is at rest when both sides have stayed as they are over so many looks.
QUIET_LOOKS = 2


@dataclass(frozen=True)
class Notice:
    """Something the sync told people about a property: what kind of trouble, and who won where it decided."""

    kind: str
    property: str
    winner: str | None


class Product(ABC):
    """A sync under test."""

    @abstractmethod
    def rest(self) -> None:
        """Let it run until there is nothing left to do; a round."""

    @abstractmethod
    def written(self, system: str | None = None) -> int:
        """How often it has written in its last round, on one side or on both."""

    @abstractmethod
    def written_exactly(self, system: str) -> int:
        """As `written`, where several writes to one record count as such."""

    @abstractmethod
    def notices(self) -> tuple[Notice, ...]:
        """What the last round told."""

    @abstractmethod
    def scan(self) -> None:
        """Let it read everything, as it does from time to time, and run until there is nothing left to do."""

    @abstractmethod
    def preview(self) -> None:
        """Have it say what it would do."""

    @abstractmethod
    def restart(self) -> None:
        """End the process and start another one on the same state."""

    @abstractmethod
    def forget(self) -> None:
        """Start with no state at all."""

    @abstractmethod
    def back_up(self) -> None:
        """Keep a copy of its state."""

    @abstractmethod
    def restore(self) -> None:
        """Start with the state that was kept."""


class Hosted(Product):
    """A sync that runs elsewhere: it is waited for, and judged by what both systems show.

    `poll` should be longer than the product's own period. Sentences about its insides skip their scenario.
    """

    def __init__(self, scene: Scene, poll: float, patience: float) -> None:
        self._scene, self._poll, self._patience = scene, poll, patience
        self._changed: dict[str, int] = {}

    def rest(self) -> None:
        before = last = self._seen()
        quiet, waited = 0, 0.0
        while quiet < QUIET_LOOKS:
            if waited >= self._patience:
                raise AssertionError(f"both sides have not come to rest within {self._patience:g} seconds")
            self._scene.pause(self._poll)
            waited += self._poll
            now = self._seen()
            quiet = quiet + 1 if now == last else 0
            last = now
        self._changed = {
            system: sum(last[system].get(key) != before[system].get(key) for key in {*last[system], *before[system]})
            for system in last
        }

    def written(self, system: str | None = None) -> int:
        return sum(count for name, count in self._changed.items() if system in (None, name))

    def written_exactly(self, system: str) -> int:
        pytest.skip("how often a hosted sync has written cannot be seen from outside")

    def notices(self) -> tuple[Notice, ...]:
        pytest.skip("what a hosted sync reports cannot be seen from outside")

    def scan(self) -> None:
        pytest.skip("a hosted sync cannot be made to read everything from here")

    def preview(self) -> None:
        pytest.skip("what a hosted sync would do cannot be asked from here")

    def back_up(self) -> None:
        pytest.skip("the state of a hosted sync cannot be reached from here")

    def restore(self) -> None:
        pytest.skip("the state of a hosted sync cannot be reached from here")

    def restart(self) -> None:
        pytest.skip("a hosted sync cannot be started again from here")

    def forget(self) -> None:
        pytest.skip("a hosted sync cannot be made to forget from here")

    def _seen(self) -> dict[str, dict[tuple[str, str], Any]]:
        return {
            system: {(kind, str(each.id)): each.values for kind in driver.kinds for each in driver.list(kind)}
            for system, driver in self._scene.drivers.items()
        }
