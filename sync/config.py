"""Where the two systems are and how the sync works: `counterpart.toml`, overruled by the environment.

Credentials come from the environment and from nowhere else; a file that holds one is refused.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sync.errors import ConfigError, EndpointMissing, SettingError
from sync.http import Endpoint
from sync.links import System

FILE = "counterpart.toml"
CREDENTIALS: Mapping[System, str] = {
    "customerp": "COUNTERPART_CUSTOMERP_TOKEN",
    "invoiced": "COUNTERPART_INVOICED_KEY",
}
URLS: Mapping[System, str] = {"customerp": "COUNTERPART_CUSTOMERP_URL", "invoiced": "COUNTERPART_INVOICED_URL"}
STATE = "COUNTERPART_STATE"
# The standard names, so that whoever operates other services need not learn new ones.
TELEMETRY = "OTEL_EXPORTER_OTLP_ENDPOINT"
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
_MAX_BYTES = 65_536


@dataclass(frozen=True)
class Setting:
    """A setting of the file: what it may be, its default, and what it means, in the words of `counterpart init`."""

    section: str
    key: str
    default: str | int
    meaning: str
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] = (0, 0)


SETTINGS = (
    Setting("sync", "state", "counterpart.sqlite", "The file in which the sync keeps its links and its memory."),
    Setting("sync", "flows", "", "A folder with flow files of your own; empty takes the three that are shipped."),
    Setting("sync", "in_flight", 16, "How many calls may be under way at once; Invoiced allows 20.", bounds=(1, 20)),
    Setting("sync", "every", 300, "How many seconds `sync watch` waits between two rounds.", bounds=(1, 86_400)),
    Setting("customerp", "url", "", "Where Customerp's API is, like https://erp.example.com/api/v1."),
    Setting("invoiced", "url", "", "Where Invoiced's API is, like https://api.sandbox.invoiced.com."),
    Setting("log", "level", "warning", "What is worth a line on standard error.", choices=LEVELS),
    Setting("log", "format", "text", "Lines for people, or JSON for a log store.", choices=FORMATS),
    Setting("telemetry", "endpoint", "", "An OpenTelemetry collector (OTLP over HTTP); empty sends nothing."),
)


@dataclass(frozen=True)
class Settings:
    """Everything the sync can be told besides its flows and credentials."""

    state: Path
    flows: Path | None
    in_flight: int
    every: int
    urls: Mapping[System, str]
    log_level: str
    log_format: str
    telemetry: str | None
    file: Path | None  # where they were read; None without a file


def load(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings of a file, else of `counterpart.toml` here if there is one; the environment goes first.

    Paths in the file are relative to it. Raises ConfigError naming file, line and cure.
    """
    chosen = file if file is not None else Path(FILE)
    there = file is not None or chosen.is_file()
    found = _read(chosen) if there else {}
    values = {(s.section, s.key): found.get((s.section, s.key), s.default) for s in SETTINGS}

    def path(text: str) -> Path:
        return chosen.parent / text if text else Path()

    flows = str(values["sync", "flows"])
    systems: tuple[System, ...] = ("customerp", "invoiced")
    return Settings(
        state=Path(environ[STATE]) if environ.get(STATE) else path(str(values["sync", "state"])),
        flows=path(flows) if flows else None,
        in_flight=int(values["sync", "in_flight"]),
        every=int(values["sync", "every"]),
        urls={system: environ.get(URLS[system], "").strip() or str(values[system, "url"]) for system in systems},
        log_level=str(values["log", "level"]),
        log_format=str(values["log", "format"]),
        telemetry=environ.get(TELEMETRY, "").strip() or str(values["telemetry", "endpoint"]) or None,
        file=chosen if there else None,
    )


def endpoints(environ: Mapping[str, str], urls: Mapping[System, str] | None = None) -> dict[System, Endpoint]:
    """Both endpoints; raises ConfigError naming every variable that is missing or unusable."""
    known = urls if urls is not None else {system: environ.get(name, "") for system, name in URLS.items()}
    missing = tuple(
        name
        for system in URLS
        for name, given in ((URLS[system], known[system]), (CREDENTIALS[system], environ.get(CREDENTIALS[system], "")))
        if not given.strip()
    )
    if missing:
        raise EndpointMissing(missing)
    return {
        system: Endpoint(_url(known[system], URLS[system]), environ[CREDENTIALS[system]].strip()) for system in URLS
    }


def template() -> str:
    """A commented file with every setting at its default."""
    lines = [
        "# How this sync works. Credentials do not belong here: set",
        *(f"#   {name}" for name in CREDENTIALS.values()),
        "# in the environment. Every line below shows the default; take the # away to change it.",
    ]
    section = ""
    for setting in SETTINGS:
        if setting.section != section:
            section = setting.section
            lines += ["", f"[{section}]"]
        choices = f" One of {', '.join(setting.choices)}." if setting.choices else ""
        shown = f'"{setting.default}"' if isinstance(setting.default, str) else setting.default
        lines += [f"# {setting.meaning}{choices}", f"# {setting.key} = {shown}"]
    return "\n".join(lines) + "\n"


def _read(file: Path) -> dict[tuple[str, str], str | int]:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise SettingError(str(file), None, f"larger than {_MAX_BYTES} bytes", "Name the right file")
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as error:
        raise SettingError(
            str(file), None, f"cannot be read: {error.strerror}", "Check the path, or write one with `counterpart init`"
        ) from None
    except UnicodeDecodeError:
        raise SettingError(str(file), None, "is not UTF-8", "Save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        raise SettingError(str(file), int(at[1]) if at else None, f"not TOML: {error}", "Correct it there") from None
    return _checked(str(file), text.splitlines(), table)


def _checked(file: str, lines: Sequence[str], table: Mapping[str, Any]) -> dict[tuple[str, str], str | int]:
    known = {(setting.section, setting.key): setting for setting in SETTINGS}
    sections = list(dict.fromkeys(setting.section for setting in SETTINGS))
    found: dict[tuple[str, str], str | int] = {}
    for section, keys in table.items():
        if section not in sections or not isinstance(keys, dict):
            raise SettingError(
                file, _line(lines, None, section), f"'{section}' is no section", _meant(section, sections)
            )
        for key, value in keys.items():
            at = _line(lines, section, key)
            if re.search(r"token|key|secret|password|credential", key, re.IGNORECASE):
                name = CREDENTIALS.get("customerp" if section == "customerp" else "invoiced", "")
                raise SettingError(
                    file, at, f"[{section}] {key} looks like a credential", f"Take it out and set {name} instead"
                )
            if (section, key) not in known:
                choices = [other for where, other in known if where == section]
                raise SettingError(file, at, f"[{section}] knows no '{key}'", _meant(key, choices))
            found[section, key] = _value(file, at, known[section, key], value)
    return found


def _value(file: str, at: int | None, setting: Setting, value: object) -> str | int:
    name = f"[{setting.section}] {setting.key}"
    if isinstance(setting.default, int):
        least, most = setting.bounds
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise SettingError(
                file,
                at,
                f"{name} = {value!r} is no whole number from {least} to {most}",
                f"Write {setting.key} = {setting.default}",
            )
        return value
    if not isinstance(value, str):
        raise SettingError(file, at, f"{name} is no text", f'Write {setting.key} = "{setting.default}"')
    if setting.choices and value not in setting.choices:
        raise SettingError(file, at, f"{name} = {value!r} is not possible", f"Choose from {', '.join(setting.choices)}")
    return value


def _meant(given: str, choices: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, choices, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Choose from {', '.join(choices)}"


def _line(lines: Sequence[str], section: str | None, key: str) -> int | None:
    """The line of a section's header, or of a key below it."""
    inside = section is None
    for number, line in enumerate(lines, start=1):
        header = re.match(r"\s*\[\s*([\w-]+)\s*\]", line)
        if header:
            if section is None and header[1] == key:
                return number
            inside = section is None or header[1] == section
        elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return None


def _url(given: str, variable: str) -> str:
    url = given.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        private = parts.username is not None or parts.password is not None
    except ValueError:
        usable, private = False, False
    if not usable:
        raise ConfigError(f"environment: {variable} is no http(s) address. Write it like https://api.example.com.")
    if private:
        raise ConfigError(
            f"environment: {variable} holds a user or password. Put the credential into its own variable."
        )
    return url
