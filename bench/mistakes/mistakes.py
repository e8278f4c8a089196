"""The forty mistakes: in features, steps, flows, supplement, cassettes, contracts and configuration."""

from __future__ import annotations

import re
from collections.abc import Callable

from seeding import ROOT, Mistake, Project

CREATE = "features/product-item/create.feature"
EDIT = "features/product-item/edit-source.feature"
CASSETTE = "cassettes/product-item/create/alone.yaml"
FLOW = "sync/flows/product-item.toml"
SUPPLEMENT = "features/supplement.toml"
CONFTEST = "features/conftest.py"
CONTRACT = "contracts/invoiced.openapi.yaml"
ONE = f'pytest -q "{CREATE}::alone"'
PLAN = "counterpart sync plan"
AT = r"(?P<file>[\w/.-]+):(?P<line>\d+): "

Make = Callable[[Project], None]
Found = re.Match[str]


def edit(name: str, old: str, new: str) -> Make:
    """Change a text of a file, once."""

    def make(project: Project) -> None:
        text = project.text(name)
        assert old in text, f"{name} has no {old!r}"
        project.write(name, text.replace(old, new, 1))

    return make


def add(name: str, text: str) -> Make:
    """Write a file, or go on with it."""
    return lambda project: project.write(name, (project.text(name) if (project.root / name).exists() else "") + text)


def both(*makes: Make) -> Make:
    def make(project: Project) -> None:
        for each in makes:
            each(project)

    return make


def at(old: str, new: str) -> Callable[[Project, Found], None]:
    """Replace words in the place that was named; what stands in braces is what was named, too."""
    return lambda project, found: project.put(
        found["file"], found["line"], old.format(**found.groupdict()), new.format(**found.groupdict())
    )


def below_flow(old: str, new: str) -> Callable[[Project, Found], None]:
    """Replace words in the table of the flow that begins in the line that was named; a table is where flows say it is."""

    def follow(project: Project, found: Found) -> None:
        lines = project.text(FLOW).split("\n")
        wanted = old.format(**found.groupdict())
        line = next(n for n in range(int(found["line"]), len(lines) + 1) if wanted in lines[n - 1])
        project.put(FLOW, line, wanted, new.format(**found.groupdict()))

    return follow


def in_row(old: str, new: str) -> Callable[[Project, Found], None]:
    """Replace words in the row of the supplement that was named by its number."""

    def follow(project: Project, found: Found) -> None:
        head, *rows = project.text(SUPPLEMENT).split("[[row]]")
        place = int(found["row"]) - 1
        wanted = old.format(**found.groupdict())
        assert wanted in rows[place], f"row {found['row']} has no {wanted!r}"
        rows[place] = rows[place].replace(wanted, new.format(**found.groupdict()), 1)
        project.write(SUPPLEMENT, "[[row]]".join([head, *rows]))

    return follow


def commanded(project: Project, found: Found) -> None:
    """Run the command that was named."""
    code, output = project.run(found["command"])
    assert code == 0, output[-300:]


PRODUCT = edit(CREATE, "And there is 1 Item in Invoiced", "And there is 1 product")

MISTAKES = (
    Mistake("feature: item's tag mistyped", edit(CREATE, "@product-item/create", "@product-item/creat"), ONE,
            (f"{CREATE}:1", "one letter off"), AT + r"(?P<old>@\S+) is one letter off \S+; write (?P<new>@[\w/-]+)",
            at("{old}", "{new}")),
    Mistake("feature: item unknown", edit(CREATE, "@product-item/create", "@product-item/creation"), ONE,
            (f"{CREATE}:1", "is no item of the checklist"),
            AT + r"(?P<old>@\S+) is no item of the checklist; write one that is, such as (?P<new>@[\w/-]+)",
            at("{old}", "{new}")),
    Mistake("feature: scenario without an id", edit(CREATE, "@id:alone ", ""), ONE,
            (f"{CREATE}:5", "product-item/create", "needs exactly one tag @id:"), AT + r".*write (?P<tag>@id:)<name> above it",
            lambda project, found: project.insert(CREATE, found["line"], f"  {found['tag']}alone")),
    Mistake("feature: two scenarios with one title",
            edit(CREATE, "A product with every property filled", "A product with nothing but what is required"), ONE,
            (f"{CREATE}:13", "product-item/create/with-everything", "stands twice"),
            r"(?P<file>[\w/.-]+):(?P<line>13): .*the title '(?P<old>[^']+)' stands twice.*give it another one",
            at("{old}", "{old}, and all filled")),
    Mistake("feature: two rows with one name", edit(EDIT, "| name in other signs", "| name changed       "), ONE,
            (f"{EDIT}:8", "product-item/edit-source/property", "names more than one row"),
            AT + r".*\[(?P<row>[\w-]+)\] names more than one row; give each its own 'case' cell",
            lambda project, found: project.put(EDIT, 19, found["row"].replace("-", " "), "name in signs")),
    Mistake("feature: a column mistyped in a step", edit(EDIT, "When <property> is set", "When <propery> is set"), ONE,
            (f"{EDIT}:8", "product-item/edit-source/property", "no column is called 'propery'"),
            AT + r".*no column is called '(?P<old>\w+)'; name one of .*?(?P<new>property)",
            lambda project, found: project.put(EDIT, 10, f"<{found['old']}>", f"<{found['new']}>")),
    Mistake("feature: rows without names", edit(EDIT, "| case                     |", "| kind                     |"), ONE,
            (EDIT, "product-item/edit-source/property", "no column 'case'"), r"no column '(?P<new>case)' that names each row",
            lambda project, found: project.put(EDIT, 17, "kind", found["new"])),
    Mistake("feature: Scenario mistyped", edit(CREATE, "  Scenario: A product with nothing", "  Senario: A product with nothing"), ONE,
            (f"{CREATE}:5", "Senario"), AT + r".*write '(?P<new>[^']+)' for '(?P<old>[^']+)'", at("{old}", "{new}")),
    Mistake("feature: a sentence that is not there", edit(CREATE, "When the sync comes to rest", "When the sync came to rest"), ONE,
            (f"{CREATE}:7", "product-item/create/alone", "no step reads 'the sync came to rest'"),
            AT + r".*no step reads '(?P<old>[^']+)'; write '(?P<new>[^']+)'", at("{old}", "{new}")),
    Mistake("feature: a step under another keyword", edit(CREATE, "When the sync comes to rest", "Given the sync comes to rest"), ONE,
            (f"{CREATE}:7", "product-item/create/alone", "is known under When only"), AT + r".*begin the step with (?P<new>\w+)",
            at("Given", "{new}")),
    Mistake("feature: a file beside the folder", add("lost.feature", "@product-item/create\nFeature: L\n  @id:lost\n  Scenario: L\n"
            "    Given a Customerp Product\n    Then it has no counterpart in Invoiced\n"), ONE,
            ("lost.feature:1", "lies outside the run"), r"(?P<file>\w+\.feature):1: .*move it below (?P<to>features)/",
            lambda project, found: (project.root / found["file"]).rename(project.root / found["to"] / found["file"])),
    Mistake("feature: no Then", both(*(edit(CREATE, old, "") for old in (
            "    Then it has exactly one counterpart in Invoiced\n", "    And there is 1 Item in Invoiced\n",
            "    And one more round writes nothing\n"))), ONE,
            (f"{CREATE}:5", "product-item/create/alone", "compares nothing"), AT + r".*end it with a (?P<then>Then) that compares",
            lambda project, found: [project.insert(CREATE, 8, line) for line in (
                "    And one more round writes nothing", "    And there is 1 Item in Invoiced",
                f"    {found['then']} it has exactly one counterpart in Invoiced")]),
    Mistake("feature: a property nobody has", edit(EDIT, "When sku is set", "When skew is set"), f'pytest -q "{EDIT}::sku"',
            (f"{EDIT}:46", "product-item/edit-source/sku", "skew"), AT + r".*'(?P<old>skew)'.*\b(?P<new>sku)\b", at("{old}", "{new}")),
    Mistake("feature: a requirement that is not listed", edit(CREATE, "@req:21", "@req:210"), ONE,
            (f"{CREATE}:4", "@req:210", "additional.toml"), AT + r".*?(?P<old>@req:\d+) is no requirement.*(?P<cure>write a number that stands there)",
            at("{old}", "@req:21")),
    Mistake("steps: Python cannot read them", add(CONFTEST, "from pytest_bdd import then\n\n\ndef x(:\n"), ONE,
            (f"{CONFTEST}", "line 4", "invalid syntax"), r"(?P<file>features/conftest.py)\D+(?P<line>4)",
            lambda project, found: project.drop(found["file"], found["line"])),
    Mistake("steps: a sentence defined twice",
            add(CONFTEST, "from pytest_bdd import when\n\n\n@when('the sync comes to rest')\ndef rest(): ...\n"), ONE,
            ("features/customer-company/access.feature:11", "customer-company/access/refused", "fits 2 definitions"), r"(?P<file>features/conftest.py):(?P<line>\d+)",
            at("comes to rest", "stops at once")),
    Mistake("steps: a Then that compares nothing",
            both(PRODUCT, add(CONFTEST, "from pytest_bdd import then\n\n\n@then('there is 1 product')\ndef one(scene):\n    scene.compared\n")),
            ONE + " --against=emulators", (f"{CREATE}:9", "product-item/create", "compared nothing"), r"let it call (?P<call>scene\.equal)",
            lambda project, found: project.put(CONFTEST, 6, "scene.compared", f"{found['call']}(1, 1, 'the count')")),
    Mistake("steps: an async definition",
            both(PRODUCT, add(CONFTEST, "from pytest_bdd import then\n\n\n@then('there is 1 product')\nasync def one(scene):\n"
                 "    scene.equal(1, 1, 'the count')\n")),
            ONE + " --against=emulators", (f"{CREATE}:9", "product-item/create/alone", "is async"), r"define it without (?P<word>async)",
            lambda project, found: project.put(CONFTEST, 5, f"{found['word']} def", "def")),
    Mistake("flow: a key mistyped", edit(FLOW, 'direction = "create_only"', 'direktion = "create_only"'), PLAN,
            (FLOW, "line 30", "direktion"), r"line (?P<line>\d+).*(?P<old>direktion).*\b(?P<new>direction)\b", below_flow("{old}", "{new}")),
    Mistake("flow: a choice mistyped", edit(FLOW, 'on_delete = "keep"', 'on_delete = "kept"'), PLAN,
            (FLOW, "line 19", "kept"), r"line (?P<line>\d+).*(?P<old>kept).*\b(?P<new>keep)\b", below_flow("{old}", "{new}")),
    Mistake("flow: a bracket left open", edit(FLOW, "[match]", "[match"), PLAN, (FLOW, "line 12"),
            r"line (?P<line>12).*(?P<new>\])", below_flow("[match", "[match{new}")),
    Mistake("flow: a pair without a target", edit(FLOW, 'target = "description"\n', ""), PLAN, (FLOW, "line 36", "target"),
            r"line (?P<line>\d+).*(?P<new>target)",
            lambda project, found: project.insert(FLOW, int(found["line"]) + 1, f'{found["new"]} = "description"')),
    Mistake("flow: a match key that is no pair", edit(FLOW, 'pair = "sku"', 'pair = "skew"'), PLAN, (FLOW, "line 12", "skew"),
            r"line (?P<line>\d+).*(?P<old>skew).*\b(?P<new>sku)\b", below_flow("{old}", "{new}")),
    Mistake("flow: an object nobody has", edit(FLOW, 'object = "items"', 'object = "itens"'), PLAN, (FLOW, "line 8", "itens"),
            r"line (?P<line>\d+).*(?P<old>itens).*\b(?P<new>items)\b", below_flow("{old}", "{new}")),
    Mistake("supplement: a choice mistyped", edit(SUPPLEMENT, 'travels = "both"', 'travels = "boht"'), ONE,
            (SUPPLEMENT, "row 1", "customer-company", "'boht'"),
            r"row (?P<row>\d+).*travels cannot be '(?P<old>\w+)'; write one of (?P<new>\w+)", in_row("{old}", "{new}")),
    Mistake("supplement: a flow nobody has", edit(SUPPLEMENT, 'flow = "customer-company"', 'flow = "customer-firm"'), ONE,
            (SUPPLEMENT, "row 1", "'customer-firm'"), r"row (?P<row>\d+).*called '(?P<old>[\w-]+)'; write one of (?P<new>[\w-]+)",
            in_row("{old}", "{new}")),
    Mistake("supplement: no reason", edit(SUPPLEMENT,
            'reason = "Required on both sides; what an invoice is addressed to."\n', ""), ONE,
            (SUPPLEMENT, "row 2", "'reason'"), r"row (?P<row>\d+).*'reason' must be a text; write (?P<new>reason) =",
            in_row('standing = "suggested"', 'standing = "suggested"\n{new} = "It is needed."')),
    Mistake("supplement: a key mistyped", edit(SUPPLEMENT, "match_key = true", "matchkey = true"), ONE,
            (SUPPLEMENT, "row 1", "customer-company", "'matchkey'"), r"row (?P<row>\d+).*'(?P<old>matchkey)' is no key of a row; remove it",
            in_row("{old} = true\n", "")),
    Mistake("supplement: a bracket left open", edit(SUPPLEMENT, "[[row]]", "[[row"), ONE, (SUPPLEMENT, "line 11"),
            r"line (?P<line>\d+).*mend that line", lambda project, found: project.put(SUPPLEMENT, found["line"], "[[row", "[[row]]")),
    Mistake("cassette: missing", lambda project: (project.root / CASSETTE).unlink(), ONE,
            (CASSETTE, "there is no such recording"), r'(?P<command>pytest "[^"]+" --against=emulators --record)', commanded),
    Mistake("cassette: cut off", lambda project: project.write(CASSETTE, project.text(CASSETTE)[:5000]), ONE,
            (CASSETTE,), r'(?P<command>pytest "[^"]+" --against=emulators --record)', commanded),
    Mistake("cassette: edited", edit(CASSETTE, '"code": 201', '"code": 202'), ONE,
            (CASSETTE, "hash"), r'(?P<command>pytest "[^"]+" --against=emulators --record)', commanded),
    Mistake("cassette: of another scenario", lambda project: project.write(CASSETTE, project.text(CASSETTE.replace("alone", "free"))), ONE,
            (CASSETTE, "scenario"), r'(?P<command>pytest "[^"]+" --against=emulators --record)', commanded),
    Mistake("cassette: the scenario has changed since", edit(CREATE, "And there is 1 Item in Invoiced", "And there is 1 Product in Customerp"),
            ONE, ("product-item/create/alone", "GET"),
            r'(?P<command>pytest "[^"]+" --against=emulators --record)', commanded),
    Mistake("contract: a line moved in", edit(CONTRACT, "\ninfo:", "\n  info:"), ONE, (CONTRACT, "line"),
            r"line (?P<line>\d+)", lambda project, found: project.put(CONTRACT, found["line"], "  info:", "info:")),
    Mistake("contract: missing", lambda project: (project.root / CONTRACT).unlink(), ONE, (CONTRACT,),
            r"(?P<file>contracts/[\w.]+): the contract cannot be read.*git checkout -- ",
            lambda project, found: project.write(found["file"], (ROOT / found["file"]).read_text("utf-8"))),
    Mistake("settings: a key mistyped", add("counterpart.toml", "[sync]\nin_flihgt = 3\n"), PLAN, ("counterpart.toml", "line 2", "in_flihgt"),
            r"line (?P<line>\d+).*'(?P<old>\w+)'. Did you mean '(?P<new>\w+)'",
            lambda project, found: project.put("counterpart.toml", found["line"], found["old"], found["new"])),
    Mistake("settings: no endpoints", lambda project: project.environment.clear(), PLAN, ("environment", "not set"),
            r"environment: (?P<names>[\w, ]+) not set. Set them",
            lambda project, found: project.environment.update(dict.fromkeys(found["names"].split(", "), "http://127.0.0.1:9"))),
    Mistake("options: recording from a recording", lambda project: None, f'{ONE} --record',
            ("--record",), r"add (?P<option>--against=emulators)",
            lambda project, found: setattr(project, "options", f" {found['option']}")),
    Mistake("decisions: a choice without a reason", edit("features/decisions.toml", "reason = ", "raison = "), ONE,
            ("features/decisions.toml", "decision 1", "'reason'"), r"decision 1: '(?P<new>reason)' must be a text; write",
            lambda project, found: edit("features/decisions.toml", "raison", found["new"])(project)),
)  # fmt: skip
