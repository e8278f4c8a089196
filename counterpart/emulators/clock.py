"""One logical clock that both emulators and a scenario share."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    """Time that moves only by `advance`, or also with the wall clock when `running`."""

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError(f"The clock needs a start with a time zone, not {start.isoformat()}.")
        self._now = start.astimezone(UTC)
        self._began = time.monotonic() if running else None
        self._lock = threading.Lock()
        self._http_date = (0, "")

    def now(self) -> datetime:
        """The current instant, in UTC."""
        if self._began is None:
            return self._now
        return self._now + timedelta(seconds=time.monotonic() - self._began)

    def seconds(self) -> int:
        """The current instant in whole UNIX seconds, rounded down."""
        return int(self.now().timestamp())

    def advance(self, seconds: float) -> None:
        """Move forward; time never goes back."""
        if seconds < 0:
            raise ValueError(f"The clock only moves forward, not by {seconds} seconds.")
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def http_date(self) -> str:
        """The current instant as a Date header; kept for a second, since formatting costs more than a look-up."""
        now = self.now()
        second = int(now.timestamp())
        known, text = self._http_date
        if known != second:
            text = format_datetime(now.replace(microsecond=0), usegmt=True)
            self._http_date = (second, text)
        return text
