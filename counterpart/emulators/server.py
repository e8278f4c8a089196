"""Emulators over HTTP on loopback, each in a thread of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from counterpart.emulators.asgi import asgi
from counterpart.emulators.errors import ServerNotStarted
from counterpart.emulators.wire import Emulator

if TYPE_CHECKING:
    import uvicorn

_HOST = "127.0.0.1"
_START_SECONDS = 10.0


class Server:
    """A context in which each emulator answers at its URL in `urls`; never reachable from another machine.

    `ports` gives a port by name; an emulator without one gets a free port. Raises ServerNotStarted.
    """

    def __init__(self, emulators: Mapping[str, Emulator], ports: Mapping[str, int] | None = None) -> None:
        self._emulators = dict(emulators)
        self._ports = dict(ports or {})
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

    def _start(self, name: str, emulator: Emulator, port: int) -> str:
        # Here, because a replay never starts a server and should not wait for this to load.
        import uvicorn

        listener = _listener(name, port)
        url = f"http://{_HOST}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            asgi(emulator),
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
