"""One logical clock that both emulators and a scenario share."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate


class Clock:
    """Time that moves only by `advance`, or also with the wall clock when `running`."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError(f"The clock needs a start with a time zone, not {start.isoformat()}.")
        self._now = start.astimezone(UTC)
        self._began = time.monotonic() if running else None
        self._lock = threading.Lock()
        self._http_date = (0, "")

    @property
    def running(self) -> bool:
        """Whether time also passes by itself."""
        return self._began is not None

    def now(self) -> datetime:
        """The current instant, in UTC."""
        began = self._began
        if began is None:
            return self._now
        return self._now + timedelta(seconds=time.monotonic() - began)

    def seconds(self) -> int:
        """The current instant in whole UNIX seconds, rounded down."""
        return int(self.now().timestamp())

    def advance(self, seconds: float) -> None:
        """Move forward; time never goes back."""
        if seconds < 0:
            raise ValueError(f"The clock only moves forward, not by {seconds} seconds.")
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def freeze(self) -> None:
        """Stop: from now on only `advance` moves time."""
        with self._lock:
            self._now, self._began = self.now(), None

    def run(self) -> None:
        """Let time pass by itself from the current instant on."""
        with self._lock:
            self._now, self._began = self.now(), time.monotonic()

    def shifted(self, seconds: float) -> Clock:
        """Another clock, frozen at so many seconds from now, which may be negative."""
        return Clock(self.now() + timedelta(seconds=seconds))

    def http_date(self) -> str:
        """The current instant as a Date header; kept for a second, since formatting costs more than a look-up."""
        second = self.seconds()
        known, text = self._http_date
        if known != second:
            text = formatdate(second, usegmt=True)
            self._http_date = (second, text)
        return text
