"""The sign-off: one content, written as a page and a PDF for people and as JSON for machines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterpart.checklist import UNTROUBLED, Additional, Checklist, Circumstances, Decisions, Judgement, Supplement
from counterpart.reporting.annex import Annex
from counterpart.reporting.content import SCHEMA
from counterpart.reporting.content import content as content_of
from counterpart.reporting.events import RunFacts, ScenarioResult
from counterpart.reporting.findings import Findings
from counterpart.reporting.page import page
from counterpart.reporting.signing import DATA, PAGE, PDF, SIGNATURES, SUMS, sums

EVIDENCE = "evidence"
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
    *,
    circumstances: Circumstances = UNTROUBLED,
    annex: Annex | None = None,
    evidence: Mapping[str, Path] | None = None,
) -> SignOff:
    """Judge the run and write `index.html` and `signoff.json` into `out`, each replaced as a whole.

    With `evidence`, files by their path in the project, the report is finished as well.
    """
    findings = Findings.of(checklist, supplement, results, facts, decisions, additional, circumstances, annex)
    content = {**content_of(findings), "built": annex is not None}
    _clear(out)
    if evidence is None:
        _write(out, content)
    else:
        finish(out, content, evidence)
    return SignOff(findings.judgement, facts, content)


def finish(out: Path, content: Mapping[str, Any], evidence: Mapping[str, Path]) -> None:
    """Write a report that can be signed: page, data, the PDF, the evidence by its path, and all hashes."""
    from counterpart.reporting.pdf import pdf

    # The typesetting takes as long as all the rest, and lets other threads run.
    with ThreadPoolExecutor(1) as typesetter:
        typeset = typesetter.submit(pdf, content)
        _write(out, content)
        for name, source in sorted(evidence.items()):
            path = out / EVIDENCE / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
        (out / PDF).write_bytes(typeset.result())
    (out / SUMS).write_text(sums(out), "utf-8")


def invalidate(out: Path) -> None:
    """Replace the reports of an earlier run, so that nobody takes them for those of the run that begins."""
    _clear(out)
    _write(out, {"schema": SCHEMA, "state": "void", "verdict": {"sentence": VOID_SENTENCE, "proven": False}})


def _clear(out: Path) -> None:
    """Take away what belongs to an earlier report; signed ones were archived when they were signed."""
    for name in (PDF, SUMS):
        (out / name).unlink(missing_ok=True)
    for folder in (EVIDENCE, SIGNATURES):
        shutil.rmtree(out / folder, ignore_errors=True)


def _write(out: Path, content: Mapping[str, Any]) -> None:
    """Write page and data; the data last, so that a reader who finds them new finds the page new as well."""
    out.mkdir(parents=True, exist_ok=True)
    for name, text in ((PAGE, page(content)), (DATA, json.dumps(content) + "\n")):
        temporary = out / f"{name}.new"
        temporary.write_text(text, "utf-8")
        temporary.replace(out / name)
