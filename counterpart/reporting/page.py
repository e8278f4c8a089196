"""A sign-off as a page: one file that needs no network, in which no text from outside can become markup."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent / "templates"
# Controls that a page would swallow, and marks by which a text could turn its neighbours around.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

# Words between backticks in our own sentences are what somebody can type.
_PARTS = re.compile("`([^`]*)`")


def page(content: Mapping[str, Any]) -> str:
    """The page of a content; that of a void one says only that there is none."""
    # Imported here: test processes that only send events need not wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.filters["prose"] = lambda text: _PARTS.split(text)
    if content["state"] != "complete":
        return environment.get_template("void.html").render(visible(content))
    script = (TEMPLATES / "signoff.js").read_text("utf-8")
    beyond: dict[str, list[Any]] = {flow["id"]: [] for flow in content["flows"]}
    shown = visible(content)
    for item in shown["additional_items"]:
        beyond[item["short"].partition("/")[0]].append(item)
    return environment.get_template("signoff.html").render(
        shown,
        beyond=beyond,
        held={item for each in shown["decisions"] if each["standing"] == "undecided" for item in each["items"]},
        # The script is ours, and the policy of the page admits it by its hash and no other.
        script=Markup(script),  # noqa: S704
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )


def visible(node: Any) -> Any:
    """The same values with everything that hides in a text shown as an escape."""
    if isinstance(node, str):
        if node.isascii() and node.isprintable():
            return node
        return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", node)
    if isinstance(node, Mapping):
        return {visible(name): visible(value) for name, value in node.items()}
    if isinstance(node, list | tuple):
        return [visible(value) for value in node]
    return node


def breakable(path: str) -> Iterable[str]:
    """The parts of a dotted path or file path, each to be followed by a place where a line may break."""
    return re.findall(r"[^._/-]+[._/-]?|[._/-]", path)
