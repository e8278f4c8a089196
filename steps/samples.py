"""Records that scenarios start from: what is required and nothing more, with believable names made up by faker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from steps.cast import RecordType

if TYPE_CHECKING:
    from faker import Faker

# Property path -> text as a feature would write it; references are filled in by the story.
Texts = dict[str, str]


def customer(fake: Faker) -> Texts:
    return {"number": fake.bothify("K-####"), "name": fake.company()}


def product(fake: Faker) -> Texts:
    return {
        "sku": fake.bothify("??-####").upper(),
        "name": fake.catch_phrase(),
        "unitPrice": f"{fake.pydecimal(left_digits=3, right_digits=2, positive=True)}",
        "currency": "EUR",
    }


def order(fake: Faker) -> Texts:
    return {
        "number": fake.bothify("SO-#####"),
        "customerId": "(a Customer)",
        "currency": "EUR",
        "orderDate": "2026-03-02",
        "status": "confirmed",
        "lines.1.productId": "(a Product)",
        "lines.1.description": fake.sentence(4).rstrip("."),
        "lines.1.quantity": "1",
        "lines.1.unitPrice": f"{fake.pydecimal(left_digits=3, right_digits=2, positive=True)}",
    }


MAKERS: Mapping[str, Callable[[Faker], Texts]] = {
    "Customerp Customer": customer,
    "Customerp Product": product,
    "Customerp Order": order,
}


def sample(kind: RecordType, fake: Faker) -> Texts:
    """The least that a record of this type consists of; nothing for systems whose records a scenario spells out."""
    maker = MAKERS.get(str(kind))
    return maker(fake) if maker else {}


def overlaid(base: Texts, given: Mapping[str, str]) -> Texts:
    """The sample with a scenario's own values laid over it; `lines` as `none` takes all lines away."""
    texts = {**base, **given}
    if texts.get("lines") == "none":
        texts = {path: text for path, text in texts.items() if not path.startswith("lines.")}
    return texts


def assembled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn dotted paths into a JSON body; numbers in a path are list positions counted from one."""
    body: dict[str, Any] = {}
    for path, value in values.items():
        node: Any = body
        segments = path.split(".")
        for segment, following in zip(segments, [*segments[1:], None], strict=True):
            if segment.isdigit():
                while len(node) < int(segment):
                    node.append({})
                node = node[int(segment) - 1]
            elif following is None:
                node[segment] = value
            else:
                node = node.setdefault(segment, [] if following.isdigit() else {})
    return body
