"""What every carrier has to do with a request and its answer, against a server of bytes on loopback."""

from __future__ import annotations

import asyncio
import gzip
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from sync import network, transport
from sync.network import Network
from sync.transport import MAX_BODY, Carrier, Httpx, NoAnswer, NotSent, Reply, TooLarge

Making = Callable[[], Carrier]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "counterpart"}


@pytest.fixture(params=["network", "httpx"])
def make(request: pytest.FixtureRequest) -> Making:
    if request.param == "network":
        return Network
    return lambda: Httpx(httpx.AsyncHTTPTransport(trust_env=False))


@dataclass
class Server:
    """Gives its answers one after the other, whoever asks; after one that is cut it closes the connection."""

    answers: list[bytes | None]  # None: there is none, and the connection stays open
    closing: bool = False
    dripping: bool = False  # a byte at a time
    certificate: ssl.SSLContext | None = None
    requests: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"(?i)content-length: (\d+)", head)
                body = await reader.readexactly(int(length[1])) if length else b""
                self.requests.append(head + body.decode())
                answer = self.answers.pop(0)
                if answer is None:
                    continue
                for part in [answer[at : at + 1] for at in range(len(answer))] if self.dripping else [answer]:
                    writer.write(part)
                    await (asyncio.sleep(0.01) if self.dripping else writer.drain())
                if self.closing or not answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        self.closed.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.certificate) as server:
            scheme = "https" if self.certificate else "http"
            yield f"{scheme}://localhost:{server.sockets[0].getsockname()[1]}"


def replies(make: Making, server: Server, *calls: tuple[str, str], body: bytes | None = None) -> list[Reply]:
    """The answers to calls that one carrier makes, one after the other."""

    async def made() -> list[Reply]:
        carrier = make()
        try:
            async with server.listening() as url, asyncio.timeout(20):
                return [await carrier.carry(method, url + path, HEADERS, body) for method, path in calls]
        finally:
            await carrier.close()

    return asyncio.run(made())


def test_a_request_and_its_answer(make: Making) -> None:
    head = b"HTTP/1.1 201 Created\r\nX-A: 1\r\nx-a: 2\r\nDATE: now\r\nContent-Length: 8\r\n\r\n"
    server = Server([head + b'{"a": 1}'])
    query = {"filter[a]": "b c", "cursor": "+/=&%25", "o": "ø"}

    [reply] = replies(make, server, ("POST", f"/v1/customers?{urlencode(query)}"), body=b'{"b":2}')

    assert reply == Reply(201, {"x-a": "2", "date": "now", "content-length": "8"}, b'{"a": 1}')
    [request] = server.requests
    head, _, body = request.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    sent = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    host = sent.pop("host")
    asked = re.fullmatch(r"POST /v1/customers\?(\S+) HTTP/1.1", first)
    assert asked is not None
    assert (parse_qs(asked[1], strict_parsing=True), body) == ({n: [v] for n, v in query.items()}, '{"b":2}')
    assert host.startswith("localhost:")
    assert sent == {name.lower(): value for name, value in HEADERS.items()} | {"content-length": "7"}


def test_a_request_without_a_body_says_so(make: Making) -> None:
    server = Server([b"HTTP/1.1 204 No Content\r\n\r\n", OK])

    assert [reply.status for reply in replies(make, server, ("POST", "/void"), ("GET", "/"))] == [204, 200]
    assert ["content-length: 0" in request.lower() for request in server.requests] == [True, False]


def test_a_body_in_pieces_and_one_that_is_compressed_unasked(make: Making) -> None:
    pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"
    packed = gzip.compress(b'{"a": 1}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()

    answers = replies(make, Server([pieces, head + packed]), ("GET", "/"), ("GET", "/"))

    assert [reply.body for reply in answers] == [b"[]", b'{"a": 1}']


def test_a_redirect_is_an_answer_and_not_followed(make: Making) -> None:
    server = Server([b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", OK])

    [reply] = replies(make, server, ("GET", "/"))

    assert (reply.status, reply.headers["location"], len(server.requests)) == (302, "/elsewhere", 1)


def test_cookies_are_not_kept(make: Making) -> None:
    server = Server([OK.replace(b"\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n", 1), OK])

    replies(make, server, ("GET", "/"), ("GET", "/"))

    assert ["cookie" in request.lower() for request in server.requests] == [False, False]


def test_no_proxy_and_no_credentials_are_taken_from_the_environment(
    make: Making, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (netrc := tmp_path / "netrc").write_text("machine localhost login somebody password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server([OK])

    assert [reply.status for reply in replies(make, server, ("GET", "/"))] == [200]
    assert "authorization" not in server.requests[0].lower()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
def test_an_answer_larger_than_any_is_not_read_to_its_end(make: Making, packed: bool) -> None:
    body = bytes(MAX_BODY + 1)
    encoding, body = (b"Content-Encoding: gzip\r\n", gzip.compress(body)) if packed else (b"", body)
    head = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n" % (encoding, len(body))

    with pytest.raises(TooLarge):
        replies(make, Server([head + body]), ("GET", "/"))


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 200 OK\r\nTransfer-Enc", b"SMTP?\r\n\r\n"],
    ids=["none", "cut in its body", "cut in its head", "not HTTP"],
)
@pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
def test_a_lost_answer_is_told_as_such_and_the_request_is_not_repeated(
    make: Making, method: str, answer: bytes, kept: bool
) -> None:
    async def calls() -> None:
        async with server.listening() as url, asyncio.timeout(20):
            carrier = make()
            try:
                if kept:
                    await carrier.carry("GET", url, HEADERS, None)
                server.closing = True
                with pytest.raises(NoAnswer):
                    await carrier.carry(method, url, HEADERS, None)
            finally:
                await carrier.close()

    server = Server([OK, answer, OK] if kept else [answer, OK])
    asyncio.run(calls())

    assert len(server.requests) == 1 + kept


def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again(make: Making) -> None:
    async def calls() -> list[int]:
        async with server.listening() as url, asyncio.timeout(20):
            carrier = make()
            try:
                first = await carrier.carry("GET", url, HEADERS, None)
                await server.closed.wait()
                await asyncio.sleep(0)  # the loop hears of it
                await asyncio.sleep(0)
                second = await carrier.carry("PATCH", url, HEADERS, b"{}")
            finally:
                await carrier.close()
            return [first.status, second.status]

    server = Server([OK, OK], closing=True)

    assert asyncio.run(calls()) == [200, 200]


def test_where_nobody_listens_nothing_is_sent(make: Making) -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        closed = f"http://127.0.0.1:{given.getsockname()[1]}"
    for url in (closed, "http://nowhere.invalid", "gopher://127.0.0.1", "http://["):
        with pytest.raises(NotSent):
            asyncio.run(write(make(), url))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The certificate of a server that nobody vouches for."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("makes a certificate with openssl, which is not installed")
    key, cert = (str(tmp_path_factory.mktemp("tls") / name) for name in ("key", "cert"))
    asked = ["-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"]
    command = [openssl, "req", *asked, "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_a_server_that_nobody_vouches_for_is_sent_nothing(make: Making, certificate: ssl.SSLContext) -> None:
    server = Server([OK], certificate=certificate)

    with pytest.raises(NotSent, match=r"(?i)certificate"):
        replies(make, server, ("GET", "/"))
    assert server.requests == []


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both carriers wait for a twentieth of a second."""
    monkeypatch.setattr(network, "TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(transport, "_TIMEOUT", httpx.Timeout(0.05).as_dict())


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"], ids=["none", "half"])
def test_an_answer_that_does_not_come_in_time_is_lost(make: Making, answer: bytes | None) -> None:
    server = Server([answer])

    with pytest.raises(NoAnswer, match=r"ReadTimeout|SocketTimeoutError"):
        replies(make, server, ("GET", "/"))
    assert len(server.requests) == 1


@pytest.mark.usefixtures("hasty")
def test_an_answer_that_comes_byte_by_byte_is_lost_in_the_end() -> None:
    server = Server([b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + bytes(2000)], dripping=True)

    with pytest.raises(NoAnswer, match=r"^TimeoutError$"):
        replies(Network, server, ("GET", "/"))


@pytest.mark.usefixtures("hasty")
def test_where_nobody_takes_the_connection_nothing_is_sent(make: Making) -> None:
    with busy() as url, pytest.raises(NotSent):
        asyncio.run(write(make(), url))


async def write(carrier: Carrier, url: str) -> None:
    try:
        await carrier.carry("PATCH", url, HEADERS, b"{}")
    finally:
        await carrier.close()


@contextmanager
def busy() -> Iterator[str]:
    """A server whose queue is full, so that the system answers nothing to those who want to connect."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for each in waiting:
            each.close()
