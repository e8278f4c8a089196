"""Cassettes on disk: whole or refused, readable by stock vcrpy, free of known secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import vcr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vcr.cassette import Cassette as StockCassette
from vcr.record_mode import RecordMode
from vcr.request import Request as StockRequest

from counterpart.replay import (
    Cassette,
    CassetteError,
    Exchange,
    MissingCassette,
    NotACassette,
    Secrets,
    TornCassette,
    UnknownVersion,
    UnsafeCassette,
    WrongCassette,
    path_for,
)
from counterpart.replay.cassette import LARGEST

CREATE = Exchange(
    step=1,
    actor="sync",
    method="POST",
    url="https://shop.example/customers?expand=notes",
    request_headers=(("authorization", "Basic <shop-key>"), ("content-type", "application/json")),
    request_body='{"name":"Zoë \U0001f600"}'.encode(),
    status=201,
    response_headers=(("content-type", "application/json"), ("link", "<a>"), ("link", "<b>")),
    response_body='{"id":1,"name":"Zoë \U0001f600\u2028\\n"}'.encode(),
)
READ = Exchange(2, "driver", "GET", "https://shop.example/logo", (), b"", 200, (), b"\x89PNG\xff")
METADATA = {"item": "order-invoice/create", "scenario": "order-invoice/create/alone", "generated": {"name": "Zoë"}}
CASSETTE = Cassette((CREATE, READ), METADATA)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "alone.yaml"
    CASSETTE.save(path)
    return path


texts = st.text(max_size=8)
exchanges = st.builds(
    Exchange,
    step=st.integers(0, 9),
    actor=st.sampled_from(["driver", "sync"]),
    method=st.sampled_from(["GET", "POST"]),
    url=texts.map("https://shop.example/{}".format),
    request_headers=st.dictionaries(st.sampled_from(["accept", "if-match", "prefer"]), texts).map(
        lambda headers: tuple(sorted(headers.items()))
    ),
    request_body=st.binary(max_size=8) | texts.map(str.encode),
    status=st.sampled_from([200, 201, 404, 599]),
    response_headers=st.just(()),
    response_body=st.binary(max_size=8) | texts.map(str.encode),
)


@given(st.lists(exchanges, min_size=1, max_size=3), st.dictionaries(st.text("ab", max_size=2), texts, max_size=2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_saved_is_loaded(tmp_path: Path, recorded: list[Exchange], metadata: dict[str, str]) -> None:
    cassette = Cassette(tuple(recorded), metadata)
    cassette.save(tmp_path / "x.yaml")

    assert Cassette.load(tmp_path / "x.yaml") == cassette
    assert Cassette.load(tmp_path / "x.yaml").sha256 == cassette.sha256
    stock = StockCassette.load(path=str(tmp_path / "x.yaml"))
    assert [request.uri for request in stock.requests] == [each.url for each in recorded]


def test_the_file_reads_as_vcrpy_writes_it(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))

    assert document == {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": "POST",
                    "uri": "https://shop.example/customers?expand=notes",
                    "body": '{"name":"Zoë \U0001f600"}',
                    "headers": {"authorization": ["Basic <shop-key>"], "content-type": ["application/json"]},
                },
                "response": {
                    "status": {"code": 201, "message": "Created"},
                    "headers": {"content-type": ["application/json"], "link": ["<a>", "<b>"]},
                    "body": {"string": '{"id":1,"name":"Zoë \U0001f600\u2028\\n"}'},
                },
                "counterpart": {"step": 1, "actor": "sync"},
            },
            {
                "request": {"method": "GET", "uri": "https://shop.example/logo", "body": "", "headers": {}},
                "response": {
                    "status": {"code": 200, "message": "OK"},
                    "headers": {},
                    "body": {"string": "iVBOR/8="},
                },
                "counterpart": {"step": 2, "actor": "driver", "base64": ["response"]},
            },
        ],
        "metadata": {
            "count": 2,
            "generated": {"name": "Zoë"},
            "item": "order-invoice/create",
            "scenario": "order-invoice/create/alone",
            "sha256": CASSETTE.sha256,
        },
    }


def test_stock_vcrpy_plays_it(path: Path) -> None:
    stock = StockCassette.load(path=str(path), record_mode=RecordMode.NONE, match_on=(vcr.matchers.method,))
    request = StockRequest("POST", CREATE.url, CREATE.request_body, {})

    assert stock.requests[0].headers == {"authorization": "Basic <shop-key>", "content-type": "application/json"}
    assert stock.requests[0].body == CREATE.request_body
    assert stock.play_response(request) == {
        "status": {"code": 201, "message": "Created"},
        "headers": {"content-type": ["application/json"], "link": ["<a>", "<b>"]},
        "body": {"string": CREATE.response_body},
    }


def test_a_recording_of_stock_vcrpy_loads(tmp_path: Path) -> None:
    path = tmp_path / "stock.yaml"
    stock = StockCassette(str(path), record_mode=RecordMode.ALL)
    request = StockRequest("POST", "https://shop.example/a", b'{"a":1}', {"Content-Type": "application/json"})
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {"ETag": ["1"]}, "body": {"string": b"\xff"}}
    stock.append(request, answer)
    stock.append(request, answer)
    stock._save()

    cassette = Cassette.load(path)

    headers = (("content-type", "application/json"),)
    exchange = Exchange(
        None, None, "POST", "https://shop.example/a", headers, b'{"a":1}', 200, (("etag", "1"),), b"\xff"
    )
    assert cassette == Cassette((exchange, exchange))
    assert cassette.foreign


def test_line_ends_of_another_system_do_not_matter(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert Cassette.load(path) == CASSETTE


def test_a_file_cut_at_any_line_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for end in range(len(lines)):
        path.write_bytes(b"".join(lines[:end]))
        with pytest.raises(TornCassette if end else NotACassette):
            Cassette.load(path)


def test_a_file_without_any_one_line_is_refused(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    for left_out in range(len(lines)):
        path.write_bytes(b"".join([*lines[:left_out], *lines[left_out + 1 :]]))
        with pytest.raises(CassetteError):
            Cassette.load(path)


def edited(path: Path, edit: Any) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    edit(document)
    path.write_text(json.dumps(document), encoding="utf-8")


EDITS = {
    "an interaction removed": lambda document: document["interactions"].pop(),
    "an answer changed": lambda document: document["interactions"][0]["response"]["status"].update(code=200),
    "a step changed": lambda document: document["interactions"][0]["counterpart"].update(step=2),
    "steps removed": lambda document: [each.pop("counterpart") for each in document["interactions"]],
    "metadata changed": lambda document: document["metadata"].update(recorded_against="live"),
    "seals removed": lambda document: [document["metadata"].pop(seal) for seal in ("count", "sha256")],
    "metadata removed": lambda document: document.pop("metadata"),
    "something added": lambda document: document["interactions"][0]["request"].update(comment="x"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_an_edited_file_is_torn(path: Path, edit: Any) -> None:
    edited(path, edit)

    with pytest.raises(TornCassette):
        Cassette.load(path)


def test_a_torn_file_says_how_much_is_missing(path: Path) -> None:
    edited(path, EDITS["an interaction removed"])

    with pytest.raises(TornCassette, match="it says 2 interactions and holds 1, so it was cut or edited"):
        Cassette.load(path)


def test_an_order_of_keys_is_no_edit(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(document, sort_keys=True), encoding="utf-8")

    assert Cassette.load(path) == CASSETTE


BROKEN: dict[str, tuple[bytes | None, type[CassetteError], str]] = {
    "missing": (None, MissingCassette, "there is no such recording"),
    "empty": (b" \n", NotACassette, "it is empty"),
    "torn": (b'{"version": 1, "inter', TornCassette, "its JSON text is broken, so it was cut or edited"),
    "binary": (b"\x89PNG\xff", NotACassette, "it is not UTF-8 (invalid start byte at byte 0)"),
    "other JSON": (b"[1]", NotACassette, "it is no cassette: it has no interactions"),
    "other YAML": (
        b"a: b: c",
        NotACassette,
        "it is no cassette: line 1: mapping values are not allowed in this context",
    ),
    "unknown version": (
        b'{"version": 2, "interactions": []}',
        UnknownVersion,
        "its format version is 2; this program knows 1",
    ),
    "no interactions": (
        b'{"version": 1, "interactions": []}',
        TornCassette,
        "its metadata lack count and sha256, so it was cut or edited",
    ),
    "misshapen": (
        b'{"version": 1, "interactions": [{"request": {"method": 7}, "response": {"status": {}}}]}',
        NotACassette,
        "it is no cassette: interactions.0.request.method is not text",
    ),
    "no address": (
        b'{"version":1,"interactions":[{"request":{"method":"GET","uri":"http://["},"response":{"status":{}}}]}',
        NotACassette,
        "it is no cassette: interactions.0.request.uri is not an address",
    ),
    "program objects": (
        b"version: 1\ninteractions: [!!python/object/apply:os.system [echo]]\n",
        NotACassette,
        "it is no cassette: line 2: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'",
    ),
    "many aliases": (
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 10)}]\n".encode() for i in range(9)
        ),
        NotACassette,
        "it is no cassette: more than 2000000 values",
    ),
    "part of itself": (
        b"a: &a [*a]\n",
        NotACassette,
        "it is no cassette: the alias *a refers to what it is part of",
    ),
    "deep YAML": (b"a: " + b"[" * 5000, NotACassette, "it is no cassette: nested deeper than 64 levels"),
    "deep JSON": (b"[" * 200_000, NotACassette, "it is no cassette: nested deeper than 64 levels"),
}


@pytest.mark.parametrize(("content", "kind", "cause"), BROKEN.values(), ids=list(BROKEN))
def test_an_unusable_file_says_place_cause_and_cure(
    tmp_path: Path, content: bytes | None, kind: type[CassetteError], cause: str
) -> None:
    path = tmp_path / "alone.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CassetteError) as refusal:
        Cassette.load(path, cure='pytest "x::alone" --record')

    assert type(refusal.value) is kind
    assert str(refusal.value) == f'{path}: {cause}. Record the scenario again: pytest "x::alone" --record'


def test_a_file_beyond_bounds_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "alone.yaml"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)

    with pytest.raises(NotACassette, match="it has 67108865 bytes, more than the 67108864 that are read"):
        Cassette.load(path)


def test_a_recording_of_something_else_is_refused(path: Path) -> None:
    assert Cassette.load(path, expected={"scenario": "order-invoice/create/alone"}) == CASSETTE

    with pytest.raises(WrongCassette) as refusal:
        Cassette.load(path, expected={"scenario": "order-invoice/create/empty"})

    assert str(refusal.value) == (
        f"{path}: its scenario is 'order-invoice/create/alone', expected 'order-invoice/create/empty'. "
        "Record the scenario again."
    )


def test_a_volatile_difference_keeps_the_file(tmp_path: Path) -> None:
    path = tmp_path / "alone.yaml"
    first = Cassette((CREATE,), {"recorded_on": "2026-03-01"})

    assert first.save(path, volatile=("recorded_on",))
    before = path.read_bytes()
    assert not Cassette((CREATE,), {"recorded_on": "2026-03-02"}).save(path, volatile=("recorded_on",))
    assert path.read_bytes() == before
    assert Cassette((READ,), {"recorded_on": "2026-03-02"}).save(path, volatile=("recorded_on",))
    assert Cassette.load(path).metadata == {"recorded_on": "2026-03-02"}


def test_a_torn_file_is_written_anew(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])

    assert CASSETTE.save(path)
    assert Cassette.load(path) == CASSETTE


SECRETS = Secrets({"shop-key": "KeyOfTheShop0123456789"})
LEAKS = {
    "address": (
        Exchange(1, "sync", "GET", "https://shop.example/?key=KeyOfTheShop0123456789", (), b"", 200, (), b""),
        {},
        "<shop-key> in interaction 1 (url)",
    ),
    "body": (
        Exchange(1, "sync", "GET", "https://shop.example/", (), b"", 200, (), b"S2V5T2ZUaGVTaG9wMDEyMzQ1Njc4OXgK"),
        {},
        "<shop-key> in interaction 1 (answer's body)",
    ),
    "metadata": (READ, {"generated": ["KeyOfTheShop0123456789"]}, "<shop-key> in the metadata"),
}


@pytest.mark.parametrize(("exchange", "metadata", "place"), LEAKS.values(), ids=list(LEAKS))
def test_a_cassette_with_a_secret_is_not_written(
    tmp_path: Path, exchange: Exchange, metadata: dict[str, Any], place: str
) -> None:
    path = tmp_path / "alone.yaml"

    with pytest.raises(UnsafeCassette) as refusal:
        Cassette((exchange,), metadata, SECRETS).save(path)

    assert refusal.value.places == (place,)
    assert "KeyOfTheShop" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


WRITER = """
import sys
from pathlib import Path
from counterpart.replay import Cassette, Exchange
path, number = Path(sys.argv[1]), 0
print("ready", flush=True)
while True:
    number += 1
    body = str(number).encode() * 20000
    exchange = Exchange(1, "sync", "GET", "https://shop.example/", (), b"", 200, (), body)
    Cassette((exchange,), {"number": number}).save(path)
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "alone.yaml"
    CASSETTE.save(path)
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            try:
                for _ in range(50):
                    Cassette.load(path)
            finally:
                writer.kill()
        Cassette.load(path)


def test_a_failed_write_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        Cassette((READ,)).save(path)

    assert [each.name for each in path.parent.iterdir()] == ["alone.yaml"]
    assert Cassette.load(path) == CASSETTE


def test_a_cassette_lies_where_its_scenario_says() -> None:
    root = Path("cassettes")

    assert path_for(root, "order-invoice/create", "alone") == Path("cassettes/order-invoice/create/alone.yaml")
    assert path_for(root, "order-invoice/create", "alone", "10-percent") == Path(
        "cassettes/order-invoice/create/alone--10-percent.yaml"
    )


def test_items_of_rows_lie_apart_whatever_their_properties_are_called() -> None:
    rows = [
        "property-source/Name>name",
        "property-source/name>name",
        "property-source/../name",
        "property-source/名>名",
    ]
    paths = [path_for(Path("cassettes"), f"order-invoice/{row}", "x") for row in rows]
    assert paths[0] == Path("cassettes/order-invoice/property-source-name-name-3c3ae3fd/x.yaml")
    assert len({str(path).lower() for path in paths}) == 4
    assert all(len(path.parts) == 4 for path in paths)


@pytest.mark.parametrize(
    ("item", "scenario", "row"),
    [("order-invoice", "a", None), ("../x", "a", None), ("a/b", "../a", None), ("a/b", "A", None), ("a/b", "a", "")],
)
def test_a_name_that_could_leave_the_folder_is_refused(item: str, scenario: str, row: str | None) -> None:
    with pytest.raises(ValueError, match="cannot be part of a cassette's name"):
        path_for(Path("cassettes"), item, scenario, row)
