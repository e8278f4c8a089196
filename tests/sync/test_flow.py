"""Flow files: what they say, and every mistake told with file, line and cure."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from sync import customerp, invoiced
from sync.converters import PLAIN
from sync.errors import FlowError
from sync.flow import _PAIR_KEYS, SHIPPED, load_flow, load_flows
from sync.schema import Direction, Policy

FLOW = """\
id = "customer-company"

[source]
object = "customers"
type = "Customer"

[target]
object = "customers"
type = "Customer"

[match]
pair = "number"

[[pair]]
source = "number"
target = "number"

[[pair]]
source = "name"
target = "name"
"""


def test_the_shipped_flows_come_in_dependency_order() -> None:
    assert [flow.id for flow in load_flows()] == ["customer-company", "product-item", "order-invoice"]


def test_the_least_a_flow_says(tmp_path: Path) -> None:
    file = tmp_path / "flow.toml"
    file.write_text(FLOW)
    flow = load_flow(file)
    assert [(pair.source, pair.direction, pair.owner, pair.conflict) for pair in flow.pairs] == [
        ("number", "both", "erp", "erp"),
        ("name", "both", "erp", "erp"),
    ]
    assert flow.match.name == "number"


@pytest.mark.parametrize(
    ("old", "new", "line", "text"),
    [
        ("[match]", "[match", 11, "not TOML"),
        ('id = "customer-company"', 'ids = "x"', 1, "'ids' is unknown in the file"),
        ('type = "Customer"\n\n[target]', 'kind = "x"\n\n[target]', 5, "'kind' is unknown in [source]"),
        ('pair = "number"', 'pair = "nummer"', 11, "'nummer' is the source path of no pair. Choose from number, name"),
        ('target = "name"', 'target = "number"', 18, "repeats a path"),
        (
            'target = "name"',
            'target = "name"\nconflict = "newest"',
            18,
            "Choose from erp, invoiced, latest, union, manual",
        ),
        ('target = "name"', 'target = "name"\nconverter = "upper"', 18, "unknown converter 'upper'"),
        ('target = "name"', 'target = "name"\ndirection = "up"', 18, "direction = 'up' is not possible"),
        ('target = "name"', 'target = "name"\nfixed = "yes"', 18, "fixed must be true or false"),
        ('target = "name"', 'target = "name"\ncompanions = ["due"]', 18, "companion 'due' is no target path"),
        ('target = "name"', 'target = "name"\ntarge = "x"', 21, "'targe' is unknown in [[pair]]"),
        (
            'target = "name"',
            'target = "name"\nconverter = { name = "reference", flow = "other" }',
            18,
            "not in 'after'",
        ),
        ('target = "name"', 'target = "name"\nconverter = { name = "choice" }', 18, "needs values"),
        ('[match]\npair = "number"', "", None, "no [match] section. Add [match]"),
        ('object = "customers"', "object = 7", 3, "object is missing in [source] or not a text. Write object"),
        (
            'object = "customers"',
            'object = "customer"',
            4,
            "object = 'customer' is not possible. Choose from customers, products, orders",
        ),
        ('customers"\ntype = "Customer"\n\n[match]', 'contacts"\ntype = "Contact"\n\n[match]', 8, "'contacts' is not"),
        ("[match]", 'after = "orders"\n[match]', 11, "unknown in [target]"),
        ("[source]", 'after = "orders"\n[source]', None, 'after must be a list of texts. Write after = ["..."]'),
        (
            'type = "Customer"\n\n[match]',
            'type = "Customer"\nfilter = { paid = true }\n\n[match]',
            7,
            "filter must be a table of texts. Write filter",
        ),
        (
            'pair = "number"',
            'pair = "number"\ncase = "any"',
            11,
            "case = 'any' is not possible. Choose from exact, ignore",
        ),
        (
            "[match]",
            '[create]\ndirection = "target"\n[match]',
            11,
            "direction = 'target' is not possible. Choose from source, both",
        ),
        ("[match]", "[create]\nwhen = { paid = [true] }\n[match]", 11, "'paid' is the source path of no pair"),
        ("[match]", '[create]\nunless = { name = "x" }\n[match]', 11, "unless must be a table of lists"),
        ("[match]", "[create]\nwhen = { name = [[1]] }\n[match]", 11, "name = [1] is no value of that property"),
        (
            "[match]",
            "[create]\nthen = 1\n[match]",
            12,
            "'then' is unknown in [create]. Choose from direction, unless, when",
        ),
        ("[match]", '[delete]\non_delete = "erase"\n[match]', 11, "on_delete = 'erase' is not possible"),
        ("[match]", '[delete]\non_delete = "deactivate"\n[match]', 11, "Write deactivated = { active = false }"),
        (
            "[match]",
            "[delete]\ndeactivated = { active = false }\n[match]",
            11,
            "'active' is the source path of no pair",
        ),
        ("[match]", '[conflict_late]\npair = "name"\nvalues = "x"\n[match]', 11, "values must be a list of texts"),
        ("[match]", '[defaults]\nowner = "me"\n[match]', 11, "owner = 'me' is not possible. Choose from erp, invoiced"),
        ("[match]", '[lines]\nsource = "a"\ntarget = "b"\nidentity = "c"\n[match]', 11, "no [[lines.pair]] section"),
        ("[match]", "[[match]]\nname = 1\n[[match]]", 12, "'name' is unknown in [[match]]"),
        ('[match]\npair = "number"', '[[match]]\npair = "number"\n[[match]]\npair = "number"', 13, "a match key twice"),
        ('[match]\npair = "number"', '[[match]]\npair = "number"\n[[match]]\npair = "x"', 13, "source path of no pair"),
        (
            '[match]\npair = "number"\n\n[[pair]]',
            '[[match]]\npair = "number"\n[[match]]\npair = "name"\ncase = "ignore"\n\n[[pair]]',
            15,
            "'case' is unknown in [[match]]",
        ),
        (
            '[match]\npair = "number"\n\n[[pair]]\nsource = "number"\ntarget = "number"\n\n[[pair]]',
            '[[match]]\npair = "number"\n[[match]]\npair = "name"\n\n[[pair]]\nsource = "number"\n'
            'target = "number"\n\n[[pair]]\nconverter = "terms"',
            13,
            "'name' does not read the same on both sides",
        ),
        ('target = "name"', 'target = "name"\nconflict = "union"', 18, "only sets of words can"),
        ('target = "name"', 'target = "name"\nconverter = 7', 18, "converter 7 is neither a name nor a table"),
        (
            'target = "name"',
            'target = "name"\nconverter = { name = "choice", values = { a = "x", b = "x" } }',
            18,
            "maps two words to one",
        ),
        ('target = "number"', 'target = "number"\ndirection = "to_source"', 11, "Match by a pair with direction"),
        (
            'target = "name"',
            'target = "name"\ngroup = "g"\n[[pair]]\nsource = "x"\ntarget = "y"\ngroup = "g"\nowner = "invoiced"',
            22,
            "group 'g' has two opinions",
        ),
        ('[[pair]]\nsource = "name"\ntarget = "name"\n', '[[pair]]\nsource = "name"\n', 18, "target is missing"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, line: int | None, text: str) -> None:
    file = tmp_path / "flow.toml"
    assert old in FLOW
    file.write_text(FLOW.replace(old, new, 1))
    with pytest.raises(FlowError) as error:
        load_flow(file)
    assert error.value.line == line
    assert str(error.value).startswith(f"{file}, line {line}: " if line else f"{file}: ")
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("system", "known"), [("customerp", customerp.COLLECTIONS), ("invoiced", invoiced.COLLECTIONS)]
)
def test_a_flow_may_name_what_the_contract_lists_and_changes(system: str, known: tuple[str, ...]) -> None:
    text = (Path(__file__).parents[2] / f"contracts/{system}.openapi.yaml").read_text(encoding="utf-8")
    paths = yaml.safe_load(text)["paths"]
    kept = {
        path.strip("/")
        for path, calls in paths.items()
        if {"get", "post"} <= calls.keys() and "patch" in paths.get(f"{path}/{{id}}", {})
    }
    assert set(known) == kept - {"webhooks"}  # settings of the account, no records


def test_mistakes_between_flows(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="no flow file"):
        load_flows(tmp_path)
    (tmp_path / "a.toml").write_text('after = ["order"]\n' + FLOW)
    with pytest.raises(FlowError, match="after names 'order', and there is no such flow"):
        load_flows(tmp_path)
    (tmp_path / "b.toml").write_text('after = ["customer-company"]\n' + FLOW.replace("customer-company", "order"))
    with pytest.raises(FlowError, match="flows wait for each other"):
        load_flows(tmp_path)
    (tmp_path / "b.toml").write_text(FLOW)
    with pytest.raises(FlowError, match="a second flow is called 'customer-company'"):
        load_flows(tmp_path)


def test_the_shipped_flows_are_data_of_the_package() -> None:
    assert sorted(file.name for file in SHIPPED.glob("*.toml")) == [
        "customer-company.toml",
        "order-invoice.toml",
        "product-item.toml",
    ]


def test_the_manual_names_every_key_and_every_word(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/flows.md").read_text(encoding="utf-8")
    words = {
        *_PAIR_KEYS,
        *PLAIN,
        *get_args(Policy),
        *get_args(Direction),
        "when",
        "unless",
        "identity",
    }
    assert sorted(word for word in words if f"`{word}`" not in page and f"{word} =" not in page) == []
    example = page.split("```toml\n")[1].split("```")[0]
    pairs = [("sku", "id"), ("name", "name"), ("category", "metadata.kind"), ("discontinued", "archived")]
    rest = "".join(f'[[pair]]\nsource = "{source}"\ntarget = "{target}"\n' for source, target in pairs)
    file = tmp_path / "flow.toml"
    file.write_text(example + rest.replace('target = "archived"', 'target = "archived"\nconverter = "boolean"'))
    assert load_flow(file).when == {"category": ("discount",)}
