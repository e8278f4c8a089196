"""Faults seeded into the sync, one at a time; each has to fail at least one scenario in replay.

A fault is a line of `sync/` written differently. The scenarios run in a process of their own, over a copy of the sync,
against the recordings that the sound sync has made.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent.parent
ENOUGH = 3  # scenarios that notice a fault, before the run stops looking for more
SHARED = ("features", "cassettes", "contracts", "pyproject.toml")


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and the edits of the sync's source that bring it about: file, before, after.

    `kind` is that of the items beyond the document that have to notice it, `scenario` the id of the one that has to;
    without them any scenario may.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]
    kind: str = "*"
    scenario: str = ""


def fault(name: str, file: str, before: str, after: str, kind: str = "*", scenario: str = "") -> Fault:
    return Fault(name, ((file, before, after),), kind, scenario)


FAULTS = (
    fault(
        "a property is not sent",
        "flows/customer-company.toml",
        '[[pair]]\nsource = "phone"\ntarget = "phone"\nconflict = "latest"\n',
        "",
    ),
    fault(
        "the direction is swapped",
        "merge.py",
        'given = e if source == "customerp" else i',
        'given = i if source == "customerp" else e',
    ),
    fault(
        "the link is not stored",
        "settlement.py",
        "inv=new, inv_id=record.id, inv_key=key",
        "inv=new, inv_id=link.inv_id, inv_key=key",
    ),
    fault(
        "a record is created twice",
        "execution.py",
        "written = await connector.write(operation, intent.key)",
        "written = await connector.write(operation, intent.key)\n"
        "            if operation.id is None:\n"
        "                written = await connector.write(operation, self.run.ids())",
    ),
    fault(
        "an echo is written",
        "settlement.py",
        "        shadow[name] = met if returned == desired else _pair(intent.system, sent, returned)\n",
        "        shadow[name] = met if returned == desired else _pair(intent.system, sent, desired)\n",
    ),
    fault(
        "lines are dropped",
        "invoiced_records.py",
        'extra["items"] = [_line(line, known.get(line.id) if line.id else None) for line in lines]',
        'extra["items"] = [_line(line, known.get(line.id) if line.id else None) for line in lines if line.values]',
    ),
    fault(
        "the wrong customer is referenced",
        "converters.py",
        "target = resolve.target_of(self.flow, str(value))",
        'target = resolve.target_of(self.flow, str(value)[:-1] + "1")',
    ),
    fault(
        "a price change is ignored",
        "invoiced_records.py",
        'if price and not archived and "archived" not in assign:',
        "if False:",
    ),
    fault(
        "amounts are rounded to cents",
        "converters.py",
        "return None if value is None else Decimal(str(value))",
        "return None if value is None else round(Decimal(str(value)), 2)",
    ),
    fault(
        "days are counted in another time zone",
        "values.py",
        "return int(datetime.fromisoformat(iso_day).replace(tzinfo=UTC).timestamp())",
        "return int(datetime.fromisoformat(iso_day).replace(tzinfo=UTC).timestamp()) + 7200",
    ),
    fault(
        "Invoiced's pages are not all read",
        "invoiced.py",
        "if len(rows) < _PAGE or",
        "if len(rows) <= _PAGE or",
    ),
    fault("Customerp's pages are not all read", "customerp.py", 'if body.get("nextCursor"):', "if False:"),
    fault(
        "capital letters in an address count as an edit",
        "converters.py",
        "return address.lower() if address else None",
        "return address if address else None",
    ),
    fault(
        "clearing a value does not travel",
        "merge.py",
        'if given is None and pair.on_clear == "keep":',
        "if given is None:",
    ),
    fault(
        "writes carry no idempotency key",
        "invoiced.py",
        'headers = {"Idempotency-Key": key} if call.method in ("POST", "PATCH") else {}',
        "headers: dict[str, str] = {}",
    ),
    fault("writes overwrite what they have not seen", "customerp.py", 'headers["If-Match"] = call.if_match', "pass"),
    fault(
        "an item is created again without archiving the old one",
        "invoiced_records.py",
        'return _item_anew(wanted, "replace", (Call("DELETE", path),))',
        'return _item_anew(wanted, "replace", ())',
    ),
    fault("a new price costs the item its account", "invoiced_records.py", '    "gl_account",\n', ""),
    fault(
        "lines lose their ids",
        "invoiced_records.py",
        'body = {"id": kept["id"], **{key: kept[key] for key in _LINE_KEPT if key in kept}}',
        "body = {key: kept[key] for key in _LINE_KEPT if key in kept}",
    ),
    fault(
        "a new date moves the due date",
        "invoiced_records.py",
        "extra: Raw = {path: value for path, value in wanted.companions.items() if path not in assign}",
        "extra: Raw = {}",
    ),
    fault(
        "a cancelled order deletes its invoice",
        "invoiced_records.py",
        'call = Call("POST", f"/invoices/{wanted.id}/void")',
        'call = Call("DELETE", f"/invoices/{wanted.id}")',
    ),
    fault(
        "drafts are issued",
        "invoiced_records.py",
        'body["draft"] = body.pop("state", "draft") == "draft"',
        'body["draft"] = body.pop("state", "draft") == "never"',
    ),
    fault(
        "the later edit loses",
        "merge.py",
        'return "invoiced" if int(inv_stamp) - int(erp_stamp) > SKEW_SECONDS else "customerp"',
        'return "customerp" if int(inv_stamp) - int(erp_stamp) > SKEW_SECONDS else "invoiced"',
    ),
    fault(
        "a percentage is sent as an amount",
        "invoiced_records.py",
        '[{"coupon": coupon_id(percent)}]',
        '[{"amount": percent}]',
    ),
    fault(
        "a coupon is created without looking for it",
        "invoiced.py",
        "                    if await self._exists(call.unless):\n                        continue\n",
        "",
    ),
    Fault(
        "days to pay are wrong in both directions",
        (
            (
                "converters.py",
                'return None if value is None else f"NET {value}"',
                'return None if value is None else f"NET {int(str(value)) + 1}"',
            ),
            ("converters.py", "return int(found[1])", "return int(found[1]) - 1"),
        ),
    ),
    Fault(
        "city and region are swapped in both directions",
        (
            ("flows/customer-company.toml", 'source = "address.city"', 'source = "address.aside"'),
            ("flows/customer-company.toml", 'source = "address.region"', 'source = "address.city"'),
            ("flows/customer-company.toml", 'source = "address.aside"', 'source = "address.region"'),
        ),
    ),
    fault(
        "the counterpart does not name its origin",
        "invoiced_records.py",
        'body["metadata"] = {**body.get("metadata", {}), REFERENCE: wanted.reference}',
        'body["metadata"] = {**body.get("metadata", {})}',
    ),
    fault(
        "the wrong credentials are used",
        "invoiced.py",
        'b64encode(f"{endpoint.credential}:".encode())',
        'b64encode(f"{endpoint.credential[::-1]}:".encode())',
    ),
    fault(
        "taxes may appear on their own",
        "invoiced_records.py",
        'body["calculate_taxes"] = False',
        'body["calculate_taxes"] = True',
    ),
    fault(
        "an edit sends the whole record",
        "invoiced_records.py",
        "    return _patch(wanted, wanted.assign)\n",
        "    return _patch(wanted, wanted.whole)\n",
    ),
    fault(
        "an archived item is not read back",
        "invoiced_records.py",
        'calls = (Call("DELETE", path), Call("GET", path, None, _ARCHIVED))',
        'calls = (Call("GET", path, None, _ARCHIVED), Call("DELETE", path))',
    ),
    fault(
        "a conflict is decided for the other side",
        "merge.py",
        'return "invoiced" if policy == "invoiced" else "customerp"',
        'return "customerp" if policy == "invoiced" else "invoiced"',
        kind="conflicts",
    ),
    fault(
        "a conflict waits for nobody",
        "merge.py",
        "        return None\n    if policy ==",
        "        return 'customerp'\n    if policy ==",
        kind="conflicts",
    ),
    fault(
        "an edit that overtook a write is overwritten",
        "customerp.py",
        """        answer = await self._wire.send(call.method, call.path, body=call.body, headers=headers)
        return Written""",
        """        try:
            answer = await self._wire.send(call.method, call.path, body=call.body, headers=headers)
        except Stale:
            del headers["If-Match"]
            answer = await self._wire.send(call.method, call.path, body=call.body, headers=headers)
        return Written""",
        kind="conflicts",
    ),
    fault(
        "deletes travel though nobody has decided that",
        "deletes.py",
        'if link.deleted is None and (survivor is not None or flow.on_delete == "deactivate"):',
        "if link.deleted is None:",
        kind="deletes",
    ),
    fault(
        "what was deleted in Invoiced is created again",
        "deletes.py",
        '    if system == "invoiced":\n        store.save(tombstone)\n        return notice\n',
        '    if system == "invoiced":\n        store.remove(link)\n'
        "        store.save(Link(flow.id, erp_id=link.erp_id, erp_key=link.erp_key, erp=link.erp))\n"
        "        return notice\n",
        kind="deletes",
    ),
    fault(
        "a customer that was merged is taken for deleted",
        "walk.py",
        "survivor = await self.became(connector, flow, id_)",
        "survivor = None",
        kind="deletes",
        scenario="merged",
    ),
    fault(
        "an empty list is taken for deletes",
        "walk.py",
        "if deletes.doubtful(len(missing), number):",
        "if number < 0:",
        kind="deletes",
    ),
    fault(
        "a write whose answer was lost is sent again unseen",
        "http.py",
        'raise OutcomeUnknown(self.system, call, status, "unavailable")',
        'raise Unavailable(self.system, call, status, "unavailable")',
        kind="failures",
    ),
    fault(
        "a system that is busy for a moment counts as down",
        "http.py",
        "                if attempt == ATTEMPTS - 1:\n                    raise\n                pause",
        "                raise\n                pause",
        kind="failures",
    ),
    fault(
        "a preview writes to Invoiced",
        "engine.py",
        '"invoiced": Predicting(self.invoiced, self.clock),',
        '"invoiced": self.invoiced,',
        kind="failures",
    ),
    fault(
        "refused credentials are put down to the record, and the next one is tried",
        "http.py",
        "if status in (401, 402, 403):",
        'if status in (402, 403) or (status == 401 and method == "GET"):',
        kind="access",
    ),
    fault(
        "refused credentials count as busy and are tried again",
        "http.py",
        "        if status in (401, 402, 403):",
        "        if status == 401:\n"
        '            raise Unavailable(self.system, call, status, "busy", None)\n'
        "        if status in (402, 403):",
        kind="access",
    ),
    fault(
        "a stop is not told",
        "engine.py",
        "self.clock.monotonic() - began))\n            raise\n",
        "self.clock.monotonic() - began))\n"
        "            return RunReport((), (), (), 0, self.customerp.missing, self._scan)\n",
        kind="access",
    ),
    fault(
        "a full look reads only what has changed",
        "walk.py",
        '{"customerp", "invoiced"} if complete else set()',
        "set()",
        kind="deletes",
    ),
    Fault(
        "a counterpart that exists is not linked but created again",
        (
            ("matching.py", "        return Match(named[0])", "        return Match()"),
            ("matching.py", "    return Match(candidate)", "    return Match()"),
        ),
        kind="failures",
    ),
    fault(
        "two records of one number both get a counterpart",
        "matching.py",
        "    if rivals:",
        "    if len(rivals) > 1:",
        kind="failures",
    ),
    Fault(
        "saving counts as an edit and is passed on",
        (
            (
                "walk.py",
                "return (link if shown.digest is not None and shown.digest == current.digest else after), False\n",
                "return replace(after, shadow={}, dirty=True), False\n",
            ),
            (
                "merge.py",
                "        return Merged(advance=agreed)\n",
                "        return Merged(to_target={p.name: inv[p.name] for p in unit if p.name not in shadow})\n",
            ),
        ),
        kind="conflicts",
        scenario="saved-again",
    ),
    fault(
        "a change sets back what is not synchronised",
        "invoiced_records.py",
        "    return _patch(wanted, wanted.assign)\n",
        '    return _patch(wanted, {**wanted.assign, "gl_account": None})\n',
        kind="conflicts",
        scenario="only-what-is-synchronised",
    ),
    Fault(
        "what is deleted before it was seen is asked for",
        (
            (
                "walk.py",
                "            if (entry.deleted and entry.id in shown) or (not entry.deleted and (older or missing)):\n",
                "            if older or missing:\n",
            ),
            ("walk.py", "        if entry.deleted:\n", "        if entry.deleted and link is not None:\n"),
        ),
        kind="deletes",
        scenario="before-its-time",
    ),
    fault(
        "a change that is refused for now is given up",
        "reconcile.py",
        "                lost += 1\n",
        "                self.run.needs_attention(self.run.store.link(link_id), str(unknown))\n"
        "                return\n",
        kind="failures",
        scenario="change-refused",
    ),
    fault(
        "one refused record stops all others",
        "execution.py",
        "            blamed = next((pair.name",
        "            raise\n            blamed = next((pair.name",
        kind="create",
        scenario="refused",
    ),
    fault(
        "an answer without an id counts as a link",
        "invoiced_records.py",
        'if not isinstance(raw, dict) or raw.get("id") in (None, "") or',
        "if not isinstance(raw, dict) or",
        kind="failures",
        scenario="creation-without-id",
    ),
    fault(
        "only the number links two records",
        "matching.py",
        "    for key in flow.further:\n        value = link.erp.values[key.name]\n",
        "    for key in flow.further[:0]:\n        value = link.erp.values[key.name]\n",
        kind="link-stable",
        scenario="further-key",
    ),
    fault(
        "records without a number match each other",
        "schema.py",
        "        if value is None:\n            return None\n        return str(value) if self.match_case",
        "        return str(value) if self.match_case",
        kind="failures",
        scenario="no-key",
    ),
    fault(
        "a line that a person has taken out comes back",
        "lines.py",
        'return (*result, *(child for child in children if (child.erp if side == "invoiced" else child.inv) in there))',
        "return tuple(result)",
        scenario="line-removed-beside-an-edit",
    ),
    fault(
        "a write that is half done counts as undone",
        "invoiced.py",
        "            if not begun:\n                raise\n",
        "            raise\n",
        kind="failures",
        scenario="price-half-written",
    ),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project as it is, with a copy of the sync that a fault may be seeded into."""
    for name in SHARED:
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "sync", tmp_path / "sync", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def replay(project: Path, kind: str = "*", scenario: str = "") -> dict[str, bool]:
    """Every scenario of that kind of items, or that one, over the project's own copy of the sync: whether it passed."""
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    # A sync that cannot even be loaded would fail everything and show nothing.
    loaded = subprocess.run(
        [sys.executable, "-c", "from sync.engine import load_flows; import sync; print(sync.__file__); load_flows()"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.stdout.strip() == str(project / "sync" / "__init__.py"), loaded.stderr
    command = [str(Path(sys.executable).parent / "pytest"), "-q", "-p", "no:allure_pytest"]
    command += [str(path.relative_to(project)) for path in sorted(project.glob(f"features/*/{kind}.feature"))]
    command += ["-p", "no:counterpart-diagnosis", f"--maxfail={ENOUGH}", *(["-k", scenario] if scenario else [])]
    subprocess.run(command, cwd=project, env=environment, capture_output=True, timeout=300, check=False)
    outcomes = {}
    for case in ElementTree.parse(project / "reports" / "junit.xml").iter("testcase"):
        item = case.get("classname", "").removeprefix("features.").removesuffix(".feature").replace(".", "/")
        # What was not reached any more stands there as skipped.
        if case.find("skipped") is None:
            outcomes[f"{item}/{case.get('name')}"] = len(case) == 0
    return outcomes


def test_the_sound_sync_passes(project: Path) -> None:
    outcomes = replay(project)
    assert [name for name, passed in outcomes.items() if not passed] == []
    assert len(outcomes) > 100


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)
def test_a_fault_is_noticed(project: Path, fault: Fault, record_property: Callable[[str, object], None]) -> None:
    for file, before, after in fault.edits:
        path = project / "sync" / file
        source = path.read_text("utf-8")
        assert source.count(before) == 1, f"{file} has changed: it holds {before!r} {source.count(before)} times"
        path.write_text(source.replace(before, after), "utf-8")
    outcomes = replay(project, fault.kind, fault.scenario)
    noticed = [name for name, passed in outcomes.items() if not passed]
    more = ", ..." if len(noticed) == ENOUGH else ""
    record_property(f"fault: {fault.name}", ", ".join(noticed) + more)
    assert noticed != []
