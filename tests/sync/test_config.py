"""The file of settings: what it may say, and every mistake told with file, line and cure."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sync.config import SETTINGS, Settings, load, template
from sync.errors import SettingError

FILE = """\
[sync]
state = "state/links.sqlite"
every = 60

[customerp]
url = "https://erp.example.com"

[log]
format = "json"
"""


def test_the_file_says_what_differs_from_the_defaults_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    file = tmp_path / "counterpart.toml"
    file.write_text(FILE)
    assert load({}, file) == Settings(
        state=tmp_path / "state/links.sqlite",
        flows=None,
        in_flight=16,
        every=60,
        urls={"customerp": "https://erp.example.com", "invoiced": ""},
        log_level="warning",
        log_format="json",
        telemetry=None,
        file=file,
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "counterpart.toml"
    file.write_text(FILE)
    environ = {
        "COUNTERPART_STATE": "elsewhere.sqlite",
        "COUNTERPART_CUSTOMERP_URL": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    }
    settings = load(environ, file)
    assert (settings.state, settings.urls["customerp"], settings.telemetry) == (
        Path("elsewhere.sqlite"),
        "http://127.0.0.1:1",
        "http://127.0.0.1:4318",
    )


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load({})
    assert (settings.file, settings.state, settings.every) == (None, Path("counterpart.sqlite"), 300)


def test_what_init_writes_loads_and_says_every_setting(tmp_path: Path) -> None:
    file = tmp_path / "counterpart.toml"
    file.write_text(template())
    assert load({}, file).state == tmp_path / "counterpart.sqlite"
    uncommented = "\n".join(
        line.removeprefix("# ") for line in template().splitlines() if not line.startswith("# ") or " = " in line
    )
    said = {
        (section, key): value for section, keys in tomllib.loads(uncommented).items() for key, value in keys.items()
    }
    assert said == {(setting.section, setting.key): setting.default for setting in SETTINGS}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sync\n", "line 1: not TOML"),
        ("\n[snyc]\n", "line 2: 'snyc' is no section. Did you mean 'sync'?"),
        ("[sync]\nevry = 5\n", "line 2: [sync] knows no 'evry'. Did you mean 'every'?"),
        ("[sync]\nevery = 0\n", "line 2: [sync] every = 0 is no whole number from 1 to 86400. Write every = 300."),
        ("[sync]\nin_flight = 21\n", "line 2: [sync] in_flight = 21 is no whole number from 1 to 20"),
        ("[sync]\nin_flight = true\n", "line 2: [sync] in_flight = True is no whole number"),
        ("[sync]\nstate = 5\n", 'line 2: [sync] state is no text. Write state = "counterpart.sqlite".'),
        ("[log]\n\nlevel = 'loud'\n", "line 3: [log] level = 'loud' is not possible. Choose from debug, info"),
        (
            "[customerp]\ntoken = 'abc-secret'\n",
            "line 2: [customerp] token looks like a credential. Take it out and set COUNTERPART_CUSTOMERP_TOKEN inst",
        ),
        ("[invoiced]\napi_key = 'abc-secret'\n", "Take it out and set COUNTERPART_INVOICED_KEY instead."),
        ("#" * 70_000, "larger than 65536 bytes. Name the right file."),
    ],
)
def test_a_mistake_is_told_with_file_line_and_cure(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "counterpart.toml"
    file.write_text(text)
    with pytest.raises(SettingError) as error:
        load({}, file)
    assert str(error.value).startswith(str(file))
    assert sentence in str(error.value)
    assert "abc-secret" not in str(error.value)


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="Check the path, or write one with `counterpart init`"):
        load({}, tmp_path / "none.toml")
