"""A table of requests and what their answers contain: how the tests of the Invoiced emulator are written."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

A = 70001
"""The customer that every fresh account has."""
INVOICE = 880001
"""The id of the first invoice of an account."""
LINE = 5500001
"""The id of the first line."""


@dataclass(frozen=True)
class Step:
    """A request and what its answer contains; `headers` maps names to values, None for absent."""

    request: str
    body: Any = None
    status: int = 200
    contains: Any = None
    lacks: tuple[str, ...] = ()
    headers: dict[str, str | None] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    """Headers of the request; the nameless one is its raw body."""
    after: float = 0
    """Seconds that pass before the request."""
    back: bool = False
    """Whether the body is what the step before answered."""


def refused(param: str | None = None) -> dict[str, Any]:
    return {"type": "invalid_request"} if param is None else {"type": "invalid_request", "param": param}


def no_param(request: str, body: Any = None, status: int = 400, **options: Any) -> Step:
    return Step(request, body, status, refused(), ("param",), **options)


def bad(request: str, body: Any, param: str) -> Step:
    return Step(request, body, 400, refused(param))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


ONE_LINE = {"customer": A, "items": [{"unit_cost": 100}]}
PATCH = f"PATCH /invoices/{INVOICE}"


def payment(amount: int) -> dict[str, Any]:
    """A payment of the first invoice."""
    return {"amount": amount, "applied_to": [{"type": "invoice", "invoice": INVOICE, "amount": amount}]}


def follow(api: Any, steps: Sequence[Step]) -> None:
    """Send the requests one after the other and hold each answer against what it is to contain."""
    answer: Any = None
    for step in steps:
        api.clock.advance(step.after)
        sent = dict(step.sent)
        options: dict[str, Any] = {"content": sent.pop("")} if "" in sent else {}
        body = answer if step.back else step.body
        response = api.call(step.request, body, headers=sent, **options)
        told = f"{step.request} answered {response.status_code}: {response.text[:400]}"
        assert response.status_code == step.status, told
        answer = response.json() if response.content else None
        if step.contains is not None:
            assert pick(answer, step.contains) == step.contains, told
        assert not isinstance(answer, dict) or not set(step.lacks) & answer.keys(), told
        assert {name: response.headers.get(name) for name in step.headers} == step.headers


def pick(value: Any, shape: Any) -> Any:
    """The part of a value that has the shape of the expectation; lists must have its length."""
    if isinstance(shape, dict) and isinstance(value, dict):
        return {key: pick(value.get(key, "absent"), part) for key, part in shape.items()}
    if isinstance(shape, list) and isinstance(value, list) and len(shape) == len(value):
        return [pick(item, part) for item, part in zip(value, shape, strict=True)]
    return value
