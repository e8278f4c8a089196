"""What is raised where an invariant does not hold."""

from __future__ import annotations


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, what: str) -> None:
        self.invariant, self.what = invariant, what
        super().__init__(invariant, what)

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"
