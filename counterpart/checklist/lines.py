"""A file's lines within bounds, and a cursor over them that says what it expected and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from counterpart.checklist.errors import DocumentError
from counterpart.checklist.model import Encoding

# The largest document of the family has 34 flows and stays below 100 KB; its longest line is a run of conditions.
MAX_BYTES = 2_000_000
MAX_LINE = 20_000

# A bare CR, a NUL or a vertical tab would let a viewer show other lines than the ones that are read.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
# Tabs behind a property name are part of the family; anywhere else they are not.
_CELL = ("   * - ", "     - ")


@dataclass(frozen=True)
class Text:
    """A text taken apart: each line as it stands and without what is behind its last sign."""

    raw: tuple[str, ...]
    lines: tuple[str, ...]
    encoding: Encoding


def load(path: Path) -> bytes:
    """The bytes of a file, at most one more than may be read; raises DocumentError when it cannot be read."""
    # A pipe or a device may never end, or never begin.
    if path.exists() and not path.is_file():
        raise DocumentError(str(path), 0, "a regular file", "none")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(str(path), 0, "a readable file", error.strerror or str(error)) from None


def split(data: bytes, path: str) -> Text:
    """Take a text apart; raises DocumentError for what is too large, not UTF-8, or hides something."""
    if len(data) > MAX_BYTES:
        raise DocumentError(path, 0, f"at most {MAX_BYTES} bytes", "more")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(path, place, "text in UTF-8", f"byte 0x{data[error.start]:02x}") from None
    marked = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    ends = text.count("\n")
    with_return = text.count("\r\n")
    raw = text.replace("\r\n", "\n").split("\n")
    final = raw[-1] == ""
    while raw and not raw[-1].strip(" "):
        raw.pop()
    lines = [line.rstrip(" \t") if line.startswith(_CELL) else line.rstrip(" ") for line in raw]
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise DocumentError(path, number, f"a line of at most {MAX_LINE} characters", f"one of {len(line)}")
        if control := _CONTROL.search(line):
            raise DocumentError(path, number, "printable text", f"the control character {control[0]!r}")
    encoding = Encoding(
        "LF" if not with_return else "CRLF" if with_return == ends else "mixed",
        marked,
        final,
        sum(1 for line in raw if line.endswith(" ")),
    )
    return Text(tuple(raw), tuple(lines), encoding)


class Cursor:
    """Goes over the lines once; `at` counts the lines taken, and so is the number of the line taken last."""

    def __init__(self, text: Text, path: str) -> None:
        self.text = text
        self.path = path
        self.at = 0

    @property
    def ended(self) -> bool:
        """Whether every line was taken."""
        return self.at >= len(self.text.lines)

    def peek(self, ahead: int = 0) -> str:
        """The next line, or one further ahead; empty behind the end."""
        place = self.at + ahead
        return self.text.lines[place] if place < len(self.text.lines) else ""

    def take(self, expected: str, admits: Callable[[str], bool]) -> str:
        """The next line, if it is admitted; raises DocumentError if not."""
        line = self.peek()
        if self.ended or not admits(line):
            self.fail(self.at + 1, expected)
        self.at += 1
        return line

    def exactly(self, wanted: str, expected: str) -> int:
        """Take the next line if it reads so; returns its number."""
        self.take(expected, lambda line: line == wanted)
        return self.at

    def blank(self) -> None:
        """Take an empty line."""
        self.exactly("", "an empty line")

    def fail(self, line: int, expected: str, found: str | None = None) -> NoReturn:
        """Raise DocumentError for a line, counted from one."""
        if line > len(self.text.lines):
            shown = "the end of the document"
        else:
            # Only the beginning is shown: a document's sentences are confidential, and a hostile line may be long.
            text = self.text.lines[line - 1] if found is None else found
            shown = repr(text if len(text) <= 60 else f"{text[:57]}...") if text else "an empty line"
        raise DocumentError(self.path, line, expected, shown)
