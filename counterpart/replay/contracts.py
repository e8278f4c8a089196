"""OpenAPI 3.1 contracts: which operation a request means, and what the contract says about its parts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

import jsonschema_rs

from counterpart.replay.errors import UnusableContract
from counterpart.replay.foreign import MalformedYaml, parse_yaml
from counterpart.replay.meaning import meaning, references

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_RANGES = {"int32": 2**31, "int64": 2**63}
_DEEPEST = 12
_ORIGIN = "contract:"

Schema = Any
Direction = Literal["request", "answer"]


@dataclass(frozen=True)
class Values:
    """A schema that values are held against, compiled when first needed."""

    contract: Contract = field(repr=False)
    pointer: str
    direction: Direction

    @cached_property
    def _compiled(self) -> jsonschema_rs.Draft202012Validator:
        return self.contract.compiled(self.pointer, self.direction)

    def errors(self, value: Any) -> list[tuple[str, str]]:
        """JSON pointer and message of everything wrong with the value."""
        if self._compiled.is_valid(value):
            return []
        return [(_pointer(error.instance_path), error.message) for error in self._compiled.iter_errors(value)]

    @cached_property
    def properties(self) -> frozenset[str]:
        """The paths of all properties that the schema names: `items[].discounts[].amount`."""
        return frozenset(self.contract.named(self.pointer))


@dataclass(frozen=True)
class Parameter:
    """A parameter of a request, or a header of an answer."""

    name: str
    place: str
    required: bool
    style: str
    explode: bool
    kind: Literal["text", "list", "object"]
    values: Values | None
    as_json: bool = False


@dataclass(frozen=True)
class Message:
    """What a request or an answer may carry; `contents` maps media types or ranges to schemas."""

    required: bool
    contents: Mapping[str, Values | None]
    headers: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Operation:
    """One method at one path of a contract."""

    contract: str
    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Message | None
    answers: Mapping[str, Message]
    security: tuple[tuple[tuple[str, str, str], ...], ...]
    """Alternatives, each a list of (type or scheme, place, name) that all must be there; none needs nothing."""
    parts: Mapping[str, str]
    """Hashes of what the contract says about the request and about each status, prose left out."""

    def answer(self, status: int) -> tuple[str, Message] | None:
        """What is declared for a status, by the most exact of `404`, `4XX` and `default`."""
        for code in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if code in self.answers:
                return code, self.answers[code]
        return None


@dataclass(frozen=True)
class Route:
    """The operation that a request means, with the values in its path."""

    operation: Operation
    values: Mapping[str, str]


class Contract:
    """One OpenAPI document, ready to say which operation a request means."""

    def __init__(self, document: Mapping[str, Any], name: str, sha256: str = "") -> None:
        """`sha256` is that of the file. Raises UnusableContract: for another version, and for foreign references."""
        self.name, self.sha256 = name, sha256
        # One JSON round trip makes status codes text and days that YAML has parsed text again.
        self._document: dict[str, Any] = json.loads(json.dumps(document, default=str))
        version = str(self._document.get("openapi"))
        if not version.startswith("3.1"):
            raise UnusableContract(name, f"it is OpenAPI {version}, and only 3.1 is read")
        if strangers := [ref for ref in references(self._document) if not ref.startswith("#/")]:
            raise UnusableContract(name, f"it refers to {strangers[0]!r}, which is not part of it")
        try:
            servers = [urlsplit(each["url"]) for each in self._document["servers"]]
            self.servers = tuple((f"{url.scheme}://{url.netloc}", url.path.rstrip("/")) for url in servers)
            self.operations = tuple(self._operations())
        except (KeyError, TypeError, AttributeError, LookupError) as error:
            raise UnusableContract(name, f"a part of it is missing or misshapen: {error}") from error
        templates = [(_template(each.path), each) for each in self.operations]
        # Concrete paths come before templated ones (OpenAPI 3.1, Paths Object).
        self._templates = sorted(templates, key=lambda pair: pair[1].path.count("{"))

    @classmethod
    def load(cls, path: Path) -> Contract:
        """Read a contract from a YAML or JSON file."""
        try:
            # Read as text, so that line ends do not count.
            text = path.read_text("utf-8")
            document = parse_yaml(text)
        except (OSError, UnicodeDecodeError, MalformedYaml) as error:
            raise UnusableContract(path.name, f"it cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise UnusableContract(path.name, "it is no OpenAPI document")
        return cls(document, path.name, hashlib.sha256(text.encode()).hexdigest())

    def at(self, systems: object) -> Contract:
        """The same contract where this system also answers: `systems` maps their names to base URLs.

        A live recording is made under the real host, which no contract can name; the contract's name begins with that
        of its system.
        """
        system = self.name.partition(".")[0]
        urls = [url for name, url in systems.items() if name.lower() == system] if isinstance(systems, dict) else []
        if not urls:
            return self
        also = copy(self)
        also.servers += tuple((f"{url.scheme}://{url.netloc}", url.path.rstrip("/")) for url in map(urlsplit, urls))
        return also

    def below(self, url: str) -> str | None:
        """The path of an address below one of this contract's servers, still escaped; None elsewhere."""
        parts = urlsplit(url)
        for origin, prefix in self.servers:
            if f"{parts.scheme}://{parts.netloc}" == origin and f"{parts.path}/".startswith(f"{prefix}/"):
                return parts.path[len(prefix) :] or "/"
        return None

    def route(self, method: str, path: str) -> Route | None:
        """The operation for a method and a path below a server."""
        for template, operation in self._templates:
            if operation.method == method.upper() and (match := template.fullmatch(path)):
                names = re.findall(r"\{([^}]*)\}", operation.path)
                return Route(operation, dict(zip(names, map(unquote, match.groups()), strict=True)))
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """The methods that the contract knows at a path."""
        return tuple(operation.method for template, operation in self._templates if template.fullmatch(path))

    def compiled(self, pointer: str, direction: Direction) -> jsonschema_rs.Draft202012Validator:
        """A validator of the schema at a pointer; it never fetches anything."""
        reference = f"{_ORIGIN}{direction}#{pointer}"
        try:
            return jsonschema_rs.Draft202012Validator(
                {"$ref": reference}, registry=self._registry, validate_formats=True, offline=True
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise UnusableContract(self.name, f"the schema at {pointer} cannot be used: {error}") from error

    def named(self, pointer: str) -> Iterator[str]:
        """The property paths of the schema at a pointer; schemas that contain themselves are followed once."""
        yield from self._named(self._at(pointer), "", ())

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        # A read-only property has no place in a request, a write-only one none in an answer (JSON Schema 2020-12, 9.4).
        return jsonschema_rs.Registry(
            [
                (f"{_ORIGIN}request", self._directed(self._document, "readOnly")),
                (f"{_ORIGIN}answer", self._directed(self._document, "writeOnly")),
            ]
        )

    def _directed(self, node: Any, forbidden: str) -> Any:
        if isinstance(node, list):
            return [self._directed(each, forbidden) for each in node]
        if not isinstance(node, dict):
            return node
        made = {key: self._directed(value, forbidden) for key, value in node.items()}
        if isinstance(node.get("properties"), dict):
            barred = {name for name, each in node["properties"].items() if self._marked(each, forbidden)}
            made["properties"] = {**made["properties"], **dict.fromkeys(barred, False)}
            if isinstance(node.get("required"), list):
                made["required"] = [name for name in node["required"] if name not in barred]
        limit = _RANGES.get(node["format"]) if isinstance(node.get("format"), str) else None
        if limit is not None:
            made.setdefault("minimum", -limit)
            made.setdefault("maximum", limit - 1)
        return made

    def _marked(self, schema: Any, flag: str) -> bool:
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                return False
            if flag in schema:
                return schema[flag] is True
            if "$ref" not in schema:
                return False
            schema = self._at(schema["$ref"][1:])
        return False

    def _operations(self) -> Iterator[Operation]:
        for path, raw_item in self._document.get("paths", {}).items():
            base = f"/paths/{_escaped(path)}"
            item, item_at = self._follow(raw_item, base)
            for method in METHODS:
                if method in item:
                    yield self._operation(path, item, item_at, method)

    def _operation(self, path: str, item: dict[str, Any], item_at: str, method: str) -> Operation:
        raw, at = item[method], f"{item_at}/{method}"
        found: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        for holder, place in ((item, item_at), (raw, at)):
            for number, each in enumerate(holder.get("parameters", ())):
                parameter, where = self._follow(each, f"{place}/parameters/{number}")
                found[parameter["in"], parameter["name"]] = parameter, where
        body = self._follow(raw["requestBody"], f"{at}/requestBody") if "requestBody" in raw else None
        security = raw.get("security", self._document.get("security", []))
        answers = {
            code: self._follow(each, f"{at}/responses/{code}") for code, each in raw.get("responses", {}).items()
        }
        prefixes = [prefix for _, prefix in self.servers]
        said = {"parameters": [found[key][0] for key in sorted(found)], "body": body and body[0], "security": security}
        return Operation(
            contract=self.name,
            # Two contracts may both have a `createCustomer`.
            id=f"{self.name.partition('.')[0]}.{raw.get('operationId') or f'{method.upper()} {path}'}",
            method=method.upper(),
            path=path,
            parameters=tuple(self._parameter(each, where) for each, where in found.values()),
            body=Message(body[0].get("required") is True, self._contents(*body, "request")) if body else None,
            answers={code: self._message(*each) for code, each in answers.items()},
            security=tuple(tuple(self._schemes(each)) for each in security),
            parts={"request": meaning(said, self._at, prefixes)}
            | {code: meaning(each, self._at, prefixes) for code, (each, _) in answers.items()},
        )

    def _message(self, raw: dict[str, Any], at: str) -> Message:
        contents = self._contents(raw, at, "answer")
        headers = []
        for name, each in raw.get("headers", {}).items():
            header, where = self._follow(each, f"{at}/headers/{_escaped(name)}")
            headers.append(self._parameter({"in": "header", **header, "name": name}, where, "answer"))
        return Message(bool(contents), contents, tuple(headers))

    def _contents(self, raw: dict[str, Any], at: str, direction: Direction) -> dict[str, Values | None]:
        return {
            kind.lower(): Values(self, f"{at}/content/{_escaped(kind)}/schema", direction) if "schema" in each else None
            for kind, each in raw.get("content", {}).items()
        }

    def _parameter(self, raw: dict[str, Any], at: str, direction: Direction = "request") -> Parameter:
        place = raw["in"]
        style = raw.get("style") or {"query": "form", "cookie": "form"}.get(place, "simple")
        values, as_json = None, False
        if "schema" in raw:
            values = Values(self, f"{at}/schema", direction)
        elif contents := self._contents(raw, at, direction):
            kind, values = next(iter(contents.items()))
            as_json = kind.endswith("json")
        required = raw.get("required") is True
        explode = raw.get("explode", style == "form") is True
        return Parameter(
            raw["name"], place, required, style, explode, self._kind(raw.get("schema", {})), values, as_json
        )

    def _kind(self, schema: Any) -> Literal["text", "list", "object"]:
        """How a parameter is spelt, by the types that its schema allows."""
        unseen = [schema]
        for _ in range(_DEEPEST):
            if not unseen:
                break
            each = unseen.pop()
            if isinstance(each, dict):
                types = each.get("type", [])
                if "array" in types:
                    return "list"
                if "object" in types:
                    return "object"
                unseen += [part for name in ("allOf", "anyOf", "oneOf") for part in each.get(name, ())]
                unseen += [self._at(each["$ref"][1:])] if "$ref" in each else []
        return "text"

    def _schemes(self, alternative: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        for name in alternative:
            scheme, _ = self._follow(self._document["components"]["securitySchemes"][name], "")
            if scheme["type"] == "apiKey":
                yield "key", scheme["in"], scheme["name"]
            elif scheme["type"] == "http":
                yield scheme["scheme"].lower(), "header", "authorization"
            elif scheme["type"] in ("oauth2", "openIdConnect"):
                yield "bearer", "header", "authorization"

    def _follow(self, node: Any, at: str) -> tuple[dict[str, Any], str]:
        """What a reference leads to, and where that stands."""
        for _ in range(_DEEPEST):
            if not isinstance(node, dict):
                raise TypeError(f"{at} is not an object")
            if "$ref" not in node:
                return node, at
            at = node["$ref"][1:]
            node = self._at(at)
        raise LookupError(f"{at} refers to itself")

    def _at(self, pointer: str) -> Any:
        node: Any = self._document
        for segment in pointer.split("/")[1:]:
            key = unquote(segment).replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def _named(self, schema: Schema, prefix: str, inside: Sequence[str]) -> Iterator[str]:
        if not isinstance(schema, dict):
            return
        ref = schema.get("$ref")
        if ref and ref not in inside and len(inside) < _DEEPEST:
            yield from self._named(self._at(ref[1:]), prefix, (*inside, ref))
        for name, each in schema.get("properties", {}).items():
            path = f"{prefix}.{name}" if prefix else name
            yield path
            yield from self._named(each, path, inside)
        for name in ("allOf", "anyOf", "oneOf", "prefixItems"):
            inner = f"{prefix}[]" if name == "prefixItems" else prefix
            for each in schema.get(name, ()):
                yield from self._named(each, inner, inside)
        yield from self._named(schema.get("items"), f"{prefix}[]", inside)


def _template(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", path)
    return re.compile("([^/]+)".join(re.escape(quote(part, safe="/%:@!$&'()*+,;=~-._")) for part in parts))


def _escaped(name: str) -> str:
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="~")


def _pointer(path: Sequence[str | int]) -> str:
    return "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in path)
