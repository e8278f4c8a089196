"""Writes the contract of Customerp's minimal profile, which is what is left of the full one.

python contracts/minimal.py > contracts/customerp-minimal.openapi.yaml
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

FULL = Path(__file__).parent / "customerp.openapi.yaml"
PREFIX = "#/components/"
DESCRIPTION = """\
This contract is written for the developers of an ERP. It is the least that an ERP must offer to be synchronised: it
lists by counted page, reads, creates and changes. The full contract (`customerp.openapi.yaml`, from which this one is
made) says what each optional part gives on top: versions with `If-Match`, a change feed, cursors, `Idempotency-Key`,
milliseconds, external references, deletes and webhooks. Without them a synchronisation walks every list each time,
notices two edits within one second as one, notices deletes only by absence, and can overwrite an edit made between
its reading and its writing.

**Conventions.** JSON in UTF-8, names in camelCase. Instants are RFC 3339 in UTC with whole seconds, days are
`YYYY-MM-DD`. Money, quantities and percentages are decimal *strings*, exact, never floats; a value is returned as it
was sent. Absent and null mean the same in a response; an empty text is stored as null. Request bodies are closed: an
unknown or read-only property is an error, so that a misspelt name cannot vanish silently.

**Changing.** `PATCH` takes a JSON merge patch (RFC 7396): absent keys keep their value, null clears, objects merge,
lists are replaced whole. A patch that changes nothing answers 200 and leaves `updatedAt` alone.

**Errors** are problem bodies (RFC 9457). `type` is stable and may be branched on; `detail` is for people; `errors`
names every offending property by JSON pointer.
"""
GONE = {
    f"{PREFIX}parameters/Cursor",
    f"{PREFIX}parameters/ExternalRefFilter",
    f"{PREFIX}parameters/IdempotencyKey",
    f"{PREFIX}parameters/IfMatch",
    f"{PREFIX}headers/ETag",
    f"{PREFIX}responses/PreconditionFailed",
}
PAGE = {
    "name": "page",
    "in": "query",
    "description": "Counted from 1. Pages shift when records come or go between two calls.",
    "schema": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000, "default": 1},
}


def minimal(full: dict[str, Any]) -> dict[str, Any]:
    """The contract without what only the full profile has; the argument is used up."""
    full["info"] |= {"title": "Customerp API, minimal profile", "description": DESCRIPTION}
    full.pop("webhooks", None)
    del full["paths"]["/changes"]
    for path in full["paths"].values():
        path.pop("delete", None)
        if "parameters" in path.get("get", {}) and "post" in path:
            path["get"]["parameters"].insert(1, {"$ref": f"{PREFIX}parameters/Page"})
    full["components"]["parameters"]["Page"] = PAGE
    schemas = full["components"]["schemas"]
    schemas["Page"] = {
        "type": "object",
        "required": ["data", "more"],
        "properties": {
            "data": {"type": "array"},
            "more": {"type": "boolean", "description": "Whether there is a next page."},
        },
    }
    schemas["Stamp"] |= {
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        "examples": ["2026-03-01T08:00:00Z"],
    }
    for schema in schemas.values():
        for part in (schema, *schema.get("allOf", ())):
            for name in ("version", "externalRef"):
                part.get("properties", {}).pop(name, None)
                if name in part.get("required", ()):
                    part["required"].remove(name)
            for example in part.get("examples", ()):
                if isinstance(example, dict):
                    for name in ("version", "externalRef"):
                        example.pop(name, None)
                    for stamp in ("createdAt", "updatedAt"):
                        if stamp in example:
                            example[stamp] = example[stamp].replace(".000Z", "Z")
    said = full["components"]["responses"]
    said["Duplicate"]["description"] = "Another record has this number or SKU (`duplicate`)."
    said["Invalid"]["description"] = "The record would not be valid; `errors` names every property (`invalid`)."
    next(tag for tag in full["tags"] if tag["name"] == "changes")["description"] = "What this ERP offers."
    answer = full["paths"]["/capabilities"]["get"]["responses"]["200"]["content"]["application/json"]
    answer["example"] = {"profile": "minimal", "features": []}
    kept = {path["operationId"] for verbs in full["paths"].values() for path in verbs.values() if "operationId" in path}
    _drop(full, kept)
    _drop_unused(full)
    return full


def _drop(node: Any, kept: set[str]) -> None:
    """Remove references to what is gone, links to operations that are gone, and links that carry a version."""
    if isinstance(node, list):
        node[:] = [each for each in node if not (isinstance(each, dict) and each.get("$ref") in GONE)]
        for each in node:
            _drop(each, kept)
    elif isinstance(node, dict):
        for key, value in list(node.items()):
            if isinstance(value, dict) and value.get("$ref") in GONE:
                del node[key]
            elif key == "links":
                node[key] = {
                    name: link
                    for name, link in value.items()
                    if link["operationId"] in kept and "If-Match" not in link.get("parameters", {})
                }
            else:
                _drop(value, kept)
        for key in ("links", "headers"):
            if node.get(key) == {}:
                del node[key]


def _drop_unused(full: dict[str, Any]) -> None:
    """Remove components that nothing refers to, until none is left."""
    while True:
        text = yaml.safe_dump(full)
        unused = [
            (kind, name)
            for kind, members in full["components"].items()
            if kind != "securitySchemes"
            for name in members
            if f"{PREFIX}{kind}/{name}'" not in text and f"{PREFIX}{kind}/{name}\n" not in text
        ]
        if not unused:
            return
        for kind, name in unused:
            del full["components"][kind][name]


def written(document: dict[str, Any]) -> str:
    """The document as YAML, with its keys in the order of the full one and long texts in blocks."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    sys.stdout.write(written(minimal(yaml.safe_load(FULL.read_text("utf-8")))))
