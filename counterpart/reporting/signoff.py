"""The sign-off: one content, written as a page for people and as JSON for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from counterpart.checklist import (
    TELLING_ORDER,
    Additional,
    Approval,
    Checklist,
    Decisions,
    DirectionVerdict,
    Flow,
    ItemVerdict,
    Judgement,
    Point,
    RowVerdict,
    Supplement,
    Verdict,
    judge,
)
from counterpart.reporting.events import RunFacts, ScenarioResult

SCHEMA = "counterpart-signoff/1"
PAGE, DATA = "index.html", "signoff.json"
VOID_SENTENCE = "A run is under way or was cut short; nothing is proven."


@dataclass(frozen=True)
class SignOff:
    """What was written: the verdicts, the facts of the run, and the content of page and JSON."""

    judgement: Judgement
    facts: RunFacts
    content: Mapping[str, Any]


def build(
    out: Path,
    checklist: Checklist,
    supplement: Supplement,
    results: Sequence[ScenarioResult],
    facts: RunFacts,
    decisions: Decisions | None = None,
    additional: Additional | None = None,
) -> SignOff:
    """Judge the run and write `index.html` and `signoff.json` into `out`, each replaced as a whole."""
    judgement = judge(
        checklist, supplement, results, facts, decisions, additional=additional.items if additional else ()
    )
    content = _content(checklist, judgement, results, facts, decisions)
    _write(out, content)
    return SignOff(judgement, facts, content)


def invalidate(out: Path) -> None:
    """Replace the reports of an earlier run, so that nobody takes them for those of the run that begins."""
    _write(out, {"schema": SCHEMA, "state": "void", "verdict": {"sentence": VOID_SENTENCE, "proven": False}})


def _content(
    checklist: Checklist,
    judgement: Judgement,
    results: Sequence[ScenarioResult],
    facts: RunFacts,
    decisions: Decisions | None,
) -> dict[str, Any]:
    known = {each.item.short for each in judgement.items}
    by_id = {result.node_id: result for result in results}
    document = checklist.document
    return {
        "schema": SCHEMA,
        "state": "complete",
        "product": {"name": f"{document.source} to {document.target}", "pair": document.pair},
        "verdict": {
            "sentence": judgement.sentence,
            "proven": judgement.proven,
            "counts": {str(verdict): judgement.count(verdict) for verdict in Verdict if judgement.count(verdict)},
        },
        "rests_on": _rests_on(judgement, facts, decisions),
        "document": {
            "title": f"{document.source} to {document.target} Dataflow",
            "generated": document.generated.isoformat(),
            "content_key": document.content_key,
        },
        "kinds": _kinds(judgement, checklist),
        "flows": [_flow(flow, judgement, by_id) for flow in checklist.flows],
        "left": [
            {"item": each.item.short, "verdict": str(each.verdict), "reason": each.reason}
            for each in sorted(judgement.items, key=lambda each: TELLING_ORDER.index(each.verdict))
            if each.verdict not in (Verdict.PASSED, Verdict.PASSED_ON_ASSUMPTION, Verdict.WAIVED)
        ],
        "decisions": [_decision(point, decisions) for point in decisions.points] if decisions else [],
        "additional": [_scenario(each) for each in results if not known.intersection(each.items)],
        "run": asdict(facts),
    }


def _decision(point: Point, decisions: Decisions) -> dict[str, Any]:
    """A point that the document leaves open: what is asked, what depends on it, what is done and who agreed."""
    made = decisions.made.get(point.id)
    return {
        "point": point.id,
        "question": point.question,
        "items": list(point.items),
        "blocking": point.blocking,
        "standing": made.standing if made else "undecided",
        "choice": made.choice if made else None,
        "reason": made.reason if made else None,
        "approved": _approval(made.approved if made else None),
        "lapsed": _approval(made.lapsed if made else None),
    }


def _rests_on(judgement: Judgement, facts: RunFacts, decisions: Decisions | None) -> list[str]:
    """On what the verdicts rest, in plain sentences; nobody may take an emulator for the service."""
    proofs = [each.proof for each in judgement.items if each.proof]
    if not proofs:
        return ["Nothing was run, so nothing is shown."]
    sentences = []
    if any(proof.startswith("emulator") for proof in proofs):
        what = "replayed from recordings made against" if "emulator recording" in proofs else "run against"
        sentences.append(
            f"The scenarios were {what} our own emulators of both systems. "
            "No answer shown here came from the real service."
        )
    sentences += facts.caveats
    if "live recording" in proofs:
        sentences.append("Scenarios marked live recording were replayed from answers of the real service.")
    if "live run" in proofs:
        sentences.append("Scenarios marked live run met the real service during this run.")
    suggested = [each.row for each in judgement.rows if each.row.standing == "suggested"]
    if suggested:
        how_many = "All" if len(suggested) == len(judgement.rows) else f"{len(suggested)} of"
        sentences.append(
            f"{how_many} {len(judgement.rows)} property pairs are suggested and approved by nobody; "
            "what rests on them passes on assumption."
        )
    if decisions and (undecided := decisions.undecided):
        sentences.append(
            f"{len(undecided)} of {len(decisions.points)} points that the document leaves open are undecided; what "
            "depends on them stays open. `counterpart checklist points` lists them."
        )
    if facts.dirty:
        sentences.append("The working tree had changes that are not part of the revision named here.")
    return sentences


def _kinds(judgement: Judgement, checklist: Checklist) -> list[dict[str, str]]:
    """The columns of the matrix: every kind that an item has, in the checklist's order."""
    document = checklist.document
    headings = {
        "create": "Create",
        "link-stable": "Link stays",
        "edit-source": f"Edit in {document.source}",
        "edit-target": f"Edit in {document.target}",
        "properties-unspecified": "Properties",
    }
    kinds = dict.fromkeys(each.item.kind for each in judgement.items)
    return [{"id": kind, "heading": headings.get(kind, kind.replace("-", " ").capitalize())} for kind in kinds]


def _flow(flow: Flow, judgement: Judgement, by_id: Mapping[str, ScenarioResult]) -> dict[str, Any]:
    return {
        "id": flow.id,
        "source": asdict(flow.source),
        "target": asdict(flow.target),
        "items": [_item(each, by_id) for each in judgement.items if each.item.flow == flow.id],
        "supplement_rows": [_row(each) for each in judgement.rows if each.row.flow == flow.id],
    }


def _item(each: ItemVerdict, by_id: Mapping[str, ScenarioResult]) -> dict[str, Any]:
    item = each.item
    return {
        "short": item.short,
        "id": item.id,
        "kind": item.kind,
        "wording": item.wording,
        "fingerprint": item.fingerprint,
        "verdict": str(each.verdict),
        "reason": each.reason,
        "passed": each.passed,
        "total": each.total,
        "proof": each.proof,
        "rests_on": [{"source": row.source, "target": row.target, "standing": row.standing} for row in each.rests_on],
        "scenarios": [_scenario(by_id[node_id]) for node_id in each.scenarios],
    }


def _scenario(result: ScenarioResult) -> dict[str, Any]:
    kept = ("title", "feature", "node_id", "outcome", "message", "proof", "duration")
    shown = asdict(result)
    return {
        "id": result.id,
        **{name: shown[name] for name in kept},
        "steps": shown["steps"],
        "evidence": shown["evidence"],
    }


def _row(each: RowVerdict) -> dict[str, Any]:
    row = each.row
    return {
        "source": row.source,
        "target": row.target,
        "type": row.type,
        "travels": row.travels,
        "match_key": row.match_key,
        "standing": row.standing,
        "approved": _approval(row.approved),
        "lapsed": _approval(row.lapsed),
        "reason": row.reason,
        "to_target": _direction(each.to_target),
        "to_source": _direction(each.to_source),
    }


def _approval(given: Approval | None) -> dict[str, str] | None:
    if given is None:
        return None
    return {"by": given.by, "role": given.role, "on": given.on.isoformat(), "reason": given.reason}


def _direction(each: DirectionVerdict) -> dict[str, Any]:
    return {"verdict": str(each.verdict), "reason": each.reason, "scenarios": len(each.scenarios)}


def _write(out: Path, content: Mapping[str, Any]) -> None:
    """Write page and data; the data last, so that a reader who finds them new finds the page new as well."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in ((PAGE, _page(content)), (DATA, json.dumps(content, indent=1) + "\n")):
        temporary = out / f"{name}.new"
        # Lone surrogates, which JSON admits, have no UTF-8.
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))
        temporary.replace(out / name)


def _page(content: Mapping[str, Any]) -> str:
    # Imported here: test processes that only send events need not wait for it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["breakable"] = _breakable
    template = "signoff.html" if content["state"] == "complete" else "void.html"
    return environment.get_template(template).render(content)


# Controls that a page would swallow, and marks by which a text could turn its neighbours around.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def _visible(value: Any) -> Any:
    """Show what hides in a text from outside as an escape."""
    # Text that the template itself has marked as markup is a subclass of str and passes.
    if type(value) is not str:
        return value
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", value)


def _breakable(path: str) -> Iterable[str]:
    """The parts of a dotted path or file path, each to be followed by a place where a line may break."""
    return re.findall(r"[^._/-]+[._/-]?|[._/-]", path)
