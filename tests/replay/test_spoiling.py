"""Answers that were spoiled on purpose are excused by name; whatever else breaks the contract is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from counterpart.replay import Cassette, Exchange
from counterpart.replay.contracts import Contract
from counterpart.replay.spoiling import SPOILED, spoiled_in
from counterpart.replay.survey import survey

SHOWN = {"id": 7, "number": "A-1", "lines": [{"sku": "x"}]}
READ = Exchange(
    step=1,
    actor="sync",
    method="GET",
    url="https://shop.example/v1/orders/7",
    request_headers=(("authorization", "Basic <shop-key>"),),
    request_body=b"",
    status=200,
    response_headers=(("content-type", "application/json"),),
    response_body=json.dumps(SHOWN).encode(),
)
LACKS_ID = 'readOrder: answer-body-invalid at answer 200 /: "id" is a required property'
LACKS_NUMBER = 'readOrder: answer-body-invalid at answer 200 /: "number" is a required property'


@pytest.fixture(scope="module")
def shop() -> Contract:
    return Contract(yaml.safe_load((Path(__file__).parent / "shop.openapi.yaml").read_text("utf-8")), "shop")


def lacking(*names: str) -> Exchange:
    shown = {name: value for name, value in SHOWN.items() if name not in names}
    return replace(READ, response_body=json.dumps(shown).encode())


def told(shop: Contract, *exchanges: Exchange, **metadata: Any) -> list[str]:
    """The violations in which a survey of this recording ends."""
    found = survey([("a.yaml", Cassette(exchanges, metadata))], [shop])
    return [str(each).removeprefix("a.yaml: ").replace("shop.", "") for each in found.violations]


def test_a_trouble_excuses_the_answer_that_it_struck_and_no_other(shop: Contract) -> None:
    played = (READ, lacking("id"), lacking("id"))

    spoiled = spoiled_in(Cassette(played), [shop], [("GET /orders/7", "id")])

    assert spoiled == {"2": "id"}
    assert told(shop, *played, **{SPOILED: spoiled}) == [f"interaction 3: {LACKS_ID}"]


def test_without_a_trouble_nothing_is_excused(shop: Contract) -> None:
    assert spoiled_in(Cassette((lacking("id"),)), [shop], []) == {}
    assert spoiled_in(Cassette((lacking("id"),)), [shop], [("GET /orders/8", "id")]) == {}
    assert spoiled_in(Cassette((lacking("id"),)), [shop], [("GET /orders/7", "number")]) == {}


def test_only_what_was_taken_out_is_excused(shop: Contract) -> None:
    assert told(shop, lacking("id", "number"), spoiled={"1": "id"}) == [f"interaction 1: {LACKS_NUMBER}"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {"1": "id"},
            ["interaction 1: metadata: not-spoiled at spoiled: the recording says that the answer lacks 'id' on "
             "purpose, and it does not"],
        ),
        (
            {"9": "id"},
            ["interaction 9: metadata: not-spoiled at spoiled: the recording says that the answer lacks 'id' on "
             "purpose, and it does not"],
        ),
    ],
    ids=["a whole answer", "an answer that is not there"],
)  # fmt: skip
def test_an_excuse_that_excuses_nothing_is_told(shop: Contract, said: Mapping[str, str], expected: list[str]) -> None:
    assert told(shop, READ, spoiled=said) == expected


def test_a_live_recording_has_no_excuse(shop: Contract) -> None:
    said = {"spoiled": {"1": "id"}, "recorded_against": "live shop.example"}
    assert told(shop, lacking("id"), **said) == [f"interaction 1: {LACKS_ID}"]


def test_every_excuse_is_shown(shop: Contract) -> None:
    found = survey([("a.yaml", Cassette((lacking("id"),), {"spoiled": {"1": "id"}}))], [shop])
    assert found.violations == ()
    said = "Spoiled on purpose while they were recorded, and no violations for that:"
    assert f"{said}\n  a.yaml: interaction 1: shop.{LACKS_ID}\n" in found.to_text()
    assert [(each["meant"], each["rule"]) for each in found.to_dict()["findings"]] == [(True, "answer-body-invalid")]
    assert [each["level"] for each in found.to_sarif()["runs"][0]["results"]] == ["note"]
