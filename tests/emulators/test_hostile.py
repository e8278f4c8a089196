"""Requests that no decent client sends get a refusal within a second, and cost no memory to speak of."""

from __future__ import annotations

import inspect
import json
import resource
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from counterpart.emulators import Clock, Customerp, Invoiced, Server

MEGABYTE = 1_000_000
PATIENCE = 0.6
"""Seconds; ten when nobody says otherwise."""


@pytest.fixture
def served(clock: Clock) -> Iterator[dict[str, Any]]:
    """Where each emulator listens and the header that opens it."""
    emulators: dict[str, Any] = {"invoiced": Invoiced(clock), "customerp": Customerp(clock)}
    with Server(emulators, patience=PATIENCE) as server:
        yield {
            name: (int(url.rpartition(":")[2]), f"Authorization: {emulators[name].authorization}\r\n")
            for name, url in server.urls.items()
        }


def exchange(port: int, parts: Iterator[bytes] | list[bytes]) -> tuple[int, float]:
    """Send bytes and read the first status that comes back, with the seconds from the last byte to it."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        began = time.monotonic()
        try:
            for part in parts:
                connection.sendall(part)
                began = time.monotonic()
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end: the answer is there all the same
        answer = b""
        while b"\r\n" not in answer:
            received = connection.recv(4096)
            if not received:
                break
            answer += received
    return int(answer.split()[1]), time.monotonic() - began


def post(credentials: str, body: bytes, *, headers: str = "", length: int | None = None) -> list[bytes]:
    size = len(body) if length is None else length
    head = f"POST /customers HTTP/1.1\r\nHost: x\r\n{credentials}Content-Type: application/json\r\n{headers}"
    return [f"{head}Content-Length: {size}\r\nConnection: close\r\n\r\n".encode(), body]


def get(credentials: str, target: str, headers: str = "") -> list[bytes]:
    return [f"GET {target} HTTP/1.1\r\nHost: x\r\n{credentials}{headers}Connection: close\r\n\r\n".encode("latin-1")]


def chunked(credentials: str) -> Iterator[bytes]:
    """A body without end."""
    yield f"POST /customers HTTP/1.1\r\nHost: x\r\n{credentials}Transfer-Encoding: chunked\r\n\r\n".encode()
    for _ in range(60):
        yield b"F4240\r\n" + b"x" * MEGABYTE + b"\r\n"


DEEP = b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
REQUESTS: dict[str, Any] = {
    "declared oversized": lambda opens: post(opens, b"", length=10**11),
    "a length of 5,000 digits": lambda opens: post(opens, b"", headers="Content-Length: " + "9" * 5000 + "\r\n"),
    "endless": chunked,
    "deep JSON": lambda opens: post(opens, DEEP),
    "deep JSON in a query": lambda opens: get(opens, "/customers?filter" + "[a]" * 15_000 + "=1"),
    "10,000 parameters": lambda opens: get(opens, "/customers?" + "&".join(f"k{n}=1" for n in range(10_000))),
    "invalid UTF-8 in a body": lambda opens: post(opens, b'{"name":"\xff\xfe"}'),
    "invalid UTF-8 in a query": lambda opens: get(opens, "/customers?filter[name]=%ff%fe"),
    "half a surrogate": lambda opens: post(opens, b'{"name":"\\ud800"}'),
    "a number of a million digits": lambda opens: post(opens, b'{"name":' + b"9" * MEGABYTE + b"}"),
    "a monstrous exponent": lambda opens: post(opens, b'{"name":1e999999999}'),
    "a head of a megabyte": lambda opens: get(opens, "/customers", f"X: {'x' * MEGABYTE}\r\n"),
    "a negative length": lambda opens: post(opens, b"", length=-1),
    "two lengths": lambda opens: post(opens, b"{}", headers="Content-Length: 7\r\n"),
    "a length and chunks": lambda opens: post(opens, b"0\r\n\r\n", headers="Transfer-Encoding: gzip\r\n"),
    "no HTTP": lambda opens: [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
    "an odd method": lambda opens: [b"BREW /customers HTTP/1.1\r\nHost: x\r\n" + opens.encode() + b"\r\n"],
    "a path of nonsense": lambda opens: get(opens, "/customers/%00%ff..%2f..%2fetc"),
    "a page beyond numbers": lambda opens: get(opens, "/orders/" + "9" * 4000),
    "a bad credential": lambda opens: get("Authorization: Basic \xff\xfe\r\n", "/customers"),
}


@pytest.mark.parametrize("name", ["invoiced", "customerp"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_gets_a_refusal_within_a_second(served: dict[str, Any], name: str, kind: str) -> None:
    port, opens = served[name]
    status, seconds = exchange(port, REQUESTS[kind](opens))
    assert 400 <= status < 500
    assert seconds < 1
    # And the next one is served as if nothing had been.
    assert exchange(port, get(opens, "/customers"))[0] == 200


def test_a_sender_has_ten_seconds() -> None:
    assert inspect.signature(Server).parameters["patience"].default == 10


@pytest.mark.parametrize("name", ["invoiced", "customerp"])
def test_slow_senders_are_cut_off(served: dict[str, Any], name: str) -> None:
    port, opens = served[name]
    began = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", port), timeout=15) for _ in range(3)]
    slow[0].sendall(b"GET /customers HTTP/1.1\r\nHost")  # a head that never ends
    slow[1].sendall(b"".join(post(opens, b"{", length=100)))  # a body that never ends
    slow[2].sendall(get(opens, "/customers")[0].replace(b"close", b"keep-alive"))
    assert slow[2].recv(65536).startswith(b"HTTP/1.1 200")
    slow[2].sendall(b"GET /cust")  # a second head that never ends
    answers = []
    for connection in slow:
        with connection:
            answer = b""
            while received := connection.recv(65536):
                answer += received
            answers.append(answer)
    assert [answer.count(b"HTTP/1.1 408") for answer in answers] == [1, 1, 1]
    assert PATIENCE <= time.monotonic() - began < PATIENCE + 1


def test_memory_does_not_grow_with_what_is_refused(served: dict[str, Any]) -> None:
    port, opens = served["invoiced"]
    large = json.dumps({"name": ["x" * 1000] * 5000}).encode()
    exchange(port, post(opens, large))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        assert exchange(port, post(opens, large))[0] == 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
