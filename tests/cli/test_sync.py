"""The sync's command line: what it says, how it ends, and that bad input changes nothing."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sync.store import Store


def customer(world: Any) -> None:
    world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS"})


def test_a_plan_writes_nothing_and_says_what_a_run_then_does(world: Any) -> None:
    customer(world)
    code, planned, _ = world.run("sync", "plan", "--json")
    assert (code, world.watched.writes) == (0, 0)
    code, done, _ = world.run("sync", "run", "--json")
    assert code == 0
    assert json.loads(planned)["writes"] == json.loads(done)["writes"]
    assert [record.values["number"] for record in world.invoiced.list("customers")] == ["K-1"]


def test_a_run_that_leaves_something_to_a_person_ends_with_1(world: Any) -> None:
    world.customerp.create("customers", {"number": "K-1", "name": "Nordlicht AS", "email": "ap@localhost"})
    code, out, _ = world.run("sync", "run", "--json")
    assert code == 1
    [notice] = [each for each in json.loads(out)["notices"] if each["kind"] == "needs_attention"]
    assert (notice["key"], notice["field"]) == ("K-1", "email")


def test_the_status_counts_links_without_asking_anybody(world: Any) -> None:
    customer(world)
    world.run("sync", "run")
    nowhere = {"COUNTERPART_CUSTOMERP_URL": "", "COUNTERPART_INVOICED_URL": ""}
    code, out, _ = world.run("sync", "status", "--json", **nowhere)
    assert code == 0
    assert json.loads(out)["links"]["customer-company"] == {"linked": 1}


@pytest.mark.parametrize(
    ("environment", "code", "sentences"),
    [
        (
            {"COUNTERPART_INVOICED_KEY": ""},
            2,
            ["environment: COUNTERPART_INVOICED_KEY not set. Set them and start again."],
        ),
        (
            {"COUNTERPART_INVOICED_URL": "ftp://example.org"},
            2,
            ["COUNTERPART_INVOICED_URL is no http(s) address"],
        ),
        (
            {"COUNTERPART_INVOICED_KEY": "WrongWrongWrongWrongWrongWrong12"},
            3,
            ["Invoiced at http://127.0.0.1:", "answers 401", "Check the credential in the environment"],
        ),
        (
            {"COUNTERPART_CUSTOMERP_TOKEN": "wrong-token"},
            3,
            ["Customerp at http://127.0.0.1:", "answers 401", "Check the credential in the environment"],
        ),
        (
            {"COUNTERPART_INVOICED_URL": "http://127.0.0.1:9"},
            3,
            ["Invoiced at http://127.0.0.1:9: cannot be reached", "Check the address and that the system is running"],
        ),
    ],
    ids=["variable missing", "no address", "wrong key", "wrong token", "system down"],
)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_keeps_it_from_working_is_said_in_a_sentence(
    world: Any, command: str, environment: dict[str, str], code: int, sentences: list[str]
) -> None:
    customer(world)
    ended, out, err = world.run("sync", command, **environment)
    assert (ended, out) == (code, "")
    assert [sentence for sentence in sentences if sentence not in " ".join(err.split())] == []
    assert "Traceback" not in err
    assert "WrongWrong" not in err
    assert world.watched.writes == 0
    # Nothing is half done: with the right environment the same state goes on.
    assert world.run("sync", "run")[0] == 0


@contextmanager
def answering(status: int, kind: str, body: bytes, location: str = "") -> Iterator[str]:
    """A server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, "text/html", b"<h1>Welcome</h1>"), "something that is not JSON (text/html)"),
        ((200, "application/json", b'{"data": [1, 2'), "something that is not JSON (application/json)"),
        ((200, "application/json", b'"hello"'), "with something that is not a list"),
        ((302, "text/plain", b"", "http://127.0.0.1:9/elsewhere"), "a redirect (302)"),
    ],
    ids=["a web page", "torn JSON", "another shape", "a redirect"],
)
def test_an_answer_that_is_not_the_api_ends_the_run(world: Any, answer: tuple[Any, ...], sentence: str) -> None:
    customer(world)
    with answering(*answer) as url:
        code, out, err = world.run("sync", "run", COUNTERPART_INVOICED_URL=url)
    assert (code, out) == (3, "")
    assert sentence in " ".join(err.split())
    assert world.run("sync", "run")[0] == 0


def test_a_state_file_of_something_else_is_left_alone(world: Any) -> None:
    with sqlite3.connect(world.state) as other:
        other.execute("CREATE TABLE diary (entry TEXT)")
    before = world.state.read_bytes()
    code, _, err = world.run("sync", "run")
    assert code == 4
    assert "a database of something else" in " ".join(err.split())
    assert world.state.read_bytes() == before


def test_a_second_process_on_the_same_state_is_refused(world: Any) -> None:
    store = Store.open(world.state)
    try:
        code, _, err = world.run("sync", "run")
    finally:
        store.close()
    assert code == 4
    assert "another process works on this store" in " ".join(err.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sync", "fly"], "No such command 'fly'"),
        (["sync", "run", "--fast"], "No such option"),
        (["emulators", "--customers", "many"], "'many' is not a valid integer range"),
        (["checklist", "compare", "nowhere.rst"], "'nowhere.rst' does not exist"),
        (["sync", "status", "--state", "nowhere.sqlite"], "nowhere.sqlite does not exist"),
    ],
)
def test_a_command_used_wrongly_ends_with_2(world: Any, arguments: list[str], sentence: str) -> None:
    code, out, err = world.run(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_help_names_every_command_and_every_exit_code(world: Any) -> None:
    code, out, _ = world.run("--help")
    assert code == 0
    assert [word for word in ("checklist", "emulators", "sync", "Exit codes") if word not in out] == []
    code, out, _ = world.run("sync", "--help")
    assert [word for word in ("plan", "run", "status", "COUNTERPART_INVOICED_KEY") if word not in out] == []
