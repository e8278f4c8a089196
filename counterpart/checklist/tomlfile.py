"""TOML files of ours: read with their mistakes told, changed one table at a time, comments and order kept."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from counterpart.checklist.errors import FileDefects


def load_toml(path: Path, error: type[FileDefects]) -> dict[str, Any]:
    """The tables of a TOML file; what hinders reading it is raised as `error`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise error(path, ["there is no such file; bring it back from the repository"]) from None
    except OSError as trouble:
        raise error(path, [f"it cannot be read: {trouble.strerror}"]) from None
    except UnicodeDecodeError as trouble:
        raise error(path, [f"byte {trouble.start} is not UTF-8; save the file as UTF-8"]) from None
    except tomllib.TOMLDecodeError as trouble:
        raise error(path, [f"no valid TOML: {trouble}; mend that line"]) from None


def replace_file(path: Path, text: str) -> None:
    """Write a text, replacing the file as a whole."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text, "utf-8", newline="\n")
    temporary.replace(path)


def edited(text: str, array: str, index: int, changes: Mapping[str, str | None]) -> str:
    """The text with keys of one table of an array set to TOML values, or taken out where the value is None.

    Raises ValueError when the layout hides the table, so that a change would land elsewhere.
    """
    before = tomllib.loads(text)
    wanted = tomllib.loads(text)
    table = wanted[array][index]
    for key, value in changes.items():
        table.pop(key, None)
        if value is not None:
            table[key] = tomllib.loads(f"value = {value}")["value"]
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.strip() == f"[[{array}]]"]
    if len(starts) != len(before[array]):
        raise ValueError(f"write [[{array}]] on a line of its own above each of its {len(before[array])} tables")
    begin = starts[index] + 1
    end = next((number for number in range(begin, len(lines)) if lines[number].startswith("[")), len(lines))
    block = lines[begin:end]
    for key, value in changes.items():
        places = [number for number, line in enumerate(block) if re.match(rf"{re.escape(key)}\s*=", line)]
        if value is None:
            block = [line for number, line in enumerate(block) if number not in places]
        elif places:
            block[places[0]] = f"{key} = {value}"
        else:
            last = max((number for number, line in enumerate(block) if "=" in line and line[:1] != "#"), default=-1)
            block.insert(last + 1, f"{key} = {value}")
    result = "\n".join([*lines[:begin], *block, *lines[end:]])
    if tomllib.loads(result) != wanted:
        raise ValueError(f"{array} {index + 1} has values over several lines; edit it by hand")
    return result
