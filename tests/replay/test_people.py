"""Data of real people get stand-ins that keep matching, links and faults visible; made-up data stay readable."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpart.replay import Playing, Recording, Session
from counterpart.replay.audit import leaks_in
from counterpart.replay.people import Discreet, People

KEY = b"key of the test"
MASKS = Discreet({"shop-key": "KeyOfTheShop0123456789"}, People("| +47 22 00 00 00 |"), KEY)
REAL = {
    "e-mail": "ada.lovelace@gmail.com",
    "phone": "+44 20 7183 8750",
    "bank account": "GB29 NWBK 6016 1331 9268 19",
    "card": "4111 1111 1111 1111",
    "tax number": "DE811907980",
}


@pytest.mark.parametrize("value", REAL.values(), ids=list(REAL))
def test_equal_data_get_equal_stand_ins_and_nothing_is_left_to_find(value: str) -> None:
    text = json.dumps({"a": value, "b": f"see {value}, please"})

    masked = json.loads(MASKS.conceal(text))

    assert value not in json.dumps(masked)
    assert masked["b"] == f"see {masked['a']}, please"
    assert leaks_in(masked, declared="") == []
    assert MASKS.conceal(json.dumps(masked)) == json.dumps(masked), "a replay masks nothing twice"
    assert Discreet({}, People(""), b"another key").conceal(value) != masked["a"]


def test_data_under_a_telling_name_are_masked_whatever_their_form() -> None:
    masked = MASKS.conceal('{"phone": "0207 183 8750", "taxId": "912 345 678", "name": "Ada"}')

    assert {name: value[:7] for name, value in json.loads(masked).items()} == {
        "phone": "<value-",
        "taxId": "<value-",
        "name": "Ada",
    }
    assert "0207" not in MASKS.conceal("https://shop.example/customers?phone=0207&page=1")


@pytest.mark.parametrize(
    "text", ["ap@nordlicht.example", "+44 20 7946 0123", "+47 22 00 00 00", '{"phone": null}', "30"]
)
def test_what_is_made_up_stays_readable(text: str) -> None:
    assert MASKS.conceal(text) == text
    assert MASKS.conceal_body(text.encode()) == text.encode()


@given(st.emails(domains=st.just("gmail.com")).filter(lambda each: each.isascii()))
def test_lower_casing_before_or_after_comes_to_the_same(address: str) -> None:
    assert MASKS.conceal(address).lower() == MASKS.conceal(address.lower()).lower()


def a_program_that_carries_addresses(session: Session, *, lower: bool) -> None:
    client = httpx.Client(transport=session.transport("sync"))
    session.begin_step(1, "carry")
    address = client.get("https://shop.example/customers/7").json()["email"]
    client.post("https://office.example/people", json={"email": address.lower() if lower else address})
    session.end_step()
    session.finish()


def test_a_replay_goes_on_with_stand_ins_and_still_sees_that_a_program_lower_cases() -> None:
    def shop(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"email": "Ada.Lovelace@Gmail.com"})

    def office(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, json={"id": 1, **json.loads(request.content)})

    systems: dict[str, Any] = {
        "https://shop.example": httpx.MockTransport(shop),
        "https://office.example": httpx.MockTransport(office),
    }
    recording = Recording(systems, MASKS, lambda seconds: None)
    a_program_that_carries_addresses(recording, lower=True)
    cassette = recording.cassette({})
    told = cassette.dumps()

    assert "lovelace" not in told.lower()
    a_program_that_carries_addresses(Playing(cassette, MASKS, lambda seconds: None), lower=True)
    faulty = Playing(cassette, MASKS, lambda seconds: None)
    with pytest.raises(BaseException, match=r"body\.email"):
        a_program_that_carries_addresses(faulty, lower=False)
