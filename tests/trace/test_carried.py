"""What the supplement says is to be proven, against what the flows of the sync carry."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from counterpart.cli.main import cli
from sync.flow import SHIPPED

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copies of the shipped features and flows, side by side."""
    shutil.copytree(ROOT / "features", tmp_path / "features")
    shutil.copytree(SHIPPED, tmp_path / "flows")
    return tmp_path


def _told(project: Path, *more: str) -> list[tuple[str, str, str]]:
    options = ("--checklist", str(project / "features" / "checklist.toml"), "--flows", str(project / "flows"))
    result = CliRunner().invoke(cli, ["checklist", "lint", *options, "--json", *more])
    found = json.loads(result.output)
    assert result.exit_code == (1 if found else 0)
    return [(each["code"], str(Path(each["path"]).relative_to(project)), each["said"]) for each in found]


def _edit(project: Path, file: str, before: str, after: str) -> None:
    path = project / file
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), "utf-8")


def test_the_shipped_supplement_and_flows_agree(project: Path) -> None:
    assert _told(project) == []


NOTES = '[[pair]]\nsource = "notes"\ntarget = "notes"\n'
ROW = (
    '[[row]]\nflow = "order-invoice"\nsource = "notes"\ntarget = "notes"\ntype = "text"\ntravels = "both"\n'
    'standing = "suggested"\nreason = "What is printed on the document for the customer."\n'
)
REJECTED = '"rejected"\nrejected = { by = "Kari", role = "QA", on = 2026-03-02, reason = "Not ours.", seal = "0" }\n'
SUPPLEMENT, ORDERS = "features/supplement.toml", "flows/order-invoice.toml"


@pytest.mark.parametrize(
    ("file", "before", "after", "code", "place", "said"),
    [
        (
            ORDERS,
            NOTES,
            "",
            "uncarried-row",
            SUPPLEMENT,
            "order-invoice/notes>notes is to be proven, and no flow carries it",
        ),
        (
            SUPPLEMENT,
            ROW,
            "",
            "unproven-pair",
            ORDERS,
            "order-invoice/notes>notes is carried, and nothing says that it is to be proven",
        ),
        (
            SUPPLEMENT,
            ROW,
            ROW.replace(
                '"suggested"\n',
                REJECTED,
            ),
            "unproven-pair",
            ORDERS,
            "order-invoice/notes>notes is carried, and the supplement rejects it",
        ),
        (
            ORDERS,
            NOTES,
            NOTES + 'direction = "to_target"\n',
            "carried-otherwise",
            SUPPLEMENT,
            "order-invoice/notes>notes is to travel both, and {flow} carries it to-target",
        ),
        (
            ORDERS,
            NOTES,
            NOTES + 'converter = "decimal"\n',
            "carried-otherwise",
            SUPPLEMENT,
            "order-invoice/notes>notes is a text, and {flow} converts it as decimal or integer",
        ),
        (
            ORDERS,
            'pair = "number"\n',
            'pair = "notes"\n',
            "carried-otherwise",
            SUPPLEMENT,
            "order-invoice/notes>notes is the match key in {flow} and not in the supplement",
        ),
    ],
)
def test_each_difference_is_found(
    file: str, before: str, after: str, code: str, place: str, said: str, project: Path
) -> None:
    _edit(project, file, before, after)
    flow = project / ORDERS
    lines = flow.read_text("utf-8").splitlines()
    line = next((number for number, text in enumerate(lines) if text == 'source = "notes"'), 0)
    found = [each for each in _told(project) if "notes>notes" in each[2] and each[0] != "unlisted-row"]
    assert found == [(code, place, said.format(flow=f"{flow}:{line}"))]


def test_the_cure_is_a_command_that_cures(project: Path) -> None:
    _edit(project, SUPPLEMENT, ROW, "")
    options = ["--checklist", str(project / "features" / "checklist.toml")]
    result = CliRunner().invoke(cli, ["checklist", "lint", *options, "--flows", str(project / "flows")])
    command = "supplement suggest 'order-invoice/notes>notes' --type text --reason WHY"
    assert f"→ suggest it: counterpart {command}, or take it out of the flow" in result.output
    assert CliRunner().invoke(cli, [*shlex.split(command), *options]).exit_code == 0
    assert _told(project) == []


def test_a_name_of_the_syncs_own_says_what_people_call_it(project: Path) -> None:
    _edit(project, ORDERS, 'shown = "discounts"\n', "")
    assert [said for _, _, said in _told(project)] == [
        "order-invoice/lines.discountPercent>items.discounts is to be proven, and no flow carries it",
        "order-invoice/lines.discountPercent>items.discount is carried, and nothing says that it is to be proven",
    ]


def test_what_does_not_concern_the_checklist_is_passed_over(project: Path) -> None:
    items = (project / "flows" / "product-item.toml").read_text("utf-8")
    (project / "flows" / "another.toml").write_text(items.replace('"product-item"', '"part-item"'), "utf-8")
    assert _told(project) == []
    (project / "flows" / "order-invoice.toml").unlink()
    assert {said.partition(" ")[2] for _, _, said in _told(project)} == {"is to be proven, and no flow carries it"}
    assert _told(project, "--sync", "external") == []
    # A flow that is blocked as a whole has no connector yet.
    checklist = project / "features" / "checklist.toml"
    head, *items = checklist.read_text("utf-8").split("[[item]]\n")
    blocked = [item + 'blocked = "No connector."\n' if '"order-invoice/' in item else item for item in items]
    checklist.write_text("[[item]]\n".join([head, *(item.replace("\n\n", "\n") for item in blocked)]), "utf-8")
    assert [each for each in _told(project) if each[0] == "uncarried-row"] == []
