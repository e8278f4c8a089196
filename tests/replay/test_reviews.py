"""A recording is stale until a named person has read it, and whoever has signed it is known by their key."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from counterpart.replay import Cassette, Exchange
from counterpart.replay.errors import CannotSign, UnusableReviews
from counterpart.replay.provenance import doubt_of
from counterpart.replay.reviews import FILE, Review, Reviews, add, to_be_read
from counterpart.replay.signing import ALLOWED, NAMESPACE, sign, signer
from counterpart.replay.staleness import Standing, statuses

READ = Exchange(1, "sync", "GET", "https://shop.example/orders/7", (), b"", 200, (), b'{"id":7}')
WRITE = replace(READ, step=2, method="PATCH", request_body=b'{"name":"Ada"}')
MADE = {
    "scenario": "a/create/x",
    "recorded_on": "2026-05-30",
    "recorded_with": "counterpart 1",
    "contracts": {"a": "1"},
}
CASSETTE = Cassette((READ, WRITE), MADE)
TODAY = date(2026, 6, 1)


def reviewed(root: Path, cassette: Cassette) -> Reviews:
    add(root / FILE, Review('Ada "the reader" Lovelace', TODAY, "read", {"a.yaml": cassette.content}))
    return Reviews.load(root / FILE)


@pytest.mark.parametrize(
    ("again", "still"),
    [
        (CASSETTE, True),
        (Cassette(CASSETTE.interactions, {**MADE, "recorded_on": "2026-06-01", "contracts": {"a": "2"}}), True),
        (Cassette((READ,), MADE), False),
        (Cassette((READ, replace(WRITE, request_body=b'{"name":"Eve"}')), MADE), False),
        (Cassette((READ, replace(WRITE, step=1)), MADE), False),
        (Cassette(CASSETTE.interactions, {**MADE, "recorded_against": "live shop.example"}), False),
        (Cassette(CASSETTE.interactions, {**MADE, "scenario": "a/create/y"}), False),
    ],
    ids=["the same", "other circumstances", "call gone", "other value", "other step", "other origin", "other scenario"],
)
def test_a_review_holds_for_what_was_read(again: Cassette, still: bool, tmp_path: Path) -> None:
    reviews = reviewed(tmp_path, CASSETTE)
    again.save(tmp_path / "a.yaml")

    [found] = statuses(tmp_path, [tmp_path / "a.yaml"], [], TODAY, reviews=reviews)

    assert (Standing.NOT_REVIEWED not in found.standings) is still
    assert found.reviewed_by == ('Ada "the reader" Lovelace' if still else "")


def test_reviews_are_added_and_read_back(tmp_path: Path) -> None:
    first = Review("Ada", TODAY, "first", {"a.yaml": "1", "b c.yaml": "2"})
    second = Review("Bea", TODAY, 'with "quotes"', {"a.yaml": "3"})
    add(tmp_path / FILE, first)
    add(tmp_path / FILE, second)

    assert Reviews.load(tmp_path / FILE).reviews == (first, second)
    assert list(Reviews.load(tmp_path / FILE).contents_of("a.yaml")) == ["3", "1"]
    assert Reviews.load(tmp_path / "none.toml").reviews == ()


@pytest.mark.parametrize(
    "text",
    [
        "[[review]",
        "[review]\nby = 'x'",
        "other = 1",
        "[[review]]\nby = ''\non = 2026-06-01\nnote = 'x'\n[review.contents]\na = '1'",
        "[[review]]\nby = 'x'\non = '2026-06-01'\nnote = 'x'\n[review.contents]\na = '1'",
        "[[review]]\nby = 'x'\non = 2026-06-01\nnote = 'x'\n[review.contents]\na = 1",
        "[[review]]\nby = 'x'\non = 2026-06-01\n[review.contents]\na = '1'",
    ],
)
def test_a_broken_list_is_refused_and_left_alone(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(UnusableReviews):
        Reviews.load(tmp_path / FILE)
    with pytest.raises(UnusableReviews):
        add(tmp_path / FILE, Review("Ada", TODAY, "x", {}))
    assert (tmp_path / FILE).read_text() == text


def test_a_reviewer_reads_all_at_first_and_then_what_has_changed() -> None:
    assert to_be_read(None, CASSETTE) == (
        "Never reviewed.\n"
        "\n"
        "step 1, sync\n"
        "  GET https://shop.example/orders/7 -> 200\n"
        "\n"
        "step 2, sync\n"
        '  PATCH https://shop.example/orders/7 {"name":"Ada"} -> 200\n'
    )
    assert to_be_read(CASSETTE, Cassette((READ, replace(WRITE, request_body=b'{"name":"Eve"}')), MADE)) == (
        "1 changes in 1 calls, breaking\n"
        "\n"
        "PATCH https://shop.example/orders/{id} by the sync in step 2\n"
        '  breaking request body.name: "Ada" -> "Eve"\n'
    )


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen here")
    path = tmp_path_factory.mktemp("keys") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def allow(root: Path, key: Path, who: str = "ada@shop.example", namespace: str = NAMESPACE) -> Path:
    public = key.with_suffix(".pub").read_text()
    (root / ALLOWED).write_text(f'{who} namespaces="{namespace}" {public}')
    return root / ALLOWED


def signed(cassette: Cassette, key: Path) -> Cassette:
    return replace(cassette, signature=sign(cassette.sha256, key))


def test_a_signature_survives_the_file_and_names_the_signer(key: Path, tmp_path: Path) -> None:
    signed(CASSETTE, key).save(tmp_path / "a.yaml")
    back = Cassette.load(tmp_path / "a.yaml")

    assert back == CASSETTE
    assert signer(back.sha256, back.signature, allow(tmp_path, key)) == "ada@shop.example"


def test_stock_vcrpy_reads_a_signed_cassette(key: Path, tmp_path: Path) -> None:
    import vcr.cassette

    signed(CASSETTE, key).save(tmp_path / "a.yaml")
    assert len(vcr.cassette.Cassette.load(path=str(tmp_path / "a.yaml"))) == 2


FORGERIES: dict[str, Callable[[Cassette], Cassette]] = {
    "another value": lambda c: replace(c, interactions=(READ, replace(WRITE, request_body=b'{"name":"Eve"}'))),
    "another answer": lambda c: replace(c, interactions=(replace(READ, status=404), WRITE)),
    "another origin": lambda c: replace(c, metadata={**c.metadata, "recorded_against": "live shop.example"}),
    "another day": lambda c: replace(c, metadata={**c.metadata, "recorded_on": "2026-06-01"}),
    "another signature": lambda c: replace(c, signature=c.signature.replace("A", "B", 3)),
    "no armour": lambda c: replace(c, signature="signed by me"),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=list(FORGERIES))
def test_a_forgery_is_not_believed(forgery: Callable[[Cassette], Cassette], key: Path, tmp_path: Path) -> None:
    allow(tmp_path, key)
    genuine = signed(CASSETTE, key)

    assert doubt_of(genuine, tmp_path) == ""
    assert doubt_of(forgery(genuine), tmp_path) == f"nobody in {ALLOWED} has signed it as it is"


def test_a_key_of_nobody_or_for_something_else_counts_for_nothing(key: Path, tmp_path: Path) -> None:
    genuine = signed(CASSETTE, key)

    assert signer(genuine.sha256, genuine.signature, tmp_path / ALLOWED) is None
    assert signer(genuine.sha256, genuine.signature, allow(tmp_path, key, namespace="other")) is None


LIVE: dict[str, Any] = {"recorded_against": "live shop.example", "recorded_on": "2026-05-30"}
DATED = replace(READ, response_headers=(("date", "Sat, 30 May 2026 10:00:00 GMT"),))


def test_where_signers_are_listed_a_live_recording_has_to_be_signed(key: Path, tmp_path: Path) -> None:
    live = Cassette((DATED,), LIVE)
    assert doubt_of(live, tmp_path) == ""
    allow(tmp_path, key)
    assert doubt_of(live, tmp_path) == "it says live, and is not signed"
    assert doubt_of(signed(live, key), tmp_path) == ""
    assert doubt_of(CASSETTE, tmp_path) == ""


def test_an_unusable_key_says_so(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("no key")
    with pytest.raises(CannotSign, match="Name another key in COUNTERPART_RECORDER_KEY"):
        sign("x", tmp_path / "id")


def test_a_signed_recording_holds_nothing_that_looks_like_a_leak(key: Path, tmp_path: Path) -> None:
    from counterpart.replay.audit import audit

    signed(CASSETTE, key).save(tmp_path / "a.yaml")
    assert json.loads((tmp_path / "a.yaml").read_text())["metadata"]["sealed"].startswith("-----BEGIN SSH SIGNATURE")
    assert audit([tmp_path / "a.yaml"]) == []
