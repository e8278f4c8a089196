"""A sign-off as a PDF, typeset by Typst; the content goes in as data, so no text of it can become markup."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from counterpart.reporting.page import TEMPLATES, visible

# A line breaks at blanks only; long paths, hashes and bodies get places of their own.
_UNBROKEN = re.compile(r"\S{25,}")
_PLACE = re.compile(r"([._/\-,:;?&=}\])]|[^._/\-,:;?&=}\])]{16})(?=.)")


def pdf(content: Mapping[str, Any]) -> bytes:
    """The PDF of a complete content; equal contents give equal bytes."""
    # Imported here: only a finished sign-off is typeset.
    import typst

    data = json.dumps(_breakable(visible(content)))
    return typst.compile(TEMPLATES / "signoff.typ", sys_inputs={"content": data})


def _breakable(node: Any) -> Any:
    """The same values with places in long words at which a line may break."""
    if isinstance(node, str):
        return _UNBROKEN.sub(lambda match: _PLACE.sub("\\1\u200b", match[0]), node) if len(node) > 24 else node
    if isinstance(node, Mapping):
        return {name: _breakable(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_breakable(value) for value in node]
    return node
