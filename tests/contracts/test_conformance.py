"""Both emulators keep what their contracts promise, under generated requests; fixed seed, bounded."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
import yaml
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from counterpart.emulators import Clock, Customerp, Invoiced, Server, seed_data

CONTRACTS = Path(__file__).parents[2] / "contracts"
# `make fuzz` asks for more examples, and for others each time.
FUZZ = os.environ.get("COUNTERPART_FUZZ_EXAMPLES")
EXAMPLES = int(FUZZ or 16)
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=FUZZ is None,
    print_blob=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
# Only the links that the contracts declare: guessed ones, by likeness of names, crowd them out of a bounded run.
DECLARED_LINKS = SchemathesisConfig.from_dict({"phases": {"stateful": {"inference": {"algorithms": []}}}})


@dataclass(frozen=True)
class Exclusion:
    """A check that a faithful API fails, and in which operations; `mode` None is for generated requests of any kind.

    `source` is the contract where that states the rule; for Invoiced the section of the API reference and its
    evidence: documented (D), observed in an implementation (O), or our choice where nothing is known.
    """

    contract: str
    operations: str
    check: Callable[..., Any]
    why: str
    source: str
    mode: GenerationMode | None = None


POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
EXCLUDED = [
    Exclusion("customerp", "listCustomers listProducts listOrders", checks.positive_data_acceptance,
              "a cursor is opaque: only one that the API gave is accepted, whatever its schema says", "contract"),
    Exclusion("customerp", "createCustomer createProduct", checks.positive_data_acceptance,
              "texts are bounded in bytes, and an Idempotency-Key goes with one body", "contract"),
    Exclusion("customerp", "createOrder", checks.positive_data_acceptance,
              "the customer and the products that it names must exist, which no schema says", "contract"),
    Exclusion("customerp", "changeCustomer changeProduct changeOrder deleteCustomer deleteProduct deleteOrder",
              checks.positive_data_acceptance, "an If-Match of another version is refused with 412", "contract"),
    Exclusion("customerp", "changeCustomer changeProduct changeOrder deleteCustomer deleteProduct deleteOrder",
              checks.negative_data_rejection, "412 is a refusal, which the check does not count as one", "contract"),
    Exclusion("customerp-minimal", "createCustomer createProduct changeCustomer changeProduct",
              checks.positive_data_acceptance, "texts are bounded in bytes, which no schema says", "contract"),
    Exclusion("customerp-minimal", "createOrder changeOrder", checks.positive_data_acceptance,
              "the customer, products and lines that it names must exist, which no schema says", "contract"),
    Exclusion("invoiced",
              "listCustomers listContacts listItems listInvoices listCoupons listTaxRates listPayments listWebhooks "
              "listWebhookAttempts", checks.negative_data_rejection,
              "a page that is no number is the first, sorts and times that cannot be read are ignored", "2.1, 2.2 O"),
    Exclusion("invoiced", "listEvents", checks.negative_data_rejection,
              "unknown parameters are ignored, times that are no numbers as well", "2.2 O"),
    Exclusion("invoiced", "retrieveCustomer retrieveItem retrieveInvoice", checks.negative_data_rejection,
              "retrieving ignores query parameters that it does not know or cannot read", "2.2 O"),
    Exclusion("invoiced", "listCustomers listItems listInvoices", checks.positive_data_acceptance,
              "an advanced filter takes the fields of the record only", "2.2 O"),
    Exclusion("invoiced", "createCustomer changeCustomer", checks.negative_data_rejection,
              "texts without a rule take numbers, null resets the country, unknown shapes of `expand` are ignored",
              "3.2, 3.3 O"),
    Exclusion("invoiced", "createItem changeItem", checks.negative_data_rejection,
              "texts without a rule take numbers, and a change ignores what only creation sets", "3.3, 4.2 O"),
    Exclusion("invoiced", "createInvoice changeInvoice", checks.negative_data_rejection,
              "a quantity or price that is no number becomes 0, unknown rates drop, items that are no list are none",
              "5.3, 5.4 O"),
    Exclusion("invoiced", "createCustomer changeCustomer", checks.positive_data_acceptance,
              "codes come from lists, a parent must exist, lengths are counted in bytes", "1.4, 3.2 D, O"),
    Exclusion("invoiced", "createItem changeItem", checks.positive_data_acceptance,
              "currency codes come from a list, metadata is bounded in bytes", "3.5, 4.2 D, O"),
    Exclusion("invoiced", "createInvoice changeInvoice", checks.positive_data_acceptance,
              "the customer must exist, a negative total or a change of what is closed is refused", "5.2, 5.5 D, O"),
    Exclusion("invoiced", "createCoupon createTaxRate", checks.positive_data_acceptance,
              "currency codes come from a list, percent end at 100, an id in use is refused as for items", "4.3 O"),
    Exclusion("invoiced", "createPayment", checks.positive_data_acceptance,
              "the customer and the invoices that it names must exist and be open", "5.1 D"),
    Exclusion("invoiced", "deleteCustomer", checks.positive_data_acceptance,
              "a customer with invoices in whatever state stays", "3.4 O"),
    Exclusion("invoiced", "deleteInvoice", checks.positive_data_acceptance,
              "an invoice with a payment stays", "5.5 O"),
    Exclusion("invoiced", "voidInvoice", checks.positive_data_acceptance,
              "what is voided or paid cannot be voided", "5.5 O"),
    Exclusion("invoiced", "mergeCustomers", checks.positive_data_acceptance,
              "the other customer must exist and be active", "3.4 O"),
    Exclusion("invoiced", "mergeCustomers", not_a_server_error,
              "merging a customer with itself is answered with 500", "3.4 O"),
    Exclusion("invoiced", "readBalance", checks.positive_data_acceptance,
              "currency codes come from a list of the API's own", "5.4 O"),
    Exclusion("invoiced", "createCustomer changeCustomer createItem changeItem createInvoice changeInvoice",
              checks.response_schema_conformance,
              "a write echoes values as they were sent; only a later GET shows them as stored", "3.3, 3.5 O", NEGATIVE),
    Exclusion("invoiced", "archiveItem retrieveItem changeItem", checks.use_after_free,
              "an archived item still answers, takes changes, and may be archived again", "4.3 O"),
    Exclusion("invoiced", "archiveCoupon retrieveCoupon changeCoupon archiveTaxRate retrieveTaxRate changeTaxRate",
              checks.use_after_free, "rates are archived as items are", "chosen"),
]  # fmt: skip

# Nullable properties of Customerp whose texts have a form.
PATTERNED = ("email", "currency", "country", "dueDate")


def excluded(name: str, operation_id: str, mode: GenerationMode | None) -> list[Callable[..., Any]]:
    """The checks that do not apply to an operation; links are followed with requests of both modes."""
    return [
        each.check
        for each in EXCLUDED
        if each.contract == name and operation_id in each.operations.split() and each.mode in (None, mode or each.mode)
    ]


def document(name: str) -> dict[str, Any]:
    """A contract as parsed YAML."""
    parsed: dict[str, Any] = yaml.safe_load((CONTRACTS / f"{name}.openapi.yaml").read_text("utf-8"))
    return parsed


DOCUMENTS = {name: document(name) for name in ("customerp", "customerp-minimal", "invoiced")}
OPERATIONS = [
    (name, path[verb]["operationId"])
    for name, contract in DOCUMENTS.items()
    for path in contract["paths"].values()
    for verb in ("get", "post", "patch", "delete")
    if verb in path
]


@dataclass(frozen=True)
class Side:
    """One emulator over HTTP: where it answers, what opens it, and its contract as schemathesis reads it."""

    name: str
    url: str
    headers: dict[str, str]
    schema: Any
    session: requests.Session
    reset: Callable[[], None]

    def excluded(
        self, operation_id: str, case: schemathesis.Case, mode: GenerationMode | None
    ) -> list[Callable[..., Any]]:
        """The checks that do not apply to a generated request.

        What the generator made wrong may be right once it arrives: an empty list leaves nothing in a query, and
        Customerp's contract reads an empty text as null even where a pattern does not let it be empty.
        """
        body = case.body if isinstance(case.body, dict) and self.name != "invoiced" else {}
        address = body.get("address")
        texts = body | (address if isinstance(address, dict) else {})
        harmless = any(texts.get(name) == "" for name in PATTERNED) or [] in dict(case.query or {}).values()
        return excluded(self.name, operation_id, mode) + ([checks.negative_data_rejection] if harmless else [])

    def check(
        self, case: schemathesis.Case, mode: GenerationMode | None, recorder: Any = None
    ) -> schemathesis.Response:
        """Send a generated request and judge the answer."""
        operation_id = self.schema.get_operation_id(case.operation)
        for name in FRAMING & {each.lower() for each in case.headers or ()}:
            del case.headers[name]
        if self.name == "invoiced" and case.headers and "Idempotency-Key" in case.headers:
            # A key used twice answers for another operation there: the cache knows no method and no path.
            case.headers["Idempotency-Key"] = f"key-{next(_keys):08d}"
        response = case.call(base_url=self.url, session=self.session, headers=self.headers)
        case.validate_response(
            response,
            excluded_checks=self.excluded(operation_id, case, mode),
            transport_kwargs={"headers": self.headers, "session": self.session},
            recorder=recorder,
        )
        return response


_keys = itertools.count(1)
# Invented values of these make no request of HTTP: the server refuses it before the API sees it.
FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "expect", "upgrade", "host"})


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, Side]]:
    clock = Clock(datetime(2026, 3, 1, 8, tzinfo=UTC))
    invoiced, customerp, least = Invoiced(clock), Customerp(clock), Customerp(clock, profile="minimal")
    seed_data(Invoiced(clock), least, seed=7, customers=4)
    seed_data(invoiced, customerp, seed=7, customers=4)
    emulators: dict[str, Invoiced | Customerp] = {
        "invoiced": invoiced, "customerp": customerp, "customerp-minimal": least,
    }  # fmt: skip
    seeded = {name: emulator.snapshot() for name, emulator in emulators.items()}

    def reset() -> None:
        for name, emulator in emulators.items():
            emulator.restore(seeded[name])

    session = requests.Session()
    session.trust_env = False
    with Server(emulators) as server, session:
        yield {
            name: Side(
                name,
                server.urls[name],
                {"Authorization": emulator.authorization},
                schemathesis.openapi.from_dict(document(name), config=DECLARED_LINKS),
                session,
                reset,
            )
            for name, emulator in emulators.items()
        }


@pytest.fixture
def sides(served: dict[str, Side]) -> dict[str, Side]:
    served["invoiced"].reset()
    return served


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("name", "operation_id"), OPERATIONS)
def test_answers_as_the_contract_says(
    sides: dict[str, Side], name: str, operation_id: str, mode: GenerationMode
) -> None:
    side = sides[name]
    operation = side.schema.find_operation_by_id(operation_id)

    @SETTINGS
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def run(case: schemathesis.Case) -> None:
        side.check(case, mode)

    run()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_follows_the_links_between_operations(sides: dict[str, Side], name: str) -> None:
    side = sides[name]
    followed: Counter[str] = Counter()

    class Machine(side.schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            super().setup()
            side.reset()

        def step(self, input: Any) -> Any:  # noqa: A002 - schemathesis's name
            if input.transition is not None:
                followed[input.transition.id] += 1
            return super().step(input)

        def call(self, case: schemathesis.Case, **_: Any) -> schemathesis.Response:
            return side.check(case, None, self.recorder)

        def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **_: Any) -> None:
            """Judged in `call` already, with this contract's exclusions."""

    Machine.run(settings=hypothesis.settings(SETTINGS, stateful_step_count=8))
    # Each link has a test of its own in test_examples.py; this is for runs that follow next to none.
    assert sum(followed.values()) >= EXAMPLES // 2, followed


def test_every_exclusion_names_its_operations_and_its_source() -> None:
    for each in EXCLUDED:
        operations = each.operations.split()
        assert {(each.contract, operation) for operation in operations} <= set(OPERATIONS), each
        assert re.fullmatch(r"contract|chosen|[1-9]\.[1-9](, [1-9]\.[1-9])* (D|O|D, O)", each.source), each
