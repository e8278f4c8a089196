"""Items beyond the document: what is expected of a two-way sync is shown by a scenario, or it stands why it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from counterpart.checklist import Additional, AdditionalError, Checklist

FEATURES = Path(__file__).parents[2] / "features"
# Those on creating, linking, editing, deleting, racing, failing and access that a person can see from outside.
EXPECTED = {*range(8, 20), *range(23, 30), *range(35, 49), 52, *range(58, 64), *range(66, 69), *range(71, 75)}


@pytest.fixture(scope="module")
def checklist() -> Checklist:
    return Checklist.load(FEATURES / "checklist.toml")


def test_what_users_expect_has_a_scenario_or_a_reason_why_not(checklist: Checklist) -> None:
    additional = Additional.load(FEATURES / "additional.toml", checklist)
    tagged = {
        int(each) for path in FEATURES.glob("*/*.feature") for each in re.findall(r"@req:(\d+)", path.read_text())
    }
    assert tagged == set(additional.wordings)
    assert sorted(EXPECTED - tagged) == sorted(additional.unscripted)


def test_a_number_stands_once_and_what_has_no_scenario_says_why(tmp_path: Path, checklist: Checklist) -> None:
    path = tmp_path / "additional.toml"
    path.write_text(
        '[[requirement]]\nnumber = 8\nwording = "One."\n\n'
        '[[unscripted]]\nnumber = 8\nwording = "One."\nreason = "It is ours."\n\n'
        '[[unscripted]]\nnumber = 9\nwording = "Two."\n'
    )
    with pytest.raises(AdditionalError) as error:
        Additional.load(path, checklist)
    assert "unscripted 2: 'reason' must be a text" in str(error.value)
    assert "unscripted 1: the number 8 stands twice; remove one" in str(error.value)
