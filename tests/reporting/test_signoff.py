"""The sign-off: page and JSON say the same, say it safely, and never outlive their run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from counterpart.checklist import Additional, Approval, Checklist, Supplement
from counterpart.checklist.additional import Unscripted
from counterpart.reporting import Evidence, RunFacts, ScenarioResult, StepResult, build, invalidate

Make = Callable[..., ScenarioResult]
Facts = Callable[..., RunFacts]
HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)> \"'&amp;{{ 7*7 }}"


class Page(HTMLParser):
    """Elements, ids, link targets and text of a page."""

    VOID = frozenset({"meta", "br", "wbr", "use", "path", "circle", "rect", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open_tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.open_tags.append(tag)
        self.attributes |= given.keys()
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


@pytest.fixture
def written(tmp_path: Path, checklist: Checklist, supplement: Supplement, facts: Facts) -> Callable[..., Path]:
    def write(*results: ScenarioResult, **changed: object) -> Path:
        build(tmp_path / "signoff", checklist, supplement, results, facts(**changed))
        return tmp_path / "signoff"

    return write


def _page(out: Path) -> Page:
    return Page((out / "index.html").read_text("utf-8"))


def _words(text: str) -> str:
    return " ".join(text.split())


def test_the_data_of_an_item(written: Callable[..., Path], scenario: Make) -> None:
    out = written(
        scenario("product-item/edit-source", "property", "price-raised", pairs=(("Invoiced", "unit_cost"),)),
        scenario("product-item/edit-source", "property", "name-changed", outcome="failed", message="name is A, not B"),
    )
    data = json.loads((out / "signoff.json").read_text("utf-8"))
    assert (data["schema"], data["state"]) == ("counterpart-signoff/2", "complete")
    assert data["verdict"]["counts"] == {"failed": 1, "open": 3, "not run": 11}
    item = next(item for flow in data["flows"] for item in flow["items"] if item["short"] == "product-item/edit-source")
    shown = {name: item[name] for name in ("id", "verdict", "reason", "passed", "total", "proof", "rests_on")}
    assert shown == {
        "id": "customerp-invoiced/product/items/edit-source",
        "verdict": "failed",
        "reason": "1 of 2 scenarios failed: property[name-changed].",
        "passed": 1,
        "total": 2,
        "proof": "emulator recording",
        "rests_on": [{"source": "unitPrice", "target": "unit_cost", "standing": "suggested"}],
    }
    assert [(each["id"], each["outcome"], each["message"]) for each in item["scenarios"]] == [
        ("property[price-raised]", "passed", ""),
        ("property[name-changed]", "failed", "name is A, not B"),
    ]


def test_page_and_data_say_the_same(written: Callable[..., Path], scenario: Make) -> None:
    out = written(
        scenario("product-item/edit-source", "property", "price-raised", pairs=(("Invoiced", "unit_cost"),)),
        scenario("order-invoice/create", outcome="failed", message="the number of counterparts is 2, expected 1"),
        scenario("order-invoice/conflict", "beyond"),
    )
    data = json.loads((out / "signoff.json").read_text("utf-8"))
    text = _words(_page(out).text)
    told = [data["verdict"]["sentence"], data["document"]["content_key"], data["run"]["revision"], *data["rests_on"]]
    for flow in data["flows"]:
        for item in flow["items"]:
            told += [item["short"], item["id"], item["wording"], item["reason"], item["fingerprint"]]
            told += [f"{step['keyword']} {step['text']}" for each in item["scenarios"] for step in each["steps"]]
            told += [value for each in item["scenarios"] for value in (each["title"], each["message"])]
            told += [value for each in item["scenarios"] for value in (each["evidence"]["sha256"],)]
            told += [each["evidence"]["cassette"] for each in item["scenarios"]]
        told += [value for row in flow["supplement_rows"] for value in (row["source"], row["target"], row["reason"])]
    told += [each["title"] for each in data["additional"]] + list(data["run"]["contracts"].values())
    assert [each for each in told if each not in text] == []
    assert text.count("A scenario called beyond") == 1


def test_every_item_stands_in_the_matrix_with_its_verdict_in_words(
    written: Callable[..., Path], scenario: Make
) -> None:
    text = (written(scenario("order-invoice/create")) / "index.html").read_text("utf-8")
    cells = re.findall(r'<a class="cell is-([\w-]+)" href="#([\w/-]+)">.*?</svg>([^<]+)</span>', text)
    assert len(cells) == 15
    assert {shown.lower().replace(" ", "-") == state for state, _, shown in cells} == {True}
    assert {item: shown for _, item, shown in cells}["order-invoice/create"] == "Passed on assumption"


def test_the_page_is_whole_and_every_link_leads_somewhere(written: Callable[..., Path], scenario: Make) -> None:
    page = _page(written(scenario("order-invoice/create"), scenario("product-item/create", outcome="failed")))
    assert (page.unbalanced, page.open) == ([], [])
    assert sorted(set(page.ids)) == sorted(page.ids)
    inside = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)
    assert [link for link in page.links if not link.startswith("#")] == ["signoff.json"]


def test_text_from_outside_is_shown_and_does_nothing(written: Callable[..., Path], scenario: Make) -> None:
    hostile = scenario(
        "order-invoice/create",
        node_id=HOSTILE,
        title=HOSTILE,
        feature=HOSTILE,
        scenario_id=HOSTILE,
        outcome="failed",
        message=HOSTILE,
        steps=(StepResult(1, HOSTILE, HOSTILE, "failed", 0.1, ((HOSTILE, HOSTILE), (HOSTILE, HOSTILE))),),
        evidence=Evidence(HOSTILE, HOSTILE, 1, HOSTILE),
    )
    page = _page(written(hostile, replace(hostile, items=("x/y",)), versions={HOSTILE: HOSTILE}, revision=HOSTILE))
    # The page's own script is admitted by its hash; tests/reporting/test_browser.py sees that nothing else runs.
    assert page.open_tags.count("script") == 1
    assert page.tags & {"img", "iframe", "object"} == set()
    assert {name for name in page.attributes if name.startswith("on")} == set()
    assert (page.unbalanced, page.open) == ([], [])
    assert page.text.count("alert(1)</script>") >= 12
    assert "{{ 7*7 }}" in page.text


def test_what_would_hide_in_a_text_is_shown(written: Callable[..., Path], scenario: Make) -> None:
    out = written(scenario("order-invoice/create", title="paid\u202eoN\x00\x1b[2J\ud800", message="ring\u200b\n\tnext"))
    text = _page(out).text
    assert "paid\\u202eoN\\u0000\\u001b[2J\\ud800" in text
    assert "ring\\u200b\n\tnext" in text
    assert json.loads((out / "signoff.json").read_text("utf-8"))["state"] == "complete"


def test_nothing_of_an_emulator_is_taken_for_the_service(written: Callable[..., Path], scenario: Make) -> None:
    text = _words(_page(written(scenario("order-invoice/create"))).text)
    assert "made against our own emulators of both systems. No answer shown here came from the real service." in text
    live = _words(_page(written(scenario("order-invoice/create", proof="live run"))).text)
    assert "emulators" not in live
    assert "met the real service during this run" in live


def test_properties_of_the_supplement_stand_apart_with_their_verdict_each_way(
    written: Callable[..., Path], scenario: Make
) -> None:
    text = _words(_page(written(scenario("product-item/create", pairs=(("Invoiced", "name"),)))).text)
    assert text.count("None: its property table has a header and no rows.") == 3
    assert "name name suggested Passed on assumption1 scenario Not run0 scenarios Required on both sides" in text
    assert "sku match key id suggested Deviation0 scenarios Deviation0 scenarios" in text
    assert "Deviation: An item's id never changes in Invoiced" in text


def test_a_partial_run_says_so_first(written: Callable[..., Path], scenario: Make) -> None:
    text = _words(_page(written(scenario("order-invoice/create"), partial=True, selected=1, total=190)).text)
    assert "A partial run. Of 15 items" in text
    assert "Partial run. 1 of 190 scenarios were run; this page is no sign-off of the rest." in text


def test_a_run_of_nothing_proves_nothing(written: Callable[..., Path]) -> None:
    out = written()
    data = json.loads((out / "signoff.json").read_text("utf-8"))
    assert data["verdict"]["sentence"] == "Nothing was proven: no scenario was run."
    assert data["rests_on"][0] == "Nothing was run, so nothing is shown."
    assert "0 of 0" not in _page(out).text


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("skipped", "Every scenario was skipped, so nothing is shown."),
        ("passed", "The scenarios were replayed from recordings made against our own emulators of both systems. "
         "No answer shown here came from the real service."),
    ],
)  # fmt: skip
def test_scenarios_of_no_item_show_something_unless_skipped(
    written: Callable[..., Path], scenario: Make, outcome: str, sentence: str
) -> None:
    data = json.loads((written(scenario("order-invoice/elsewhere", outcome=outcome)) / "signoff.json").read_text())
    assert data["rests_on"][0] == sentence


def test_an_earlier_report_is_void_when_a_run_begins(written: Callable[..., Path], scenario: Make) -> None:
    out = written(scenario("order-invoice/create"))
    invalidate(out)
    assert json.loads((out / "signoff.json").read_text("utf-8")) == {
        "schema": "counterpart-signoff/2",
        "state": "void",
        "verdict": {"sentence": "A run is under way or was cut short; nothing is proven.", "proven": False},
    }
    page = _page(out)
    assert "A run is under way or was cut short; nothing is proven." in page.text
    assert "order-invoice" not in page.text
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "signoff.json"]


def test_invalidating_needs_no_earlier_report(tmp_path: Path) -> None:
    invalidate(tmp_path / "reports" / "signoff")
    assert (tmp_path / "reports" / "signoff" / "index.html").is_file()


def test_equal_runs_give_equal_files(written: Callable[..., Path], scenario: Make) -> None:
    first, second = (
        [path.read_bytes() for path in sorted(written(scenario("order-invoice/create")).iterdir())] for _ in "12"
    )
    assert first == second


def test_who_approved_a_row_and_whose_approval_lapsed(
    tmp_path: Path, checklist: Checklist, supplement: Supplement, facts: Facts
) -> None:
    agreed = Approval("Kari Nordmann", date(2026, 3, 1), "Controller", "As agreed.", "0" * 16)
    first, second, *others = supplement.rows
    rows = (replace(first, standing="approved", approved=agreed), replace(second, lapsed=agreed), *others)
    build(tmp_path, checklist, Supplement(rows), [], facts())
    content = json.loads((tmp_path / "signoff.json").read_text("utf-8"))
    told = {"by": "Kari Nordmann", "role": "Controller", "on": "2026-03-01", "reason": "As agreed."}
    assert [(row["approved"], row["lapsed"]) for row in content["flows"][0]["supplement_rows"][:3]] == [
        (told, None),
        (None, told),
        (None, None),
    ]
    page = Page((tmp_path / "index.html").read_text("utf-8")).text
    assert "approved by Kari Nordmann, Controller, 2026-03-01" in page
    assert "suggested; the approval by Kari Nordmann lapsed with an edit" in page


def test_what_no_scenario_shows_is_a_deviation(
    tmp_path: Path, checklist: Checklist, supplement: Supplement, facts: Callable[..., RunFacts]
) -> None:
    left = Additional(unscripted={74: Unscripted("A webhook counts only with a signature.", "None is sent.")})
    made = build(tmp_path, checklist, supplement, [], facts(), additional=left)
    told = "No scenario shows this: A webhook counts only with a signature. None is sent."
    assert told in made.content["completion"]["deviations"]
