"""Flow files: TOML read into flows, every mistake found on load and named with file, line and cure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, cast, get_args

from sync import customerp, invoiced
from sync.converters import PLAIN, Choice, Converter, Reference
from sync.errors import FlowError
from sync.schema import Clearing, Create, Direction, Flow, Late, Lines, OnDelete, Owner, Pair, Policy, Side
from sync.sections import Sections
from sync.values import BadValue, Value

__all__ = ["SHIPPED", "Flow", "Pair", "load_flow", "load_flows", "ordered"]

SHIPPED = Path(__file__).parent / "flows"


def load_flows(folder: Path = SHIPPED) -> tuple[Flow, ...]:
    """All flows of a folder, each after those it depends on; raises FlowError."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise FlowError(str(folder), None, "no flow file (*.toml) here", "Name a folder that holds flows")
    return ordered([(load_flow(file), file) for file in files])


def ordered(loaded: Sequence[tuple[Flow, Path]]) -> tuple[Flow, ...]:
    """The flows in dependency order, by id where order is free; raises FlowError."""
    flows: dict[str, Flow] = {}
    for flow, file in loaded:
        if flow.id in flows:
            raise FlowError(str(file), None, f"a second flow is called '{flow.id}'", "Give each flow an id of its own")
        flows[flow.id] = flow
    for flow, file in loaded:
        for needed in flow.after:
            if needed not in flows:
                raise FlowError(
                    str(file),
                    None,
                    f"after names '{needed}', and there is no such flow",
                    f"Choose from {', '.join(sorted(flows))}",
                )
    try:
        order = list(TopologicalSorter({name: sorted(flows[name].after) for name in sorted(flows)}).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise FlowError(
            str(loaded[0][1].parent), None, f"flows wait for each other: {circle}", "Take one of them out of an 'after'"
        ) from None
    return tuple(flows[name] for name in order)


def load_flow(file: Path) -> Flow:
    """One flow file; raises FlowError with the line where it can be told."""
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise FlowError(str(file), None, f"cannot be read: {error.strerror}", "Check the path") from None
    except UnicodeDecodeError:
        raise FlowError(str(file), None, "is not UTF-8", "Save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise FlowError(str(file), int(found[1]) if found else None, f"not TOML: {error}", "Correct it there") from None
    return _Reader(str(file), text).flow(table)


_PAIR_KEYS = {
    "source",
    "target",
    "converter",
    "group",
    "direction",
    "owner",
    "conflict",
    "on_clear",
    "fixed",
    "companions",
    "target_default",
    "shown",
}
_DEFAULTS = {"owner": get_args(Owner), "conflict": get_args(Policy), "on_clear": get_args(Clearing)}


class _Reader(Sections):
    """Turns one parsed file into a Flow."""

    def flow(self, table: dict[str, Any]) -> Flow:
        self.known(
            table,
            {
                "id",
                "after",
                "source",
                "target",
                "match",
                "create",
                "delete",
                "defaults",
                "pair",
                "lines",
                "conflict_late",
            },
            "the file",
            None,
        )
        defaults = self.table(table, "defaults", {})
        self.known(defaults, set(_DEFAULTS), "[defaults]", "[defaults]")
        for key, allowed in _DEFAULTS.items():
            self.choice(defaults, key, allowed, allowed[0], "[defaults]")
        after = tuple(self.strings(table, "after", []))
        pairs = self._pairs(table, "pair", defaults, after)
        match, match_case, further = self._match(table, pairs)
        create = self.table(table, "create", {})
        self.known(create, {"direction", "when", "unless"}, "[create]", "[create]")
        on_delete, deactivated = self._delete(table, pairs)
        return Flow(
            id=self.string(table, "id", "the file", None),
            source=self._side(table, "source", customerp.COLLECTIONS),
            target=self._side(table, "target", invoiced.COLLECTIONS),
            match=match,
            match_case=match_case,
            further=further,
            pairs=pairs,
            lines=self._line_section(table, defaults, after),
            late=self._late(table, pairs),
            create=cast(Create, self.choice(create, "direction", get_args(Create), "source", "[create]")),
            when=self._conditions(create, "when", pairs),
            unless=self._conditions(create, "unless", pairs),
            after=after,
            on_delete=on_delete,
            deactivated=deactivated,
        )

    def _pairs(
        self, table: dict[str, Any], header: str, defaults: dict[str, Any], after: tuple[str, ...], parent: str = ""
    ) -> tuple[Pair, ...]:
        found = table.get(header)
        full = f"[[{parent}{header}]]"
        if not isinstance(found, list) or not found or not all(isinstance(entry, dict) for entry in found):
            self.fail(f"no {full} section", f"Add one {full} for each property pair", f"[{parent.rstrip('.')}]")
        pairs = tuple(self._pair(entry, f"{full}#{index}", defaults, after) for index, entry in enumerate(found))
        for index, pair in enumerate(pairs):
            place = f"{full}#{index}"
            for earlier in pairs[:index]:
                if earlier.source == pair.source or earlier.target == pair.target:
                    self.fail(
                        f"'{pair.source}' -> '{pair.target}' repeats a path of "
                        f"'{earlier.source}' -> '{earlier.target}'",
                        "Map each path once",
                        place,
                    )
                if (
                    pair.group
                    and earlier.group == pair.group
                    and (
                        (earlier.owner, earlier.conflict, earlier.direction)
                        != (pair.owner, pair.conflict, pair.direction)
                    )
                ):
                    self.fail(
                        f"group '{pair.group}' has two opinions on owner, conflict or direction",
                        "A group changes as one value, so give its pairs the same",
                        place,
                    )
            if pair.conflict == "union" and (pair.group or pair.converter is not PLAIN["words"]):
                self.fail(
                    f"'{pair.source}' cannot be united: only sets of words can, each by itself",
                    'Write converter = "words" and no group, or another conflict policy',
                    place,
                )
            for companion in pair.companions:
                if companion not in {other.target for other in pairs}:
                    self.fail(
                        f"companion '{companion}' is no target path of this flow",
                        "Name the target path of another pair",
                        place,
                    )
        return pairs

    def _pair(self, entry: dict[str, Any], place: str, defaults: dict[str, Any], after: tuple[str, ...]) -> Pair:
        self.known(entry, _PAIR_KEYS, place.split("#")[0], place)
        merged = {**defaults, **entry}
        return Pair(
            source=self.string(entry, "source", place.split("#")[0], place),
            target=self.string(entry, "target", place.split("#")[0], place),
            converter=self._converter(entry.get("converter", "text"), place, after),
            group=self.string(entry, "group", "", place) if "group" in entry else None,
            direction=cast(Direction, self.choice(entry, "direction", get_args(Direction), "both", place)),
            owner=cast(Owner, self.choice(merged, "owner", get_args(Owner), "erp", place)),
            conflict=cast(Policy, self.choice(merged, "conflict", get_args(Policy), "erp", place)),
            on_clear=cast(Clearing, self.choice(merged, "on_clear", get_args(Clearing), "travel", place)),
            fixed=self.flag(entry, "fixed", place),
            companions=tuple(self.strings(entry, "companions", [], place)),
            target_default=self.string(entry, "target_default", "", place) if "target_default" in entry else None,
            shown=self.string(entry, "shown", "", place) if "shown" in entry else None,
        )

    def _converter(self, given: object, place: str, after: tuple[str, ...]) -> Converter:
        options = {"name": given} if isinstance(given, str) else given
        if not isinstance(options, dict):
            self.fail(f"converter {given!r} is neither a name nor a table", 'Write converter = "text"', place)
        name = options.get("name")
        if name == "choice":
            words = options.get("values")
            if not isinstance(words, dict) or not words or not all(isinstance(word, str) for word in words.values()):
                self.fail("converter 'choice' needs values", 'Write values = { draft = "draft" }', place)
            if len(set(words.values())) != len(words):
                self.fail("converter 'choice' maps two words to one", "Give each word a counterpart of its own", place)
            self.known(options, {"name", "values"}, "the converter", place)
            return Choice(dict(words))
        if name == "reference":
            flow = options.get("flow")
            if flow not in after:
                self.fail(
                    f"converter 'reference' refers to flow {flow!r}, which is not in 'after'",
                    "List it there: a reference can only be carried over once its record is linked",
                    place,
                )
            self.known(options, {"name", "flow", "numeric"}, "the converter", place)
            return Reference(flow, self.flag(options, "numeric", place))
        if name not in PLAIN:
            self.fail(
                f"unknown converter {name!r}",
                f"Choose from {', '.join(sorted([*PLAIN, 'choice', 'reference']))}",
                place,
            )
        self.known(options, {"name"}, "the converter", place)
        return PLAIN[str(name)]

    def _side(self, table: dict[str, Any], name: str, collections: Sequence[str]) -> Side:
        section = self.table(table, name)
        place = f"[{name}]"
        self.known(section, {"object", "type", "filter"}, place, place)
        object_ = self.string(section, "object", place, place)
        self.choice(section, "object", collections, "", place, "object")
        accepted = section.get("filter", {})
        if not isinstance(accepted, dict) or not all(isinstance(value, str) for value in accepted.values()):
            self.fail("filter must be a table of texts", 'Write filter = { type = "company" }', place)
        return Side(object_, self.string(section, "type", place, place), accepted)

    def _match(self, table: dict[str, Any], pairs: tuple[Pair, ...]) -> tuple[Pair, bool, tuple[Pair, ...]]:
        """The match key, whether its case counts, and the further keys; `[match]` or several `[[match]]`."""
        given = table.get("match")
        several = isinstance(given, list) and bool(given) and all(isinstance(each, dict) for each in given)
        keys: list[Pair] = []
        exact = True
        for index, section in enumerate(cast(list[dict[str, Any]], given) if several else [self.table(table, "match")]):
            place = f"[[match]]#{index}" if several else "[match]"
            self.known(section, {"pair"} if keys else {"pair", "case"}, place.partition("#")[0], place)
            name = self.string(section, "pair", place.partition("#")[0], place)
            pair = self._named(pairs, name, place)
            if pair.direction in ("to_source", "to_target"):
                self.fail(
                    f"'{name}' travels one way only, so not every new record would have it",
                    "Match by a pair with direction = 'both' or 'create_only'",
                    place,
                )
            if not keys:
                exact = self.choice(section, "case", ("exact", "ignore"), "exact", place) == "exact"
            elif pair.converter not in (PLAIN["text"], PLAIN["email"]):
                self.fail(
                    f"'{name}' does not read the same on both sides",
                    "After the first key, match by a pair with converter = 'text' or 'email'",
                    place,
                )
            if pair in keys:
                self.fail(f"'{name}' is a match key twice", "Take one of them out", place)
            keys.append(pair)
        return keys[0], exact, tuple(keys[1:])

    def _line_section(self, table: dict[str, Any], defaults: dict[str, Any], after: tuple[str, ...]) -> Lines | None:
        if "lines" not in table:
            return None
        section = self.table(table, "lines")
        self.known(section, {"source", "target", "identity", "owner", "conflict", "pair"}, "[lines]", "[lines]")
        merged = {**defaults, **section}
        pairs = self._pairs(section, "pair", defaults, after, "lines.")
        identity = self.string(section, "identity", "[lines]", "[lines]")
        self._named(pairs, identity, "[lines]")
        return Lines(
            self.string(section, "source", "[lines]", "[lines]"),
            self.string(section, "target", "[lines]", "[lines]"),
            pairs,
            identity,
            cast(Policy, self.choice(merged, "conflict", get_args(Policy), "erp", "[lines]")),
            cast(Owner, self.choice(merged, "owner", get_args(Owner), "erp", "[lines]")),
        )

    def _late(self, table: dict[str, Any], pairs: tuple[Pair, ...]) -> Late | None:
        if "conflict_late" not in table:
            return None
        section = self.table(table, "conflict_late")
        place = "[conflict_late]"
        self.known(section, {"pair", "values", "policy"}, place, place)
        name = self._named(pairs, self.string(section, "pair", place, place), place).name
        given = self.strings(section, "values", [], place)
        values = frozenset(str(self._source_value(pairs, name, value, place)) for value in given)
        return Late(name, values, cast(Policy, self.choice(section, "policy", get_args(Policy), "manual", place)))

    def _conditions(self, create: dict[str, Any], key: str, pairs: tuple[Pair, ...]) -> dict[str, tuple[object, ...]]:
        section = create.get(key, {})
        if not isinstance(section, dict) or not all(isinstance(held, list) for held in section.values()):
            self.fail(f"{key} must be a table of lists", f'Write {key} = {{ status = ["cancelled"] }}', "[create]")
        return {
            self._named(pairs, name, "[create]").name: tuple(
                self._source_value(pairs, name, value, "[create]") for value in held
            )
            for name, held in section.items()
        }

    def _delete(self, table: dict[str, Any], pairs: tuple[Pair, ...]) -> tuple[OnDelete, dict[str, Value]]:
        section, place = self.table(table, "delete", {}), "[delete]"
        self.known(section, {"on_delete", "deactivated"}, place, place)
        on_delete = cast(OnDelete, self.choice(section, "on_delete", get_args(OnDelete), "keep", place))
        said = section.get("deactivated", {})
        if not isinstance(said, dict) or (on_delete == "deactivate" and not said):
            self.fail(
                "on_delete = 'deactivate' needs to know how a record is deactivated",
                "Write deactivated = { active = false }",
                place,
            )
        for name in said:
            if self._named(pairs, name, place).direction != "both":
                self.fail(
                    f"'{name}' does not travel both ways, so no side can be deactivated by it",
                    "Name a pair with direction = 'both'",
                    place,
                )
        return on_delete, {name: self._source_value(pairs, name, value, place) for name, value in said.items()}

    def _source_value(self, pairs: tuple[Pair, ...], name: str, raw: object, place: str) -> Value:
        """A value as Customerp writes it, in canonical form."""
        converter = self._named(pairs, name, place).converter
        try:
            if isinstance(converter, Choice) and raw not in converter.words:
                raise BadValue(f"expected one of {', '.join(converter.words)}")
            return converter.read_source(raw)
        except BadValue as error:
            self.fail(f"{name} = {raw!r} is no value of that property: {error}", "Correct the value", place)

    def _named(self, pairs: tuple[Pair, ...], name: str, place: str) -> Pair:
        found = next((pair for pair in pairs if pair.name == name), None)
        if found is None:
            choices = ", ".join(pair.name for pair in pairs)
            self.fail(f"'{name}' is the source path of no pair", f"Choose from {choices}", place)
        return found
