"""The network between the sync and both systems: it delays, loses, refuses and lies, and keeps the log of calls."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec
from memory import Memory

from counterpart.emulators import CUSTOMERP_TOKEN, INVOICED_KEY, Customerp, Emulator, Invoiced, Request, Response
from sync import Endpoint
from sync.transport import NoAnswer, NotSent, Reply

Fate = Literal[
    "lost",  # never arrives; the caller times out
    "dropped",  # applied, and the caller times out
    "reset",  # applied, and the connection breaks at once
    "busy",  # 503, not applied
    "gateway",  # 502, applied
    "error",  # 500, not applied
    "error-applied",  # 500, applied
    "throttled",  # 429 for this call and those of the next seconds
    "locked",  # Invoiced's record lock: a 400 that may succeed a moment later
    "unreachable",  # no connection
    "forbidden",  # 401, as while a key is being exchanged
    "killed",  # applied, and the process ends before it has the answer
    "raced",  # a person changes in Customerp what this call is about to change there
]
FATES: tuple[Fate, ...] = Fate.__args__  # type: ignore[attr-defined]
_LOST = ("dropped", "reset", "killed")  # applied, and nobody learns of it
SLOWEST = 2.5  # seconds in one direction; a process that died is replaced later than that
TIMEOUT = 30.0
_UNDRAWN = random.Random()
_SOMEBODY = 7  # of the team, to Invoiced's log of events


class Killed(BaseException):
    """The process that made this call has ended."""


class Caller(Protocol):
    """The process a call belongs to."""

    number: int
    dead: bool


@dataclass
class Call:
    """One line of the call log."""

    n: int
    process: int
    system: str
    method: str
    path: str
    query: str
    body: bytes
    key: str | None
    sent: float
    arrived: float | None = None
    answered: float | None = None
    received: float | None = None  # when the answer was in hand; a lost one never is
    status: int | None = None
    behind: float = 0.0  # how old what it shows may be, in seconds
    hidden: frozenset[str] = frozenset()  # records that are there and of which it shows nothing
    wait: float | None = None  # how long it was told to wait
    said: bytes = b""  # why it was refused

    def __str__(self) -> str:
        query = f"?{self.query}" if self.query else ""
        body = f" {self.body.decode()}" if self.body else ""
        applied = "never arrived" if self.arrived is None else f"arrived {self.arrived:.2f}"
        return (
            f"{self.sent:9.2f} #{self.n} {self.system} {self.method} {self.path}{query}{body}: {self.status} {applied}"
        )


class Watcher(Protocol):
    """Whoever checks the calls while they happen."""

    def sent(self, call: Call, in_flight: int) -> None: ...

    def before(self, actor: Call | None, system: str, method: str, path: str, body: bytes) -> Any: ...

    def after(self, before: Any, status: int, answer: bytes) -> None: ...


class Lens(Protocol):
    """What becomes of an answer on its way."""

    def shown(self, call: Call, answer: Response) -> Response: ...


class Network:
    """Carries calls of the sync to the emulators' cores, below HTTP."""

    def __init__(
        self,
        seed: int,
        loop: asyncio.AbstractEventLoop,
        emulators: Mapping[str, Emulator],
        faults: Mapping[int, Fate],
        watcher: Watcher,
        lens: Lens | None,
        *,
        memories: Mapping[str, Memory],
        kill: Callable[[], None],
        deaf: frozenset[str],
        lossy: bool,
        racing: frozenset[str],
        slow: bool,
        spoiling: bool,
        poisoned: frozenset[str],
        poison: Fate,
    ) -> None:
        self._kill, self._memories = kill, memories
        self.fates: Counter[str] = Counter()  # what went wrong so far
        self._seed, self._loop, self._emulators, self._faults = seed, loop, emulators, faults
        self._watcher, self._deaf, self._lossy, self._racing = watcher, deaf, lossy, racing
        self._slow, self._spoiling, self._lens = slow, spoiling, lens
        self._poisoned, self._poison = poisoned, poison
        self.log: list[Call] = []
        self.people: Mapping[str, Person]
        self.overtaken = 0  # answers that came after that of a later call
        self._last_answered = 0
        self.quiet = False
        self._in_flight: Counter[str] = Counter()  # by system, as each has a cap of its own
        self._throttled: dict[str, float] = {}

    def transport(self, system: str, caller: Caller) -> _Line:
        return _Line(self, system, caller)

    async def carry(
        self, caller: Caller, system: str, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        if caller.dead:
            raise Killed
        path, _, query = target.partition("?")
        lower = {name.lower(): value for name, value in headers.items()}
        call = Call(
            len(self.log),
            caller.number,
            system,
            method,
            path,
            query,
            body,
            lower.get("idempotency-key"),
            self._loop.time(),
        )
        self.log.append(call)
        chance = random.Random(self._seed << 20 | call.n)
        fate = None if self.quiet else self._faults.get(call.n)
        if fate == "throttled":
            self._throttled[system] = self._loop.time() + chance.uniform(0.5, 6)
        if not self.quiet and self._throttled.get(system, 0) > self._loop.time():
            fate = "throttled"
        there, back = _delay(chance, self._slow), _delay(chance, self._slow)
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._in_flight[system] += 1
        self._watcher.sent(call, self._in_flight[system])
        self._loop.call_later(there, self._arrive, call, lower, fate, back, future)
        try:
            reply = await future
            call.received = self._loop.time()
            return reply
        finally:
            self._in_flight[system] -= 1
            call.answered = self._loop.time()
            self.overtaken += call.n < self._last_answered
            self._last_answered = max(self._last_answered, call.n)

    def _arrive(
        self, call: Call, headers: Mapping[str, str], fate: Fate | None, back: float, future: asyncio.Future[Reply]
    ) -> None:
        answer: Reply | Exception
        if self._poisoned and self._always_fails(call):
            fate = self._poison
        # To seed takes longer than all else here, and a call that nothing happens to draws nothing.
        chance = random.Random(call.n ^ self._seed) if fate or call.system in self._racing else _UNDRAWN
        if (fate == "raced" and call.system == "customerp") or (
            call.system in self._racing and not self.quiet and chance.random() < 0.3
        ):
            self._race(call)
        if fate in (None, "raced", "dropped", "reset", "gateway", "error-applied", "killed"):
            answer = self._apply(call, headers)
            if self._spoiling and fate in _LOST and chance.random() < 0.5:
                self._loop.call_later(chance.uniform(0.1, 2), self._spoil, call)
        if fate == "killed":
            self.fates[fate] += 1
            self._kill()
            return
        if fate in ("lost", "dropped"):
            answer, back = NoAnswer("ReadTimeout"), TIMEOUT - (self._loop.time() - call.sent)
        elif fate == "reset":
            answer = NoAnswer("RemoteProtocolError")
        elif fate == "unreachable":
            answer = NotSent("no connection")
        elif fate not in (None, "raced"):
            answer = _refusal(fate, call)
            if fate == "throttled" and chance.random() < 0.5:
                call.wait = float(max(1, int(self._throttled.get(call.system, 0.0) - self._loop.time())))
                answer = Reply(answer.status, {"retry-after": str(int(call.wait))}, answer.body)
        call.status = answer.status if isinstance(answer, Reply) else 0
        if fate is not None:
            self.fates[fate] += 1
        self._loop.call_later(max(back, 0.0), _deliver, future, answer)

    def _always_fails(self, call: Call) -> bool:
        """Whether a call would write a customer of Invoiced that no program can write."""
        _, collection, *rest = call.path.split("/")
        if self.quiet and self._poison != "error":
            return False
        if call.method == "GET" or (call.system, collection) != ("invoiced", "customers"):
            return False
        held = self.people["invoiced"].read("customers", rest[0]) if rest else msgspec.json.decode(call.body)
        return held is not None and held.get("number") in self._poisoned

    def _race(self, call: Call) -> None:
        """Edit one of the texts that a call changes, a moment before it arrives."""
        if self._reword(call, f"raced-{call.n}@x.example"):
            self.fates["a person came just before it"] += 1

    def _spoil(self, call: Call) -> None:
        """Edit one of the texts that a call has changed, while nobody knows yet that it has."""
        if self._reword(call, f"spoilt-{call.n}@x.example"):
            self.fates["a person came just after it, and its answer was lost"] += 1

    def _reword(self, call: Call, text: str) -> bool:
        if call.method != "PATCH" or self.quiet:
            return False
        texts = [name for name in msgspec.json.decode(call.body) if name in ("name", "phone", "email", "notes")]
        if texts:
            self.people[call.system].call("PATCH", call.path, {texts[0]: text})
        return bool(texts)

    def _apply(self, call: Call, headers: Mapping[str, str]) -> Reply:
        call.arrived = self._loop.time()
        body = self._bent(call)
        before = self._watcher.before(call, call.system, call.method, call.path, body)
        answer = self._emulators[call.system].handle(Request(call.method, call.path, call.query, headers, body))
        if call.method != "GET":
            self._memories[call.system].forget(call.path)
        call.status = answer.status
        call.said = answer.body if answer.status >= 400 else b""
        self._watcher.after(before, answer.status, answer.body)
        if self._lens is not None and not self.quiet:
            answer = self._lens.shown(call, answer)
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers}, answer.body)

    def _bent(self, call: Call) -> bytes:
        """What Invoiced makes of a body: some accounts ignore a field of ours, some squeeze everybody's blanks."""
        if call.system != "invoiced" or not call.body or not (self._deaf or self._lossy):
            return call.body
        if not call.path.startswith("/customers"):
            return call.body
        body = msgspec.json.decode(call.body)
        if call.method == "PATCH":
            self.fates["a property of it is ignored"] += bool(body.keys() & self._deaf)
            body = {name: value for name, value in body.items() if name not in self._deaf}
        self.fates["a text of it is squeezed"] += self._lossy and squeezed(body) != body
        return json.dumps(squeezed(body) if self._lossy else body).encode()


class _Line:
    """The carrier of one process to one system."""

    def __init__(self, network: Network, system: str, caller: Caller) -> None:
        self._network, self._system, self._caller = network, system, caller
        self._base = len(ENDPOINTS[system].base_url)

    async def carry(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Reply:
        return await self._network.carry(self._caller, self._system, method, url[self._base :], headers, content or b"")

    async def close(self) -> None:
        """There is no connection."""


def squeezed(body: dict[str, Any]) -> dict[str, Any]:
    """A customer as an account keeps it that squeezes the blanks of names."""
    return {**body, "name": " ".join(body["name"].split())} if isinstance(body.get("name"), str) else body


class Person:
    """Speaks to one emulator directly, as a person with another client would; refusals are answers like others."""

    def __init__(
        self,
        system: str,
        emulator: Customerp | Invoiced,
        watcher: Watcher | None,
        memory: Memory,
        *,
        lossy: bool = False,
    ) -> None:
        self._system, self._emulator, self._watcher, self._lossy = system, emulator, watcher, lossy
        self._memory = memory
        kind = "application/merge-patch+json" if system == "customerp" else "application/json"
        self._headers = {"authorization": emulator.authorization, "content-type": kind}
        self._json = {**self._headers, "content-type": "application/json"}

    def call(self, method: str, path: str, body: object = None, query: str = "") -> Any:
        """The parsed body of a successful answer, otherwise None."""
        if self._lossy and isinstance(body, dict) and path.startswith("/customers"):
            body = squeezed(body)
        text = b"" if body is None else json.dumps(body).encode()
        headers = self._headers if method == "PATCH" else self._json
        watched = self._watcher if method != "GET" else None
        before = watched.before(None, self._system, method, path, text) if watched else None
        answer = self._handle(Request(method, path, query, headers, text))
        if method != "GET":
            self._memory.forget(path)
        if watched:
            watched.after(before, answer.status, answer.body)
        if answer.status >= 300:
            return None
        return msgspec.json.decode(answer.body) if answer.body else {}

    def _handle(self, request: Request) -> Response:
        """What people do is no program's doing, as the log of events tells."""
        if not isinstance(self._emulator, Invoiced):
            return self._emulator.handle(request)
        program, self._emulator.actor = self._emulator.actor, _SOMEBODY
        try:
            return self._emulator.handle(request)
        finally:
            self._emulator.actor = program

    def reprice(self, item: str, body: object) -> None:
        """Archive an item and create it again, which is one deed although it takes two calls."""
        watched, self._watcher = self._watcher, None
        text = json.dumps(body).encode()
        before = watched.before(None, self._system, "POST", "/items", text) if watched else None
        self.call("DELETE", f"/items/{item}")
        self.call("POST", "/items", body)
        if watched:
            watched.after(before, 201, text)
        self._watcher = watched

    def list(self, collection: str, query: str = "") -> list[dict[str, Any]]:
        found = self._looked_up(f"/{collection}", query)
        return list(found["data"] if isinstance(found, dict) else found)

    def read(self, collection: str, id_: object, query: str = "") -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._looked_up(f"/{collection}/{id_}", query)
        return found

    def _looked_up(self, path: str, query: str) -> Any:
        """What the system shows, asked only once between two writes; whoever looks changes nothing of it."""
        return self._memory.recall(path, query, lambda: self.call("GET", path, query=query))


ENDPOINTS = {
    "customerp": Endpoint("https://customerp.emulator.example", CUSTOMERP_TOKEN),
    "invoiced": Endpoint("https://invoiced.emulator.example", INVOICED_KEY),
}


def _delay(chance: random.Random, slow: bool) -> float:
    return chance.uniform(0.3, SLOWEST) if chance.random() < 0.1 or slow else chance.uniform(0.002, 0.2)


def _refusal(fate: Fate, call: Call) -> Reply:
    status = {"busy": 503, "gateway": 502, "error": 500, "error-applied": 500, "throttled": 429, "forbidden": 401}.get(
        fate, 400
    )
    if fate == "locked" and (call.system != "invoiced" or call.method != "PATCH"):
        status = 503
    text = "This record is being updated by another process" if status == 400 else "no"
    return Reply(status, {}, json.dumps({"type": "error", "message": text}).encode())


def _deliver(future: asyncio.Future[Reply], answer: Reply | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
