"""Emulators over HTTP on loopback, each in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from counterpart.emulators.asgi import ABORT, Log, asgi
from counterpart.emulators.errors import ServerNotStarted
from counterpart.emulators.wire import Handler

if TYPE_CHECKING:
    import uvicorn

_HOST = "127.0.0.1"
_START_SECONDS = 10.0
_NO_LINGER = struct.pack("ii", 1, 0)


class Server:
    """A context in which each emulator answers at its URL in `urls`; never reachable from another machine.

    `ports` gives a port by name; an emulator without one gets a free port. `log` makes an emulator's log.
    A sender who needs more than `patience` seconds for the head or the body of a request is cut off. Raises
    ServerNotStarted.
    """

    def __init__(
        self,
        emulators: Mapping[str, Handler],
        ports: Mapping[str, int] | None = None,
        *,
        log: Callable[[str], Log] | None = None,
        patience: float = 10.0,
    ) -> None:
        self._emulators = dict(emulators)
        self._ports = dict(ports or {})
        self._log, self._patience = log, patience
        self._running: list[tuple[uvicorn.Server, threading.Thread]] = []
        self.urls: dict[str, str] = {}

    def __enter__(self) -> Server:
        try:
            for name, emulator in self._emulators.items():
                self.urls[name] = self._start(name, emulator, self._ports.get(name, 0))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self, name: str, emulator: Handler, port: int) -> str:
        # Here, because a replay never starts a server and should not wait for this to load.
        import uvicorn

        listener = _listener(name, port)
        url = f"http://{_HOST}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            asgi(emulator, body_seconds=self._patience, log=None if self._log is None else self._log(name)),
            http=_protocol(self._patience),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            date_header=False,  # the emulator's own clock says the date
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), name=f"{name} emulator", daemon=True)
        thread.start()
        self._running.append((server, thread))
        deadline = time.monotonic() + _START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise ServerNotStarted(name, port, "it did not come up")
            time.sleep(0.002)
        return url

    def _stop(self) -> None:
        for server, _ in self._running:
            server.should_exit = True
        for _, thread in self._running:
            thread.join()
        self._running.clear()
        self.urls.clear()


def _protocol(head_seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol with two things it lacks: a bound on slow request heads, and a way to break off."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Protocol(H11Protocol):
        _head: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            app = self.app

            async def breakable(scope: Any, receive: Any, send: Any) -> None:
                scope["extensions"] = {ABORT: self._abort}
                await app(scope, receive, send)

            self.app = breakable
            self._expect_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                self._expect_head()
            elif self._head is not None:
                self._head.cancel()
                self._head = None

        def connection_lost(self, exc: Exception | None) -> None:
            if self._head is not None:
                self._head.cancel()
            super().connection_lost(exc)

        def _expect_head(self) -> None:
            if self._head is None:
                self._head = self.loop.call_later(head_seconds, self._too_slow)

        def _too_slow(self) -> None:
            if not self.transport.is_closing():
                self.transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                self.transport.close()

        async def _abort(self) -> None:
            """Reset the connection: the caller learns nothing of what became of its request."""
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.transport.abort()
            while not self.cycle.disconnected:
                await asyncio.sleep(0)

    return Protocol


def _listener(name: str, port: int) -> socket.socket:
    # asyncio turns off Nagle's delay only on sockets whose protocol is named; without it each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        listener.close()
        raise ServerNotStarted(name, port, error.strerror or str(error)) from None
    return listener
