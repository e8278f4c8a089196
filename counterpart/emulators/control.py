"""The control endpoint: reset, clock, snapshot and faults of both emulators over HTTP; off unless started."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from counterpart.emulators.clock import Clock
from counterpart.emulators.customerp import Customerp
from counterpart.emulators.emulator import Emulator
from counterpart.emulators.errors import EmulatorError, MalformedJson
from counterpart.emulators.faults import Faults, parse
from counterpart.emulators.invoiced import Invoiced
from counterpart.emulators.jsontext import decode, encode
from counterpart.emulators.router import Router
from counterpart.emulators.wire import Request, Response

_Handler = Callable[["Control", Mapping[str, Any]], Any]
_LONGEST_STEP = 100 * 365 * 86400


class _Refused(EmulatorError):
    """A call to the control endpoint that cannot be carried out; never leaves `handle`."""


class Control(Emulator):
    """Answers calls that steer the two emulators.

    A bearer token guards it, for a page in a browser on this machine reaches loopback too.
    """

    largest_body = 1_000_000_000

    def __init__(self, invoiced: Invoiced, customerp: Customerp, token: str) -> None:
        self._emulators: dict[str, Invoiced | Customerp] = {"invoiced": invoiced, "customerp": customerp}
        self._customerp = customerp
        self._token = token
        self.faults = Faults()

    @property
    def clock(self) -> Clock:
        """The clock of the emulators."""
        return self._customerp.clock

    @clock.setter
    def clock(self, clock: Clock) -> None:
        for emulator in self._emulators.values():
            emulator.clock = clock

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals are `{"error": "..."}`."""
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return _json(401, {"error": "Send the control token as `Authorization: Bearer <token>`."})
        methods, _ = _ROUTES.find(request.path) or ({}, ())
        handler = methods.get(request.method)
        if handler is None:
            known = ", ".join(sorted(methods)) or "nothing"
            return _json(405 if methods else 404, {"error": f"{request.path[:80]} answers {known}."})
        try:
            value = handler(self, _object(request))
        except (EmulatorError, ValueError) as refusal:
            return _json(400, {"error": str(refusal)})
        return Response(204, (), b"") if value is None else _json(200, value)

    def failure(self, status: int) -> Response:
        return _json(status, {"error": "failed"})

    def reset(self, body: Mapping[str, Any]) -> None:
        """Forget all records and faults; `{"seed": 0}`."""
        seed = _number(body, "seed", 0, 2**53) if "seed" in body else 0
        for emulator in self._emulators.values():
            emulator.reset(int(seed))
            emulator.faults.clear()

    def read_clock(self, body: Mapping[str, Any]) -> Any:
        return {"now": self.clock.now().isoformat(), "running": self.clock.running}

    def change_clock(self, body: Mapping[str, Any]) -> Any:
        """`{"running": false}` freezes, `{"advance": 3600}` moves it on; both together are one step."""
        if not body or not body.keys() <= {"advance", "running"}:
            raise _Refused('Send {"advance": <seconds>}, {"running": true or false}, or both.')
        running = body.get("running")
        if running is not None and not isinstance(running, bool):
            raise _Refused("`running` is true or false.")
        step = float(_number(body, "advance", 0, _LONGEST_STEP)) if "advance" in body else 0.0
        if running is not None:
            (self.clock.run if running else self.clock.freeze)()
        self.clock.advance(step)
        return self.read_clock(body)

    def snapshot(self, body: Mapping[str, Any]) -> Any:
        return {name: emulator.snapshot() for name, emulator in self._emulators.items()}

    def restore(self, body: Mapping[str, Any]) -> None:
        """What `GET /snapshot` gave; when one part is unusable, both emulators stay as they were."""
        if body.keys() != self._emulators.keys():
            raise _Refused("Send what GET /snapshot gave.")
        before = {name: emulator.snapshot() for name, emulator in self._emulators.items()}
        try:
            for name, emulator in self._emulators.items():
                emulator.restore(body[name])
        except EmulatorError:
            for name, emulator in self._emulators.items():
                emulator.restore(before[name])
            raise

    def read_faults(self, body: Mapping[str, Any]) -> Any:
        return {
            name: {
                "armed": [asdict(fault) for fault in emulator.faults.armed],
                "struck": [{"kind": fault.kind, "call": call} for fault, call in emulator.faults.struck],
            }
            for name, emulator in self._emulators.items()
        }

    def arm(self, body: Mapping[str, Any]) -> Any:
        """`{"emulator": "invoiced", "kind": "timeout-after", "method": "POST", "path": "/customers"}`."""
        emulator = self._emulators.get(str(body.get("emulator")))
        if emulator is None:
            raise _Refused("`emulator` is invoiced or customerp.")
        emulator.faults.arm(parse({name: value for name, value in body.items() if name != "emulator"}))
        return self.read_faults(body)

    def disarm(self, body: Mapping[str, Any]) -> None:
        for emulator in self._emulators.values():
            emulator.faults.clear()

    def subscribe(self, body: Mapping[str, Any]) -> None:
        """Where Customerp tells of changes; `{"url": "...", "secret": "..."}`."""
        url, secret = body.get("url"), body.get("secret")
        if not isinstance(url, str) or not isinstance(secret, str) or not secret:
            raise _Refused("Send `url` and `secret`, both texts.")
        self._customerp.subscribe(url, secret)


def _object(request: Request) -> Mapping[str, Any]:
    if not request.body:
        return {}
    try:
        value = decode(request.body)
    except MalformedJson as error:
        raise _Refused(f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise _Refused("The body is not an object.")
    return value


def _number(body: Mapping[str, Any], name: str, least: float, most: float) -> Any:
    value = body[name]
    if isinstance(value, (bool, str, list, dict)) or value is None or not least <= value <= most:
        raise _Refused(f"`{name}` is a number from {least} to {most}.")
    return value


def _json(status: int, value: Any) -> Response:
    return Response(status, (("Content-Type", "application/json"),), encode(value).encode())


_ROUTES: Router[_Handler] = Router(
    [
        ("POST", "/reset", Control.reset),
        ("GET", "/clock", Control.read_clock),
        ("POST", "/clock", Control.change_clock),
        ("GET", "/snapshot", Control.snapshot),
        ("PUT", "/snapshot", Control.restore),
        ("GET", "/faults", Control.read_faults),
        ("POST", "/faults", Control.arm),
        ("DELETE", "/faults", Control.disarm),
        ("POST", "/subscription", Control.subscribe),
    ]
)
