"""Which recordings are stale: by age, by what of the contracts they use, by who plays them."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpart.replay import Cassette, Exchange
from counterpart.replay.contracts import Contract
from counterpart.replay.staleness import Standing, parts_used, statuses

DOCUMENT = yaml.safe_load((Path(__file__).parent / "shop.openapi.yaml").read_text("utf-8"))
TODAY = date(2026, 6, 1)
ORDER = json.dumps({"id": 7, "number": "A-1", "lines": [{"sku": "x"}]}).encode()
READ = Exchange(1, "sync", "GET", "https://shop.example/v1/orders/7", (), b"", 200, (), ORDER)
DELETE = replace(READ, method="DELETE", status=204, response_body=b"")
CREATE = replace(READ, method="POST", url="https://shop.example/v1/orders", status=201)


def contract(change: Callable[[Any], object] = lambda document: None) -> Contract:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return Contract(document, "shop.openapi.yaml", sha256=hashlib.sha256(repr(document).encode()).hexdigest())


def keep(root: Path, name: str, exchanges: tuple[Exchange, ...], **metadata: Any) -> Path:
    known = contract()
    said = {
        "recorded_on": "2026-05-30",
        "recorded_against": "emulator 1",
        "contracts": {known.name: known.sha256},
        "contract_parts": parts_used(Cassette(exchanges), [known]),
    }
    Cassette(exchanges, {**said, **metadata}).save(root / name)
    return root / name


def told(root: Path, wanted: list[Path], now: Contract | None = None, **options: Any) -> list[str]:
    return list(map(str, statuses(root, wanted, [now or contract()], TODAY, **options)))


def test_a_recording_says_which_parts_it_uses() -> None:
    known = contract()
    parts = parts_used(Cassette((READ, DELETE)), [known])

    assert list(parts) == [
        "shop.deleteOrder 204",
        "shop.deleteOrder request",
        "shop.readOrder 200",
        "shop.readOrder request",
    ]
    read = known.route("GET", "/orders/7")
    assert read is not None
    assert parts["shop.readOrder 200"] == read.operation.parts["200"]


def test_every_standing_is_listed(tmp_path: Path) -> None:
    old = keep(tmp_path, "old.yaml", (READ,), recorded_on="2026-03-02")
    edge = keep(tmp_path, "edge.yaml", (READ,), recorded_on="2026-03-03")
    keep(tmp_path, "unused.yaml", (READ,))
    (tmp_path / "torn.yaml").write_text("{")

    assert told(tmp_path, [old, edge, tmp_path / "torn.yaml", tmp_path / "new.yaml"]) == [
        "edge.yaml: fresh; 90 days old, against emulator 1",
        "new.yaml: never recorded",
        "old.yaml: too old; 91 days old, against emulator 1",
        "torn.yaml: unusable; against nobody knows what; its JSON text is broken, so it was cut or edited",
        "unused.yaml: unused; 2 days old, against emulator 1",
    ]


def test_age_limits_go_by_host(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.yaml", (READ,), recorded_on="2026-05-01")

    assert [each.fresh for each in statuses(tmp_path, [path], [contract()], TODAY)] == [True]
    strict = {"shop.example": timedelta(days=7)}
    assert [each.standings for each in statuses(tmp_path, [path], [contract()], TODAY, limits=strict)] == [
        (Standing.TOO_OLD,)
    ]


def test_of_several_hosts_the_strictest_limit_counts(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.yaml", (READ, replace(READ, url="https://office.example/x")), recorded_on="2026-05-01")
    limits = {"shop.example": timedelta(days=7), "office.example": timedelta(days=400)}

    assert statuses(tmp_path, [path], [contract()], TODAY, limits=limits)[0].standings == (Standing.TOO_OLD,)


def test_a_recording_without_a_day_is_too_old(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.yaml", (READ,), recorded_on="yesterday")

    assert statuses(tmp_path, [path], [contract()], TODAY)[0].standings == (Standing.TOO_OLD,)


ORDER_SCHEMA = ("components", "schemas", "Order")


def at(document: Any, *path: str) -> Any:
    for each in path:
        document = document[each]
    return document


# What changes in the contract, and which of the recordings `read`, `delete` and `create` it makes stale.
CHANGES: dict[str, tuple[Callable[[Any], object], set[str]]] = {
    "nothing": (lambda d: None, set()),
    "a link": (
        lambda d: at(d, "paths", "/orders", "post", "responses")[201].update(links={"x": {"operationId": "readOrder"}}),
        set(),
    ),
    "a description": (lambda d: at(d, *ORDER_SCHEMA).update(description="An order."), set()),
    "an example": (lambda d: at(d, *ORDER_SCHEMA, "properties", "number").update(examples=["B-1"]), set()),
    "the order of keys": (lambda d: d.update(paths=dict(reversed(d["paths"].items()))), set()),
    "the order of a set": (lambda d: at(d, *ORDER_SCHEMA)["required"].reverse(), set()),
    "another operation": (lambda d: at(d, "paths", "/orders/latest", "get").update(security=[]), set()),
    "a schema of two": (
        lambda d: at(d, *ORDER_SCHEMA, "properties").update(note={"type": "string"}),
        {"read", "create"},
    ),
    "deep in it": (lambda d: at(d, "components", "schemas", "Line", "required").append("parts"), {"read", "create"}),
    "a property called description": (
        lambda d: at(d, *ORDER_SCHEMA, "properties").update(description={"type": "string"}),
        {"read", "create"},
    ),
    "a parameter of two": (
        lambda d: at(d, "paths", "/orders/{id}")["parameters"][0]["schema"].update(minimum=2),
        {"read", "delete"},
    ),
    "one request": (
        lambda d: at(d, "paths", "/orders", "post")["parameters"][0]["schema"].update(minLength=5),
        {"create"},
    ),
    "a status nobody met": (
        lambda d: at(d, "paths", "/orders", "post", "responses").update({"4XX": {"description": "No.", "content": {}}}),
        set(),
    ),
    "an operation that is gone": (lambda d: at(d, "paths", "/orders/{id}").pop("delete"), {"delete"}),
    "the credentials of all": (lambda d: d.update(security=[]), {"read", "delete", "create"}),
    "the server": (lambda d: d["servers"][0].update(url="https://shop.example/v2"), {"read", "delete", "create"}),
}


@pytest.mark.parametrize(("change", "stale"), CHANGES.values(), ids=list(CHANGES))
def test_what_a_change_of_the_contract_makes_stale(
    change: Callable[[Any], object], stale: set[str], tmp_path: Path
) -> None:
    recorded = {"read": READ, "delete": DELETE, "create": CREATE}
    wanted = [keep(tmp_path, f"{name}.yaml", (exchange,)) for name, exchange in recorded.items()]

    found = statuses(tmp_path, wanted, [contract(change)], TODAY)

    assert {each.cassette.removesuffix(".yaml") for each in found if each.standings == (Standing.DRIFTED,)} == stale
    assert all(each.fresh for each in found if each.cassette.removesuffix(".yaml") not in stale)


def test_drift_is_named_by_part(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.yaml", (DELETE,))

    changed = contract(lambda d: at(d, "paths", "/orders/{id}", "delete").update(security=[]))
    gone = contract(lambda d: at(d, "paths", "/orders/{id}").pop("delete"))

    assert statuses(tmp_path, [path], [changed], TODAY)[0].drift == ("shop.deleteOrder request",)
    assert statuses(tmp_path, [path], [gone], TODAY)[0].drift == (
        "shop.deleteOrder 204 is gone",
        "shop.deleteOrder request is gone",
    )


def test_a_recording_that_does_not_say_what_it_uses_rests_on_everything(tmp_path: Path) -> None:
    path = keep(tmp_path, "a.yaml", (DELETE,), contract_parts=None)

    assert statuses(tmp_path, [path], [contract()], TODAY)[0].fresh
    described = contract(lambda d: d["info"].update(title="The shop"))
    assert statuses(tmp_path, [path], [described], TODAY)[0].drift == ("shop.openapi.yaml",)


LIVE = {"recorded_against": "live shop.example"}
DATED = replace(READ, response_headers=(("date", "Sat, 30 May 2026 10:00:00 GMT"),))
DOUBTS = {
    "as it says": (DATED, LIVE, ""),
    "an emulator relabelled": (
        replace(DATED, url="https://shop.emulator.example/v1/orders/7"),
        LIVE,
        "it says live, and shop.emulator.example is an emulator",
    ),
    "no Date": (READ, LIVE, "it says live, and no answer has a Date"),
    "another day": (
        replace(READ, response_headers=(("date", "Mon, 02 Mar 2026 08:00:00 GMT"),)),
        LIVE,
        "it says live on 2026-05-30, and an answer is of Mon, 02 Mar 2026 08:00:00 GMT",
    ),
    "no date at all": (
        replace(READ, response_headers=(("date", "today"),)),
        LIVE,
        "it says live, and an answer has the Date 'today'",
    ),
    "an emulator that says so": (READ, {}, ""),
}


@pytest.mark.parametrize(("exchange", "metadata", "cause"), DOUBTS.values(), ids=list(DOUBTS))
def test_provenance_is_believed_when_the_answers_agree(
    exchange: Exchange, metadata: Any, cause: str, tmp_path: Path
) -> None:
    path = keep(tmp_path, "a.yaml", (exchange,), **metadata)

    found = statuses(tmp_path, [path], [contract()], TODAY)[0]

    assert (found.cause, Standing.NOT_BELIEVED in found.standings) == (cause, bool(cause))
