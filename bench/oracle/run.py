"""Fifteen bugs seeded into the emulators: which of them schemathesis finds alone, and which with our reference checks.

Both columns come from the same generated requests; the reference checks read the API as any client could (listings
before and after a call, the record itself, the arithmetic that the contract states) and know nothing of the bugs. The
clean build must pass both.

    python bench/oracle/run.py [--examples 12] [--only "filter ignored"]
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import requests
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup

from counterpart.emulators import Clock, Customerp, Invoiced, Server, seed_data

sys.path.insert(0, str(Path(__file__).parent))
from bugs import BUGS, Bug, Buggy
from reference import Reference, aim

ROOT = Path(__file__).parents[2]


def _conformance() -> Any:
    """The conformance tests, whose exclusions and client are used: what is seeded here is to be found there."""
    spec = importlib.util.spec_from_file_location("conformance", ROOT / "tests/contracts/test_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Verdict:
    """What noticed a bug first, in each column."""

    schemathesis: str = ""
    reference: str = ""


def fuzzed(settings: Any, cases: Any, mode: Any, judged: Callable[..., Any]) -> None:
    """Judge generated cases of one operation."""

    @settings
    @hypothesis.given(case=cases)
    def fuzz(case: Any) -> None:
        judged(case, mode)

    fuzz()


def run(conformance: Any, system: str, bug: Bug | None, examples: int) -> Verdict:
    """Fuzz one system, operation by operation and along its links, until both columns have an answer."""
    clock = Clock(datetime(2026, 3, 1, 8, tzinfo=UTC))
    emulators: dict[str, Any] = {"invoiced": Invoiced(clock), "customerp": Customerp(clock)}
    seed_data(emulators["invoiced"], emulators["customerp"], seed=7, customers=4)
    inner = emulators[system]
    seeded = inner.snapshot()
    settings = hypothesis.settings(conformance.SETTINGS, max_examples=examples)
    verdict = Verdict()
    session = requests.Session()
    session.trust_env = False
    with Server({system: Buggy(inner, bug)}) as server, session:
        schema = schemathesis.openapi.from_dict(conformance.document(system), config=conformance.DECLARED_LINKS)
        side = conformance.Side(
            system, server.urls[system], {"Authorization": inner.authorization}, schema, session,
            lambda: inner.restore(seeded),
        )  # fmt: skip
        reference = Reference(side)
        turns = itertools.count()

        def judged(case: Any, mode: Any, recorder: Any = None) -> Any:
            operation_id = schema.get_operation_id(case.operation)
            if case.headers and "Idempotency-Key" in case.headers:
                case.headers["Idempotency-Key"] = f"key-{next(conformance._keys):08d}"
            if mode is schemathesis.GenerationMode.POSITIVE:
                aim(operation_id, case, reference, next(turns))
            response = case.call(base_url=side.url, session=session, headers=side.headers)
            if not verdict.schemathesis:
                try:
                    case.validate_response(
                        response,
                        excluded_checks=side.excluded(operation_id, case, mode),
                        transport_kwargs={"headers": side.headers, "session": session},
                        recorder=recorder,
                    )
                except (Failure, FailureGroup) as found:
                    first = found.exceptions[0] if isinstance(found, FailureGroup) else found
                    verdict.schemathesis = f"{operation_id}: {getattr(first, 'title', type(first).__name__)}"
            if not verdict.reference:
                wrong = next(reference.judge(case, response), "")
                verdict.reference = f"{operation_id}: {wrong}" if wrong else ""
            return response

        for name, operation_id in conformance.OPERATIONS:
            if name == system and not verdict.schemathesis:
                for mode in schemathesis.GenerationMode:
                    side.reset()
                    reference.start()
                    operation = schema.find_operation_by_id(operation_id)
                    fuzzed(settings, operation.as_strategy(generation_mode=mode), mode, judged)

        class Machine(schema.as_state_machine()):  # type: ignore[misc] - made at run time
            def setup(self) -> None:
                super().setup()
                side.reset()
                reference.start()

            def call(self, case: Any, **_: Any) -> Any:
                return judged(case, None, self.recorder)

            def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **_: Any) -> None:
                """Judged in `call` already."""

        if not verdict.schemathesis:
            Machine.run(settings=hypothesis.settings(settings, stateful_step_count=8))
    return verdict


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--examples", type=int, default=12)
    options.add_argument("--only", default="")
    given = options.parse_args()
    conformance = _conformance()
    alone = together = semantic = alarms = 0
    chosen = {name: bug for name, bug in BUGS.items() if given.only in name}
    print(f"{'seeded bug':<36}{'schemathesis alone':<52}with reference checks")
    for name, (system, bug) in chosen.items():
        began = time.monotonic()
        verdict = run(conformance, system, bug(), given.examples)
        alone += bool(verdict.schemathesis)
        semantic += bool(verdict.schemathesis) and name.startswith("semantic")
        together += bool(verdict.schemathesis or verdict.reference)
        found = verdict.reference or verdict.schemathesis or "NOT FOUND"
        print(f"{name:<36}{verdict.schemathesis[:50] or '-':<52}{found[:90]}  ({time.monotonic() - began:.0f} s)")
    for system in ("customerp", "invoiced"):
        verdict = run(conformance, system, None, given.examples)
        alarms += bool(verdict.schemathesis) + bool(verdict.reference)
        print(f"clean build, {system:<23}{verdict.schemathesis[:50] or 'nothing':<52}{verdict.reference or 'nothing'}")
    print(
        f"found: {alone} of {len(chosen)} by schemathesis alone ({semantic} of the semantic ones), "
        f"{together} of {len(chosen)} with the reference checks; false alarms on the clean build: {alarms}"
    )
    return 0 if together == len(chosen) and not alarms else 1


if __name__ == "__main__":
    sys.exit(main())
