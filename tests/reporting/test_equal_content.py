"""Page, PDF and JSON say the same, whatever a text may contain."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from counterpart.reporting import finish
from counterpart.reporting.page import visible
from counterpart.reporting.pdf import pdf

# What serves programs: names of formats and of places, and what is shown in another form.
APART = {"schema", "state", "pair", "object", "kind", "node_id", "travels", "type", "level", "lint", "kinds"}
# Of a pair that arrived the verdict and the number of scenarios say it.
SAID_OTHERWISE = (".to_target.reason", ".to_source.reason")


def told(node: Any, key: str = "") -> Iterator[str]:
    """Every text of a content, and where it stands."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in APART:
                yield from told(value, f"{key}.{name}")
    elif isinstance(node, list):
        for value in node:
            yield from told(value, key)
    elif isinstance(node, str) and node and not key.endswith(SAID_OTHERWISE):
        yield f"{key}\0{node}"


def bare(text: str) -> str:
    """A text without what typesetting adds or takes: blanks, places to break, ligatures, backticks.

    Letters written from right to left come out of a PDF in the order in which they are seen, and stay out.
    """
    folded = unicodedata.normalize("NFKC", text)
    return re.sub(r"[\s\u00ad\u200b`\u0590-\u06ff\u200e\u200f\u202a-\u202e\u2066-\u2069]+", "", folded)


class Text(HTMLParser):
    """The text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def missing(content: dict[str, Any], text: str) -> list[str]:
    found = bare(text)
    return sorted({line.replace("\0", ": ") for line in told(visible(content)) if bare(_as_shown(line)) not in found})


def _as_shown(line: str) -> str:
    key, _, text = line.partition("\0")
    if key.endswith((".finished", ".started", ".generated", ".at")):
        return text.replace("T", " ").replace("+00:00", " UTC")
    if key.endswith(".verdict") and not key.startswith(".attempts") and not key.endswith(".history.verdict"):
        return text[1:]
    return text


def test_the_page_says_everything(everything: Path) -> None:
    content = json.loads((everything / "signoff.json").read_text("utf-8"))
    assert len(list(told(content))) > 500
    assert missing(content, " ".join(Text((everything / "index.html").read_text("utf-8")).parts)) == []


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="reads the PDF with poppler's pdftotext")
def test_the_pdf_says_everything(everything: Path) -> None:
    content = json.loads((everything / "signoff.json").read_text("utf-8"))
    finish(everything, content, {})
    read = ["pdftotext", "-raw", "-enc", "UTF-8", "signoff.pdf", "-"]
    text = subprocess.run(read, cwd=everything, capture_output=True, check=True).stdout.decode()
    assert missing(content, text) == []


def test_equal_contents_give_equal_pdfs(everything: Path) -> None:
    content = json.loads((everything / "signoff.json").read_text("utf-8"))
    assert pdf(content) == pdf(content)


def test_what_is_left_out_would_be_missed(everything: Path) -> None:
    content = json.loads((everything / "signoff.json").read_text("utf-8"))
    page = " ".join(Text((everything / "index.html").read_text("utf-8")).parts)
    assert missing(content | {"rests_on": ["Something that nobody shows."]}, page) == [
        ".rests_on: Something that nobody shows."
    ]
