"""Recordings of stock vcrpy and pytest-recording: YAML, parsed within bounds."""

from __future__ import annotations

from typing import Any

import yaml

# libYAML takes 60 to 250 ms a megabyte, so this also bounds the time.
LARGEST = 16 * 1024 * 1024
DEEPEST = 64
MOST_NODES = 2_000_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MalformedYaml(Exception):
    """The text is not YAML, or asks for more than plain data of bounded size."""


def parse_yaml(text: str) -> Any:
    """The plain data of one YAML document; raises MalformedYaml, also for tags of program objects and alias bombs."""
    if len(text) > LARGEST:
        raise MalformedYaml(f"YAML of {len(text)} characters, more than the {LARGEST} that are read")
    try:
        _check_size(text)
        # A safe loader: it builds data only, and refuses any tag that asks for more.
        return yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark is not None else ""
        raise MalformedYaml(f"{place}{getattr(error, 'problem', None) or 'not YAML'}") from None
    except (ValueError, RecursionError) as error:
        raise MalformedYaml(str(error)) from None


def _check_size(text: str) -> None:
    """Count what the document says once its aliases are written out, before anything is built."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise MalformedYaml(f"the alias *{event.anchor} refers to what it is part of")
            total += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if len(open_nodes) > DEEPEST:
            raise MalformedYaml(f"nested deeper than {DEEPEST} levels")
        if total > MOST_NODES:
            raise MalformedYaml(f"more than {MOST_NODES} values")
