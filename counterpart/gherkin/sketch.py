"""A new scenario to go on from: its text, and stubs for the sentences that no definition reads yet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from counterpart.gherkin.outlines import ID_TAG, slug
from counterpart.gherkin.vocabulary import Definition, Index

HEAD = '''"""Step definitions of this project, besides those of the vocabulary."""

from pytest_bdd import given, then, when
'''


@dataclass(frozen=True)
class Sketch:
    """What to append where: the scenario to its feature, the stubs to the step definitions."""

    id: str
    scenario: str
    stubs: tuple[str, ...]


def sketch(title: str, steps: Sequence[tuple[str, str]], known: Sequence[Definition], tags: Sequence[str]) -> Sketch:
    """A scenario of these steps, each a keyword in small letters and its sentence, with a stub for each unknown one."""
    name = slug(title)
    index = Index((each.opening, each) for each in known)
    lines = [f"  {' '.join([*(f'@{tag}' for tag in tags), f'@{ID_TAG}{name}'])}", f"  Scenario: {title}"]
    stubs: list[str] = []
    before = ""
    for keyword, sentence in steps:
        lines.append(f"    {'And' if keyword == before else keyword.capitalize()} {sentence}")
        before = keyword
        fitting = [each for each in index.candidates(sentence) if each.accepts(sentence)]
        if not any(each.keyword in (keyword, None) for each in fitting):
            stubs.append(_stub(keyword, sentence))
    return Sketch(name, "\n".join(lines) + "\n", tuple(dict.fromkeys(stubs)))


def _stub(keyword: str, sentence: str) -> str:
    """A definition that fails until it is written, and says so; a comparison of nothing would fail as well."""
    words = re.sub(r"[^a-z0-9]+", "_", sentence.lower()).strip("_")[:40] or keyword
    name = words if words[0].isalpha() else f"{keyword}_{words}"
    wanted = "compare with story.scene.equal(shown, expected, what)" if keyword == "then" else "do it through story"
    return (
        f"\n\n@{keyword}({sentence!r})\n"
        f"def {name}(story):\n"
        f"    raise AssertionError({f'yet to be written: {wanted}'!r})\n"
    )
