"""The wire: one call out, one answer in, every other ending an exception that says what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote_plus, urlencode

from sync import values
from sync.clock import Clock
from sync.errors import AccountRefused, BadAnswer, Broken, CallFailed, EndpointDown, OutcomeUnknown, Unavailable
from sync.events import CallEnded, Listener
from sync.links import TITLES, System
from sync.slots import Slots
from sync.transport import MAX_BODY, Carrier, Httpx, NoAnswer, NotSent, Reply, TooLarge, Transport

ATTEMPTS = 4  # of one call, before the system counts as down
LONGEST_PAUSE = 900

_quoted = lru_cache(1024)(quote_plus)  # the names of parameters are always the same, and most values


@dataclass(frozen=True)
class Endpoint:
    """Where a system is and the credential for it, which no repr shows."""

    base_url: str
    credential: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """A successful answer: parsed JSON (None for no content), and when it was under way."""

    data: Any
    start: float
    end: float
    headers: Mapping[str, str]

    @property
    def server_time(self) -> float | None:
        """The server's own time, to the second."""
        return _time(self.headers.get("date"))


class Judge(Protocol):
    """Turns an answer of 400 or above into the exception of its system's conventions."""

    def __call__(self, call: str, status: int, body: Any, *, creating: bool) -> CallFailed: ...


@dataclass(frozen=True)
class Pacing:
    """How to wait: injected, so that nothing here sleeps or rolls dice by itself."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = lambda: 1.0


class Wire:
    """Calls to one system. Never follows a redirect, so no answer can lead us to another host."""

    def __init__(
        self,
        system: System,
        endpoint: Endpoint,
        *,
        authorization: str,
        transport: Transport | None,
        clock: Clock,
        judge: Judge,
        pacing: Pacing,
        slots: Slots,
        listen: Listener,
    ) -> None:
        self._slots = slots
        self.system, self.url, self._key, self._listen = TITLES[system], endpoint.base_url, system, listen
        self._clock, self._judge, self._pacing = clock, judge, pacing
        self.reads = 0
        self._carrier = _carrier(transport)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "counterpart",
            "Authorization": authorization,
        }

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read one thing; repeated while the system is unavailable, as reading twice does no harm."""
        return await self.send("GET", path, params=params)

    async def page(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read a part of a list, without which nothing can be said of the whole; raises SideStopped."""
        try:
            return await self.send("GET", path, params=params, insist=True)
        except CallFailed as failed:
            raise self.stopped(failed) from failed

    def stopped(self, failed: CallFailed) -> EndpointDown:
        """What a failed call means where nothing can go on without its answer."""
        answer = failed.message if failed.status is None else f"answers {failed.status} to {failed.call}"
        return EndpointDown(self.system, self.url, answer, "Check the system, then start again")

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        insist: bool = False,
    ) -> Answer:
        """One call, with patience; raises SideStopped or CallFailed.

        A call that provably had no effect is repeated. A write that may have had one raises OutcomeUnknown at once, and
        so does an error about one record: whoever asked tries again later. `insist` repeats that, too.
        """
        for attempt in range(ATTEMPTS):
            pause = min(LONGEST_PAUSE, 2 * 2**attempt) * self._pacing.jitter()
            try:
                async with self._slots:
                    return await self._once(method, path, params, body, headers or {})
            except Unavailable as busy:
                if attempt == ATTEMPTS - 1:
                    raise
                pause = pause if busy.status != 429 else self._told(busy)
            except Broken:
                if not insist or attempt == ATTEMPTS - 1:
                    raise
            except OutcomeUnknown as lost:
                if method != "GET":
                    raise
                if attempt == ATTEMPTS - 1:
                    raise EndpointDown(
                        self.system, self.url, lost.message, "Check the network and the system, then start again"
                    ) from lost
            await self._pacing.sleep(pause)
        raise AssertionError("unreachable")

    def _told(self, busy: Unavailable) -> float:
        """How long to wait after 429: as long as the system says, otherwise one to five seconds."""
        if busy.retry_after is None:
            return 1 + 4 * self._pacing.jitter()
        return min(LONGEST_PAUSE, busy.retry_after)

    async def close(self) -> None:
        await self._carrier.close()

    async def _once(
        self, method: str, path: str, params: Mapping[str, str] | None, body: object, headers: Mapping[str, str]
    ) -> Answer:
        call = f"{method} {path}"
        content = None if body is None else values.dumps(body).encode()
        kind = {} if body is None or "Content-Type" in headers else {"Content-Type": "application/json"}
        url = f"{self.url}{path}" + (f"?{urlencode(params, quote_via=_quoted)}" if params else "")
        self.reads += method == "GET"
        start = self._clock.monotonic()
        status = None
        try:
            reply = await self._carrier.carry(method, url, {**self._headers, **kind, **headers}, content)
            status = reply.status
        except NotSent as error:
            raise self._down(error) from error
        except NoAnswer as error:
            raise OutcomeUnknown(self.system, call, None, f"no answer ({error})") from error
        except TooLarge as error:
            raise BadAnswer(
                self.system,
                self.url,
                f"answers {call} with more than {MAX_BODY} bytes",
                "Check that the address is that of the API",
            ) from error
        finally:
            end = self._clock.monotonic()
            self._listen(CallEnded(self._key, method, status, end - start))
        if status == 429:
            self._slots.pressed(start, end)
        else:
            self._slots.eased()
        return self._answer(call, method, reply, start, end)

    def _answer(self, call: str, method: str, reply: Reply, start: float, end: float) -> Answer:
        status = reply.status
        if status in (401, 402, 403):
            raise AccountRefused(
                self.system,
                self.url,
                f"answers {status} to {call}",
                "Check the credential in the environment and the rights of its account",
            )
        if status in (429, 502, 503, 504):
            if status == 429 or method == "GET":
                raise Unavailable(self.system, call, status, "busy or unavailable", _seconds(reply.headers))
            raise OutcomeUnknown(self.system, call, status, "unavailable")
        if 300 <= status < 400:
            raise BadAnswer(
                self.system,
                self.url,
                f"answers {call} with a redirect ({status})",
                "Configure the final address; redirects are not followed",
            )
        if status == 204 or (status < 300 and method == "DELETE" and not reply.body):
            data = None
        else:
            data = self._parse(call, status, reply.body, reply.headers.get("content-type", ""))
        if status >= 400:
            raise self._judge(call, status, data, creating=method == "POST")
        return Answer(data, start, end, reply.headers)

    def _parse(self, call: str, status: int, text: bytes, kind: str) -> Any:
        try:
            return values.loads(text)
        except ValueError:
            if status >= 500:
                return None
            raise BadAnswer(
                self.system,
                self.url,
                f"answers {call} with status {status} and something that is not JSON ({kind or 'no type'})",
                "Check that the address is that of the API",
            ) from None

    def _down(self, error: Exception) -> EndpointDown:
        return EndpointDown(
            self.system,
            self.url,
            f"cannot be reached ({error})",
            "Check the address and that the system is running, then start again",
        )


def _carrier(given: Transport | None) -> Carrier:
    """What carries requests: the network unless something else is given."""
    if given is None:
        from sync.network import Network  # here, since a replay does without it and starts the sooner

        return Network()
    return given if isinstance(given, Carrier) else Httpx(given)


@lru_cache(64)  # many answers in a second name the same
def _time(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None


def _seconds(headers: Mapping[str, str]) -> float | None:
    """What Retry-After asks for: seconds, or a date that is read against the server's own clock (RFC 9110, 10.2.3)."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked[:9])
    until, now = _time(asked or None), _time(headers.get("date"))
    return max(0.0, until - now) if until is not None and now is not None else None
