"""Who compared checklist and document, and how long that holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from counterpart.checklist import Attestation, AttestationError, Checklist, read

DAY = date(2026, 3, 2)


@pytest.fixture
def attested(checklist: Checklist, write: Callable[..., str]) -> Attestation:
    found = Attestation.of(checklist, read(write().encode()), "Kari Nordmann", "QA", DAY)
    assert found is not None
    return found


def test_what_differs_is_not_attested(checklist: Checklist, write: Callable[..., str]) -> None:
    other = read(write(rows=[("name", "name", '"string"')]).encode())
    assert Attestation.of(checklist, other, "Kari Nordmann", "QA", DAY) is None


def test_it_survives_its_file_and_holds_no_word_of_the_document(attested: Attestation, tmp_path: Path) -> None:
    path = tmp_path / "attestation.toml"
    assert Attestation.load(path) is None
    attested.save(path)
    assert Attestation.load(path) == attested
    assert "synchroni" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, None),
        (90, None),
        (91, "The comparison by Kari Nordmann is 91 days old; it holds for 90."),
        (-1, "The comparison by Kari Nordmann is dated 2026-03-02, in the future."),
    ],
)
def test_it_ages(attested: Attestation, checklist: Checklist, days: int, said: str | None) -> None:
    assert attested.lapsed(checklist, DAY + timedelta(days=days)) == said


def test_it_lapses_with_the_checklist_but_not_with_its_order(attested: Attestation, checklist: Checklist) -> None:
    assert attested.lapsed(replace(checklist, items=checklist.items[::-1]), DAY) is None
    assert attested.lapsed(replace(checklist, items=checklist.items[1:]), DAY) == (
        "The checklist has changed since Kari Nordmann compared it with the document on 2026-03-02."
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('by = "Kari Nordmann"', 'by = ""', "'by' must be a text"),
        ("on = 2026-03-02", "on = 2026-03-02T08:00:00Z", "'on' must be a day"),
        ("03:04:05Z", "03:04:05", "'generated' must be a time with its zone"),
        ("role =", "rule = 1\nrole =", "'rule' is no part of an attestation"),
        ("role =", "role", "no valid TOML"),
    ],
)
def test_a_torn_file_is_refused(attested: Attestation, tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "attestation.toml"
    attested.save(path)
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    with pytest.raises(AttestationError, match=said):
        Attestation.load(path)
