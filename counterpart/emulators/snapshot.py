"""An emulator's state as a JSON value and back: plain values, and the few classes that states are made of."""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from counterpart.emulators.errors import UnusableSnapshot

T = TypeVar("T")

_KIND = "#"
_classes: dict[str, tuple[type[Any], tuple[str, ...]]] = {}


def kept(*names: str) -> Callable[[type[T]], type[T]]:
    """Marks a class whose instances are kept in snapshots by these attributes."""

    def mark(cls: type[T]) -> type[T]:
        _classes[cls.__name__] = (cls, names)
        return cls

    return mark


def dump(value: Any) -> Any:
    """A value as JSON, with what JSON does not know under its kind; raises TypeError for what is not state."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Decimal):
        return {_KIND: "decimal", "is": str(value)}
    if isinstance(value, list):
        return [dump(item) for item in value]
    if isinstance(value, dict):
        if all(type(key) is str for key in value) and _KIND not in value:
            return {key: dump(item) for key, item in value.items()}
        return {_KIND: "dict", "is": [[dump(key), dump(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {_KIND: "tuple", "is": [dump(item) for item in value]}
    if isinstance(value, bytes):
        return {_KIND: "bytes", "is": base64.b64encode(value).decode("ascii")}
    name = type(value).__name__
    if name not in _classes:
        raise TypeError(f"{name} has no place in a snapshot")
    return {_KIND: name, "is": {attribute: dump(getattr(value, attribute)) for attribute in _classes[name][1]}}


def load(value: Any, wanted: type[T]) -> T:
    """The state that `dump` wrote; raises UnusableSnapshot for anything else."""
    try:
        loaded = _load(value)
    except (AttributeError, InvalidOperation, KeyError, RecursionError, TypeError, ValueError) as error:
        raise UnusableSnapshot(f"it does not read as one ({error})") from None
    if not isinstance(loaded, wanted):
        raise UnusableSnapshot(f"it holds a {type(loaded).__name__}, not a {wanted.__name__}")
    return loaded


def _load(value: Any) -> Any:
    if isinstance(value, list):
        return [_load(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _KIND not in value:
        return {key: _load(item) for key, item in value.items()}
    content = value["is"]
    match value[_KIND]:
        case "decimal":
            return Decimal(content)
        case "dict":
            return {_load(key): _load(item) for key, item in content}
        case "tuple":
            return tuple(_load(item) for item in content)
        case "bytes":
            return base64.b64decode(content)
    cls, names = _classes[value[_KIND]]
    if content.keys() != set(names):
        raise ValueError(f"a {cls.__name__} has {', '.join(names)}")
    instance: Any = object.__new__(cls)
    for name in names:
        object.__setattr__(instance, name, _load(content[name]))
    return instance
