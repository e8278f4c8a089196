"""Feature files as they are written: read, identified, linted, and their steps looked up."""

from counterpart.gherkin.findings import FeatureDefect, Finding, Lint
from counterpart.gherkin.lint import SEVERAL_TAG, Known, discover, lint
from counterpart.gherkin.lookup import Lookup, by_opening
from counterpart.gherkin.outlines import (
    COLUMN,
    ID_TAG,
    REQUIREMENT_TAG,
    ROW_COLUMN,
    Examples,
    Identity,
    Outline,
    Step,
    slug,
)
from counterpart.gherkin.reading import SUFFIX, Features, lend, read_features
from counterpart.gherkin.vocabulary import Definition, Index, definitions, opening

__all__ = [
    "COLUMN",
    "ID_TAG",
    "REQUIREMENT_TAG",
    "ROW_COLUMN",
    "SEVERAL_TAG",
    "SUFFIX",
    "Definition",
    "Examples",
    "FeatureDefect",
    "Features",
    "Finding",
    "Identity",
    "Index",
    "Known",
    "Lint",
    "Lookup",
    "Outline",
    "Step",
    "by_opening",
    "definitions",
    "discover",
    "lend",
    "lint",
    "opening",
    "read_features",
    "slug",
]
