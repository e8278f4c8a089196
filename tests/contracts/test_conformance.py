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

# What a faithful API fails: (contract, start of the operation id or None for all, mode or None for both, check, why).
# Every reason names a rule of the API. Customerp's stand in its contract; behind Invoiced's stands the evidence:
# documented (D), observed in an implementation (O), or our choice where nothing is known.
EXCLUDED: list[tuple[str, str | None, GenerationMode | None, Callable[..., Any], str]] = [
    ("customerp", "list", GenerationMode.POSITIVE, checks.positive_data_acceptance,
     "a cursor is opaque: only one that the API gave is accepted, whatever its schema says"),
    ("customerp", "create", GenerationMode.POSITIVE, checks.positive_data_acceptance,
     "lengths of numbers are counted in bytes, and what a record refers to must exist; a schema says neither"),
    ("customerp", "change", GenerationMode.POSITIVE, checks.positive_data_acceptance,
     "an If-Match of another version is refused, and references and line ids must exist"),
    ("customerp", "delete", None, checks.positive_data_acceptance, "another version in If-Match is refused with 412"),
    ("customerp", "change", GenerationMode.NEGATIVE, checks.negative_data_rejection,
     "412 is a refusal, which the check does not count as one"),
    ("customerp", "delete", GenerationMode.NEGATIVE, checks.negative_data_rejection,
     "412 is a refusal, which the check does not count as one"),
    ("invoiced", "list", None, checks.negative_data_rejection,
     "unknown parameters, bad numbers and unknown sort columns are ignored, not refused (O)"),
    ("invoiced", "list", None, checks.positive_data_acceptance,
     "metadata keys beyond A-Z a-z 0-9 _ - are refused for items (O)"),
    ("invoiced", "create", None, checks.negative_data_rejection,
     "unknown attributes are ignored, free text takes numbers, bad line values become 0, unknown rates drop (O)"),
    ("invoiced", "change", None, checks.negative_data_rejection,
     "as for creation; and attributes that only creation sets are ignored on items (O)"),
    ("invoiced", "retrieve", None, checks.negative_data_rejection, "unknown query parameters are ignored (O)"),
    ("invoiced", "create", None, checks.positive_data_acceptance,
     "codes come from lists, lengths are bytes, references must exist, a negative total is refused (D, O)"),
    ("invoiced", "change", None, checks.positive_data_acceptance,
     "as for creation; closed invoices take no change (O)"),
    ("invoiced", "delete", None, checks.positive_data_acceptance, "customers with invoices and paid invoices stay (O)"),
    ("invoiced", "void", None, checks.positive_data_acceptance, "what is voided or paid cannot be voided (O)"),
    ("invoiced", "create", GenerationMode.NEGATIVE, checks.response_schema_conformance,
     "a write echoes values as they were sent; only a later GET shows them as stored (O)"),
    ("invoiced", "change", GenerationMode.NEGATIVE, checks.response_schema_conformance,
     "a write echoes values as they were sent; only a later GET shows them as stored (O)"),
    ("invoiced", "merge", None, checks.positive_data_acceptance, "the other customer must exist and be active (O)"),
    ("invoiced", "merge", None, checks.negative_data_rejection, "an id may be sent as text (chosen)"),
    ("invoiced", "merge", None, not_a_server_error,
     "merging a customer with itself is answered with 500 (O)"),
    ("invoiced", "writeOff", None, checks.positive_data_acceptance,
     "what is paid, void or a draft is not written off (chosen)"),
    ("invoiced", "readBalance", None, checks.positive_data_acceptance, "currency codes come from a list (D)"),
    ("invoiced", "readBalance", None, checks.negative_data_rejection, "unknown query parameters are ignored (O)"),
    ("invoiced", "retry", None, checks.positive_data_acceptance, "the call must be there (chosen)"),
    ("invoiced", None, None, checks.missing_required_header, "no header but the credentials is required (D)"),
]  # fmt: skip
# An archived record still answers 200, and its DELETE may be repeated.
ARCHIVING = {"archiveItem", "archiveCoupon", "archiveTaxRate"}


def excluded(name: str, operation_id: str, mode: GenerationMode | None) -> list[Callable[..., Any]]:
    """The checks that do not apply to an operation."""
    found = [
        check
        for contract, verb, only, check, _ in EXCLUDED
        if contract == name.removesuffix("-minimal")
        and (verb is None or operation_id.startswith(verb))
        and (only is None or mode in (None, only))
    ]
    if operation_id in ARCHIVING or operation_id.startswith("retrieve"):
        found += [checks.use_after_free]
    return found


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

    def check(
        self, case: schemathesis.Case, mode: GenerationMode | None, recorder: Any = None
    ) -> schemathesis.Response:
        """Send a generated request and judge the answer."""
        operation_id = self.schema.get_operation_id(case.operation)
        if self.name == "invoiced" and case.headers and "Idempotency-Key" in case.headers:
            # A key used twice answers for another operation there: the cache knows no method and no path.
            case.headers["Idempotency-Key"] = f"key-{next(_keys):08d}"
        response = case.call(base_url=self.url, session=self.session, headers=self.headers)
        case.validate_response(
            response,
            excluded_checks=excluded(self.name, operation_id, mode),
            transport_kwargs={"headers": self.headers, "session": self.session},
            recorder=recorder,
        )
        return response


_keys = itertools.count(1)


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
    assert sum(followed.values()) >= EXAMPLES, followed


@pytest.mark.parametrize("entry", EXCLUDED, ids=lambda entry: f"{entry[0]}-{entry[1]}-{entry[3].__name__}")
def test_every_exclusion_gives_its_reason(entry: tuple[str, str | None, Any, Any, str]) -> None:
    assert len(entry[4].split()) > 4
    assert entry[0] == "customerp" or re.search(r" \((D|O|D, O|chosen)\)$", entry[4])
