"""What a recording writes down, where it sends requests, and what it leaves out."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from counterpart.replay import Exchange, MissKind, Playing, Recording, ReplayMiss, Secrets, Session, UnfinishedRecording

SHOP = "https://shop.example"
KEY = "KeyOfTheShop0123456789"
SECRETS = Secrets({"shop-key": KEY})


def ignore(seconds: float) -> None:
    """A clock that nobody looks at."""


def test_an_exchange_is_written_down_without_secrets_and_noise(stand: Any, script: Any, call: Any) -> None:
    cassette = stand.record(
        script(
            [
                call(
                    2,
                    "sync",
                    "POST",
                    f"{SHOP}/customers?key={KEY}",
                    {"name": "Ada", "token": KEY},
                    (("Idempotency-Key", "b7d0-4c"), ("X-Api-Key", "hidden"), ("If-Match", '"1"')),
                )
            ]
        )
    )

    assert cassette.interactions == (
        Exchange(
            step=2,
            actor="sync",
            method="POST",
            url=f"{SHOP}/customers?key=<shop-key>",
            request_headers=(
                ("accept", "*/*"),
                ("authorization", "Basic <shop-key>"),
                ("content-type", "application/json"),
                ("idempotency-key", "<idempotency-key-1>"),
                ("if-match", '"1"'),
                ("x-api-key", "<masked>"),
            ),
            request_body=b'{"name":"Ada","token":"<shop-key>"}',
            status=201,
            response_headers=(
                ("content-type", "application/json"),
                ("location", f"{SHOP}/customers/5001"),
                ("x-total-count", "0"),
            ),
            response_body=b'{"id":5001,"name":"Ada","token":"<shop-key>"}',
        ),
    )


def test_the_program_sees_the_same_answer_when_recording_and_replaying(stand: Any, call: Any) -> None:
    seen: list[tuple[int, list[tuple[str, str]], bytes]] = []

    def program(session: Session) -> None:
        session.begin_step(1, "step 1")
        with httpx.Client(transport=session.transport("sync")) as client:
            answer = call(1, "sync", "POST", f"{SHOP}/customers", {"token": KEY}).send(client)
        seen.append((answer.status_code, answer.headers.multi_items(), answer.content))
        session.end_step()

    stand.replay(stand.record(program), program)

    assert seen[0] == seen[1]
    assert seen[1][2] == b'{"id":5001,"token":"KeyOfTheShop0123456789"}'


def test_secrets_in_headers_are_concealed_and_come_back(stand: Any) -> None:
    link = f"<{SHOP}/customers?key={KEY}>"
    upstream = httpx.MockTransport(lambda request: httpx.Response(200, headers={"Link": link}))
    recording = Recording({SHOP: upstream}, SECRETS, ignore)

    def link_seen(session: Session) -> str:
        with httpx.Client(transport=session.transport("sync"), headers={"Prefer": f"key={KEY}"}) as client:
            return client.get(f"{SHOP}/customers").headers["Link"]

    seen = [link_seen(recording), link_seen(Playing(recording.cassette({}), SECRETS, ignore))]

    (exchange,) = recording.exchanges
    assert ("prefer", "key=<shop-key>") in exchange.request_headers
    assert exchange.response_headers == (("link", f"<{SHOP}/customers?key=<shop-key>>"),)
    assert seen == [link, link]


def test_equal_programs_leave_equal_bytes(call: Any, script: Any) -> None:
    def recorded(key: str) -> str:
        from itertools import count

        ids = count(1)
        session = Recording(
            {SHOP: httpx.MockTransport(lambda _: httpx.Response(201, json={"id": next(ids)}))}, SECRETS, ignore
        )
        script(
            [
                call(1, "sync", "POST", f"{SHOP}/a", {}, (("Idempotency-Key", f"{key}-1"), ("User-Agent", key))),
                call(1, "sync", "POST", f"{SHOP}/a", {}, (("Idempotency-Key", f"{key}-2"),)),
                call(1, "sync", "POST", f"{SHOP}/a", {}, (("Idempotency-Key", f"{key}-1"),)),
            ]
        )(session)
        return session.cassette({}).dumps()

    assert recorded("x") == recorded("y")
    assert recorded("x").count("<idempotency-key-1>") == 2
    assert recorded("x").count("<idempotency-key-2>") == 1


def test_the_clock_ticks_before_and_after_each_request(stand: Any, script: Any, call: Any) -> None:
    program = script([call(1, "sync", "GET", f"{SHOP}/customers")] * 2)

    cassette = stand.record(program)
    assert stand.ticks == [0.01] * 4
    assert stand.replay(cassette, program) == []
    assert stand.ticks == [0.01] * 8


STRANGERS = {
    "another host": "https://elsewhere.example/customers",
    "a longer name": "https://shop.example.org/customers",
    "another scheme": "http://shop.example/customers",
    "another port": "https://shop.example:8443/customers",
    "a user that looks like it": "https://shop.example@elsewhere.example/customers",
}


@pytest.mark.parametrize("url", STRANGERS.values(), ids=list(STRANGERS))
def test_no_other_host_is_contacted(stand: Any, url: str) -> None:
    session = stand.recording()

    with pytest.raises(ReplayMiss), httpx.Client(transport=session.transport("sync")) as client:
        client.get(url)

    (miss,) = session.misses
    assert miss.kind is MissKind.OTHER_HOST
    assert miss.detail == ("only https://shop.example, https://office.example may be contacted; nothing was sent")
    assert stand.shop.requests == stand.office.requests == []
    with pytest.raises(ReplayMiss):
        session.finish()


def test_a_link_to_another_host_is_not_followed(stand: Any) -> None:
    def redirecting(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": "https://elsewhere.example/"})

    session = Recording({SHOP: httpx.MockTransport(redirecting)}, SECRETS, ignore)

    with (
        pytest.raises(ReplayMiss),
        httpx.Client(transport=session.transport("sync"), follow_redirects=True) as client,
    ):
        client.get(f"{SHOP}/a")


def test_credentials_in_an_address_are_not_written_down(stand: Any) -> None:
    session = stand.recording()
    with httpx.Client(transport=session.transport("sync")) as client:
        client.get(f"https://{KEY}:pw@shop.example/customers")

    (exchange,) = session.exchanges
    assert exchange.url == f"{SHOP}/customers"
    assert ("authorization", "Basic <unknown-credential>") in exchange.request_headers


def test_a_request_without_answer_leaves_no_cassette(stand: Any) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    session = Recording({SHOP: httpx.MockTransport(down)}, SECRETS, ignore)
    with pytest.raises(httpx.ConnectError), httpx.Client(transport=session.transport("sync")) as client:
        client.get(f"{SHOP}/customers")

    with pytest.raises(UnfinishedRecording) as refusal:
        session.cassette({})
    assert str(refusal.value) == (
        "The recording is not complete: no answer to GET https://shop.example/customers. "
        "See that the system is up and every request is awaited, then record again."
    )


class Echo(BaseHTTPRequestHandler):
    """Answers with what came in, compressed whatever the client accepts."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        told = [self.path, self.headers["Host"], self.headers["Accept-Encoding"], body.decode()]
        content = gzip.compress("\n".join(told).encode(), mtime=0)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_requests_for_a_public_name_go_to_the_address_behind_it() -> None:
    with echo() as address:
        session = Recording({f"{SHOP}/v1": f"{address}/base/"}, SECRETS, ignore)
        with httpx.Client(transport=session.transport("driver")) as client:
            one = client.post(f"{SHOP}/v1/a%20b?c=%2F", content="x")

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=session.transport("sync")) as client:
                return await client.post(f"{SHOP}/v1/a", content="y")

        # Each run has an event loop of its own, as each step of a scenario may have.
        two, three = asyncio.run(ask()), asyncio.run(ask())
        session.finish()

        host = address.removeprefix("http://")
        assert one.text == f"/base/a%20b?c=%2F\n{host}\nidentity\nx"
        assert two.text == three.text == f"/base/a\n{host}\nidentity\ny"
        assert "content-encoding" not in one.headers
        assert [each.url for each in session.exchanges] == [f"{SHOP}/v1/a%20b?c=%2F", f"{SHOP}/v1/a", f"{SHOP}/v1/a"]
        assert [each.response_text for each in session.exchanges] == [one.text, two.text, three.text]


def test_each_event_loop_has_connections_of_its_own() -> None:
    async def ask(client: httpx.AsyncClient) -> str:
        return (await client.post(f"{SHOP}/a", content="x")).text

    with echo() as address, asyncio.Runner() as one, asyncio.Runner() as other:
        session = Recording({SHOP: address}, SECRETS, ignore)
        transport = session.transport("sync")
        client = httpx.AsyncClient(transport=transport)
        answers = [runner.run(ask(client)) for runner in (one, other, one, other)]
        one.run(transport.aclose())
        other.run(transport.aclose())

    assert len(set(answers)) == 1


def test_a_transport_in_process_serves_sync_and_async_clients(stand: Any) -> None:
    session = stand.recording()

    async def ask() -> int:
        async with httpx.AsyncClient(transport=session.transport("sync")) as client:
            return (await client.get(f"{SHOP}/customers")).status_code

    with httpx.Client(transport=session.transport("driver")) as client:
        assert client.get(f"{SHOP}/customers").status_code == asyncio.run(ask()) == 200
    assert [each.actor for each in session.exchanges] == ["driver", "sync"]
