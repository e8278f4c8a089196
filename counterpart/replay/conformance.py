"""Whether recorded traffic keeps to the contracts, in both directions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import islice, product
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from counterpart.replay.contracts import Contract, Message, Operation, Parameter, Route, Values
from counterpart.replay.exchange import Exchange
from counterpart.replay.matching import HARMLESS, KEPT_OF_ANSWERS, Headers

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_PLACEHOLDER = re.compile("<[a-zA-Z0-9:-]+>")
_STYLED = {"label": ".", "matrix": ";"}
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_LONGEST = 200
_MOST_MEANINGS = 256

# Answers of a gateway that stands before an API; no contract describes them.
OF_GATEWAYS = (502, 503, 504)


class Rule(StrEnum):
    """What of a contract an exchange breaks."""

    UNKNOWN_HOST = "unknown-host"
    UNKNOWN_PATH = "unknown-path"
    UNKNOWN_METHOD = "unknown-method"
    CREDENTIALS = "credentials-missing"
    PARAMETER_MISSING = "parameter-missing"
    PARAMETER_UNKNOWN = "parameter-unknown"
    PARAMETER_INVALID = "parameter-invalid"
    BODY_MISSING = "request-body-missing"
    BODY_UNKNOWN = "request-body-unknown"
    BODY_TYPE = "request-media-type"
    BODY_INVALID = "request-body-invalid"
    STATUS_UNKNOWN = "status-unknown"
    HEADER_MISSING = "header-missing"
    HEADER_INVALID = "header-invalid"
    ANSWER_MISSING = "answer-body-missing"
    ANSWER_UNKNOWN = "answer-body-unknown"
    ANSWER_TYPE = "answer-media-type"
    ANSWER_INVALID = "answer-body-invalid"
    NOT_SPOILED = "not-spoiled"


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where an exchange departs from its contract.

    `refused` where a wrong request was answered with a 4xx, which is what the contract promises; `meant` where the
    answer was spoiled on purpose.
    """

    rule: Rule
    operation: str
    place: str
    message: str
    refused: bool = False
    meant: bool = False

    def __str__(self) -> str:
        return f"{self.operation}: {self.rule} at {self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What one exchange breaks, and which operation and status it exercises; None where no contract knows it."""

    violations: tuple[Violation, ...]
    operation: Operation | None = None
    status: str | None = None


def check(exchange: Exchange, contracts: Sequence[Contract]) -> Findings:
    """Hold one exchange against the contract of its host.

    Placeholders of secrets and header values that recordings mask are taken to be right.
    """
    for contract in contracts:
        if (path := contract.below(exchange.url)) is None:
            continue
        if route := contract.route(exchange.method, path):
            return _checked(exchange, route)
        name = f"{exchange.method} {path}"
        if methods := contract.methods(path):
            known = f"the contract knows only {', '.join(methods)} here"
            return Findings((Violation(Rule.UNKNOWN_METHOD, name, "method", known),))
        return Findings((Violation(Rule.UNKNOWN_PATH, name, "path", f"{contract.name} has no such path"),))
    host = urlsplit(exchange.url).netloc
    return Findings((Violation(Rule.UNKNOWN_HOST, str(exchange), "url", f"no contract speaks of {host}"),))


def query_pairs(url: str) -> list[tuple[str, str]]:
    """The query of an address, in its order."""
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def owner_of(name: str, parameters: Iterable[Parameter]) -> Parameter | None:
    """The query parameter that a name in a query belongs to: `filter[number]` to `filter`."""
    for parameter in parameters:
        if parameter.place != "query":
            continue
        deep = parameter.kind == "object" and parameter.style == "deepObject"
        if name == parameter.name or (deep and name.startswith(f"{parameter.name}[") and name.endswith("]")):
            return parameter
    return None


def body_of(headers: Headers, contents: Mapping[str, Values | None]) -> tuple[str, Values | None] | None:
    """The declared media type, or range, that a message's own falls under, and its schema."""
    kind = media_type(headers)
    for declared in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        for each, values in contents.items():
            if each.partition(";")[0].strip() == declared:
                return each, values
    return None


def media_type(headers: Headers) -> str:
    """The Content-Type without parameters, in small letters; empty without one."""
    return next((value.partition(";")[0].strip().lower() for name, value in headers if name == "content-type"), "")


def _checked(exchange: Exchange, route: Route) -> Findings:
    operation = route.operation
    asked = [
        *_credentials(exchange, operation),
        *_parameters(exchange, route),
        *_request_body(exchange, operation),
    ]
    if 400 <= exchange.status < 500:
        asked = [replace(each, refused=True) for each in asked]
    declared = operation.answer(exchange.status)
    if declared is None and exchange.status in OF_GATEWAYS:
        return Findings(tuple(asked), operation)
    if declared is None:
        known = ", ".join(operation.answers)
        answered = [Violation(Rule.STATUS_UNKNOWN, operation.id, "status", f"{exchange.status} is none of {known}")]
        return Findings((*asked, *answered), operation)
    answered = list(_answer(exchange, operation, declared[1]))
    return Findings((*asked, *answered), operation, declared[0])


def _credentials(exchange: Exchange, operation: Operation) -> Iterator[Violation]:
    if not operation.security:
        return
    headers = dict(exchange.request_headers)
    queried = dict(query_pairs(exchange.url))

    def shown(kind: str, place: str, name: str) -> bool:
        if kind != "key":
            return headers.get(name, "").partition(" ")[0].lower() == kind
        if place == "query":
            return name in queried
        return (name.lower() if place == "header" else "cookie") in headers

    if not any(all(shown(*scheme) for scheme in alternative) for alternative in operation.security):
        wanted = " or ".join(" and ".join(kind for kind, _, _ in each) for each in operation.security)
        yield Violation(Rule.CREDENTIALS, operation.id, "security", f"the request shows no {wanted} credential")


def _parameters(exchange: Exchange, route: Route) -> Iterator[Violation]:
    operation = route.operation
    queried = query_pairs(exchange.url)
    for name in dict.fromkeys(name for name, _ in queried):
        if owner_of(name, operation.parameters) is None and not _is_key(name, operation):
            yield Violation(Rule.PARAMETER_UNKNOWN, operation.id, f"query {name}", "the contract has no such parameter")
    for parameter in operation.parameters:
        name = parameter.name.lower() if parameter.place == "header" else parameter.name
        if parameter.place == "path":
            given = [(name, route.values[name])] if name in route.values else []
        elif parameter.place == "query":
            given = [pair for pair in queried if owner_of(pair[0], (parameter,))]
        elif parameter.place == "header":
            # OpenAPI 3.1 leaves these three to other parts of the contract; the harmless ones are never recorded.
            if name in HARMLESS or name in ("accept", "content-type", "authorization"):
                continue
            given = [pair for pair in exchange.request_headers if pair[0] == name]
        else:
            continue  # cookies are never recorded
        yield from _parameter(parameter, given, operation, Rule.PARAMETER_MISSING, Rule.PARAMETER_INVALID)


def _is_key(name: str, operation: Operation) -> bool:
    return any(each == ("key", "query", name) for alternative in operation.security for each in alternative)


def _parameter(
    parameter: Parameter, given: list[tuple[str, str]], operation: Operation, missing: Rule, invalid: Rule
) -> Iterator[Violation]:
    place = f"{parameter.place} {parameter.name}"
    if not given:
        if parameter.required:
            yield Violation(missing, operation.id, place, "it is required")
        return
    if parameter.values is None or any(_PLACEHOLDER.search(value) for _, value in given):
        return
    if parameter.kind == "text" and len(given) > 1:
        yield Violation(invalid, operation.id, place, f"it is given {len(given)} times and takes one value")
        return
    candidates = list(_candidates(parameter, given))
    wrong = [parameter.values.errors(value) for value in candidates]
    if wrong and all(wrong):
        pointer, message = wrong[-1][0]
        yield Violation(invalid, operation.id, f"{place}{pointer}", _short(message))


def _candidates(parameter: Parameter, given: list[tuple[str, str]]) -> Iterator[Any]:
    """What the text of a parameter may mean: a text always, a number or word of JSON where it is spelt so."""
    text = given[0][1]
    if parameter.as_json:
        value = _json(text.encode())
        yield text if value is _BROKEN else value
        return
    if parameter.style in _STYLED:
        text = text.removeprefix(_STYLED[parameter.style]).removeprefix(f"{parameter.name}=")
    if parameter.kind == "text":
        yield from _meanings(text)
        return
    exploded = parameter.place == "query" and parameter.explode
    separator = _SEPARATORS.get(parameter.style, ",")
    if parameter.kind == "list":
        yield from _mixed([value for _, value in given] if exploded else text.split(separator))
        return
    if parameter.style == "deepObject":
        members = {name[len(parameter.name) + 1 : -1]: value for name, value in given}
    elif parameter.explode:
        members = dict(part.partition("=")[::2] for part in text.split(separator))
    else:
        parts = text.split(separator)
        members = dict(zip(parts[::2], parts[1::2], strict=False))
    for values in _mixed(members.values()):
        yield dict(zip(members, values, strict=True))


def _mixed(texts: Iterable[str]) -> Iterator[list[Any]]:
    """What several texts may mean together, as texts first; of very many combinations the first."""
    for values in islice(product(*map(list, map(_meanings, texts))), _MOST_MEANINGS):
        yield list(values)


def _meanings(text: str) -> Iterator[Any]:
    yield text
    if _NUMBER.fullmatch(text):
        yield json.loads(text)
    elif text in _WORDS:
        yield _WORDS[text]


def _request_body(exchange: Exchange, operation: Operation) -> Iterator[Violation]:
    body = exchange.request_body
    if operation.body is None:
        # An empty object says no more than no body at all.
        if body.strip() not in (b"", b"{}"):
            message = f"{len(body)} bytes, and the operation takes none"
            yield Violation(Rule.BODY_UNKNOWN, operation.id, "request body", message)
    elif not body:
        if operation.body.required:
            yield Violation(Rule.BODY_MISSING, operation.id, "request body", "it is required")
    else:
        found = body_of(exchange.request_headers, operation.body.contents)
        if found is None:
            message = _undeclared(exchange.request_headers, operation.body)
            yield Violation(Rule.BODY_TYPE, operation.id, "request content-type", message)
        else:
            for pointer, message in _wrong(body, *found):
                yield Violation(Rule.BODY_INVALID, operation.id, f"request body {pointer or '/'}", message)


def _answer(exchange: Exchange, operation: Operation, declared: Message) -> Iterator[Violation]:
    body, status = exchange.response_body, exchange.status
    for header in declared.headers:
        name = header.name.lower()
        # Whether another header was there is not recorded.
        if name in KEPT_OF_ANSWERS and name != "content-type":
            given = [pair for pair in exchange.response_headers if pair[0] == name]
            yield from _parameter(header, given, operation, Rule.HEADER_MISSING, Rule.HEADER_INVALID)
    if not declared.contents or exchange.method == "HEAD":
        if body:
            message = f"{len(body)} bytes, and {status} carries none"
            yield Violation(Rule.ANSWER_UNKNOWN, operation.id, f"answer {status}", message)
        return
    if not body:
        yield Violation(Rule.ANSWER_MISSING, operation.id, f"answer {status}", "the contract promises a body")
        return
    found = body_of(exchange.response_headers, declared.contents)
    if found is None:
        message = _undeclared(exchange.response_headers, declared)
        yield Violation(Rule.ANSWER_TYPE, operation.id, f"answer {status} content-type", message)
        return
    for pointer, message in _wrong(body, *found):
        yield Violation(Rule.ANSWER_INVALID, operation.id, f"answer {status} {pointer or '/'}", message)


def _undeclared(headers: Headers, declared: Message) -> str:
    return f"{media_type(headers) or 'none'}, and the contract has {', '.join(declared.contents)}"


# Lists come back unchanged again and again, so most bodies are held against their schema once.
@lru_cache(maxsize=2048)
def _wrong(body: bytes, kind: str, values: Values | None) -> tuple[tuple[str, str], ...]:
    if values is None:
        return ()
    meanings = list(_read(body, kind))
    if any(value is _BROKEN for value in meanings):
        return (("", "it is not JSON"),)
    wrong = [values.errors(value) for value in meanings]
    if not wrong or not all(wrong):
        return ()
    return tuple((pointer, _short(message)) for pointer, message in wrong[-1])


def _read(body: bytes, kind: str) -> Iterator[Any]:
    """What a body may mean under its media type; nothing for types whose content is opaque."""
    kind = kind.partition(";")[0].strip()
    if kind.endswith(("/json", "+json")):
        yield _json(body)
    elif kind == "application/x-www-form-urlencoded":
        members = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        for values in _mixed(members.values()):
            yield dict(zip(members, values, strict=True))
    elif kind.startswith("text/"):
        yield body.decode("utf-8", "replace")


class _Broken:
    """What stands for a body that is no JSON, since every JSON value is a possible one."""


_BROKEN = _Broken()


def _json(body: bytes) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError):
        return _BROKEN


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
