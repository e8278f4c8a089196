"""The contracts' examples tell one story that the emulators accept, and each link leads on to a record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from schemathesis.core.result import Ok
from schemathesis.generation.stateful.state_machine import StepOutput
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from counterpart.emulators import Clock, Customerp, Invoiced, Server

CONTRACTS = Path(__file__).parents[2] / "contracts"
DOCUMENTS: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((CONTRACTS / f"{name}.openapi.yaml").read_text("utf-8"))
    for name in ("customerp", "customerp-minimal", "invoiced")
}
# Creations in the order in which they rest on each other, played with their examples on an empty system.
STORIES = {
    "customerp": ["createProduct", "createCustomer", "createOrder"],
    "customerp-minimal": ["createProduct", "createCustomer", "createOrder"],
    "invoiced": [
        "createWebhook", "createTaxRate", "createCoupon", "createItem", "createCustomer", "createContact",
        "createInvoice", "createPayment",
    ],
}  # fmt: skip
# The ids that the records of the stories get, which the examples name.
IDS: dict[str, dict[str, Any]] = {
    "customers": {"customerp": "CU000001", "invoiced": 70001},
    "products": {"customerp": "PR000001"},
    "orders": {"customerp": "OR000001"},
    "items": {"invoiced": "site-visit"},
    "invoices": {"invoiced": 880001},
    "coupons": {"invoiced": "ten"},
    "tax_rates": {"invoiced": "local"},
    "payments": {"invoiced": 330001},
    "events": {"invoiced": 9300001},
    "webhooks": {"invoiced": 4001},
    "webhook_attempts": {"invoiced": 6001},
}
CONTACT = 100001
OPERATIONS = {
    (name, operation["operationId"]): (path, verb, operation)
    for name, document in DOCUMENTS.items()
    for path, verbs in document["paths"].items()
    for verb, operation in verbs.items()
    if verb in {"get", "post", "patch", "delete"}
}
LINKS = [
    (name, source, link)
    for (name, source), (_, _, operation) in OPERATIONS.items()
    for answer in operation["responses"].values()
    for link in answer.get("links", {})
]


class Told:
    """An empty system whose contract's examples can be played."""

    def __init__(self, name: str, url: str, emulator: Any) -> None:
        self.name, self.url, self.emulator = name, url, emulator
        self.schema = schemathesis.openapi.from_dict(DOCUMENTS[name])
        self.session = requests.Session()
        self.session.trust_env = False

    def tell(self, until: str) -> None:
        """Play the story up to a creation, or all of it, on an empty system."""
        self.emulator.reset(0)
        story = STORIES[self.name]
        for operation_id in story[: story.index(until)] if until in story else story:
            assert self.call(operation_id).response.status_code == 201

    def before(self, operation_id: str) -> None:
        """Play what an operation rests on: for a creation what comes before it, else its records and no more."""
        story = STORIES[self.name]
        path = OPERATIONS[self.name, operation_id][0]
        creations = [each for each in story if path.startswith(OPERATIONS[self.name, each][0])]
        if operation_id in story or not creations:
            self.tell(operation_id)
        else:
            self.tell(next(iter(story[story.index(creations[-1]) + 1 :]), ""))
        if operation_id == "mergeCustomers":
            assert self.call("createCustomer", body={"number": "K-1010"}).response.status_code == 201

    def call(self, operation_id: str, parameters: Any = None, body: Any = None) -> StepOutput:
        """Call an operation with its example and the ids of the story, unless others are given."""
        path, _, operation = OPERATIONS[self.name, operation_id]
        content = operation.get("requestBody", {}).get("content", {})
        media_type = next(iter(content), None)
        system = self.name.removesuffix("-minimal")
        ids = {"id": IDS.get(path.split("/")[1], {}).get(system), "contact": CONTACT}
        given = {name: dict(values) for name, values in (parameters or {}).items()}
        given["path_parameters"] = {name: value for name, value in ids.items() if f"{{{name}}}" in path} | given.get(
            "path_parameters", {}
        )
        if media_type is not None:
            given["body"] = content[media_type]["example"] | (body or {})
        case = self.schema.find_operation_by_id(operation_id).Case(media_type=media_type, **given)
        headers = {"Authorization": self.emulator.authorization}
        return StepOutput(case.call(base_url=self.url, session=self.session, headers=headers), case)


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, Told]]:
    clock = Clock(datetime(2026, 3, 1, 8, tzinfo=UTC))
    emulators: dict[str, Any] = {
        "invoiced": Invoiced(clock),
        "customerp": Customerp(clock),
        "customerp-minimal": Customerp(clock, profile="minimal"),
    }
    with Server(emulators) as server:
        yield {name: Told(name, server.urls[name], emulator) for name, emulator in emulators.items()}


@pytest.mark.parametrize(("name", "operation_id"), OPERATIONS)
def test_the_example_of_an_operation_succeeds(systems: dict[str, Told], name: str, operation_id: str) -> None:
    system = systems[name]
    system.before(operation_id)
    answer = system.call(operation_id).response
    assert answer.status_code < 300, answer.text


@pytest.mark.parametrize(("name", "source", "link"), LINKS)
def test_a_link_leads_on(systems: dict[str, Told], name: str, source: str, link: str) -> None:
    system = systems[name]
    system.before(source)
    output = system.call(source)
    _, _, operation = OPERATIONS[name, source]
    status, answer = next((status, a) for status, a in operation["responses"].items() if link in a.get("links", {}))
    assert str(output.response.status_code) == status
    declared = OpenApiLink(link, status, answer["links"][link], system.schema.find_operation_by_id(source))
    transition = declared.extract(output)
    parameters: dict[str, dict[str, Any]] = {}
    for container, values in transition.parameters.items():
        for parameter, extracted in values.items():
            assert isinstance(extracted.value, Ok), extracted
            parameters.setdefault(str(container), {})[parameter] = extracted.value.ok()
    body = None if transition.request_body is None else transition.request_body.value.ok()
    reached = system.call(answer["links"][link]["operationId"], parameters, body).response
    assert reached.status_code < 300, (parameters, body, reached.text)


@pytest.mark.parametrize(
    ("kind", "read"), [("Customer", "readCustomer"), ("Product", "readProduct"), ("Order", "readOrder")]
)
@pytest.mark.parametrize("name", ["customerp", "customerp-minimal"])
def test_a_record_reads_as_its_schema_shows_it(systems: dict[str, Told], name: str, kind: str, read: str) -> None:
    systems[name].tell("")
    assert DOCUMENTS[name]["components"]["schemas"][kind]["examples"] == [systems[name].call(read).response.json()]
