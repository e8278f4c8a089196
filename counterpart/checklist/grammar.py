"""The sentences of a dataflow document and the orders in which they come; whatever is not here is refused.

The grammar is closed: the service that wrote these documents has been discontinued, and its 17,740 distinct texts
hold no other sentence.
"""

from __future__ import annotations

import re
from hashlib import sha256

from counterpart.checklist.model import Clause, StatementKind
from counterpart.checklist.names import ObjectName, letters

EVERY = "Every {source} will be synchronized with a {target}."
PRECONDITION = (
    "Before any synchronization can take place, a link between a {source} and a {target} must be established."
)
CONDITIONAL = ", it  will be synchronized with a {target}."
MATCH = "If a matching {target} already exists, the {source} will be merged with the existing one."
CREATE = "If no matching {target} is found, a new {target} will be created."
RELATED = "A new {target} will be created from a {source} if it is connected to a "
RELATED_END = re.compile(r"(?P<list>.*) that is synchronized into (?P<into>.*)\.")
MERGE = "A {source} will merge with a {target} if one of the following property combinations match:"
LINK = (
    "Once a link between a {source} and a {target} is established, it will keep in sync between the two systems, "
    "regardless of where it is edited."
)
PROPERTIES = "The following properties are synchronized between a {source} and a {target}:"

# What may stand between the opening and the link; all seven orders of the family and no other.
MIDDLES: dict[StatementKind, tuple[tuple[StatementKind, ...], ...]] = {
    "every": ((), ("match_or_create", "merge")),
    "conditional": ((), ("match_or_create", "merge")),
    "precondition": (("merge",), ("create_related",), ("create_related", "merge")),
}

# What a record must have become for a conditional flow to take it; the awkward English is that of the documents.
_WHEN = re.compile(
    r"When a (?P<subject>\S.*?) (?P<what>"
    r"has a 100% probability of beeing sold|gets the has a 100% probability\.?"
    r'|gets the status "Sold"|gets Accepted = "true"'
    r"|is of type (?:Agent|End User))"
)
_MEANINGS = {
    "has a 100% probability of beeing sold": "is certain to be sold",
    "gets the has a 100% probability": "is certain to be sold",
    "gets the has a 100% probability.": "is certain to be sold",
    'gets the status "Sold"': "has the status Sold",
    'gets Accepted = "true"': "is accepted",
    "is of type Agent": "is of type Agent",
    "is of type End User": "is of type End User",
}
# Remarks of an editor that slipped into the place of a condition. They are part of confidential documents, so they
# are known by the SHA-256 of their lower-case text and told in our words.
_NOTES = {
    "ba3903ae452cc831dc79dac67183da1fddac9abcbae9980a30138d3e82c1c01f": "persons are left out for now",
    "3bd6429aac038d25a0261762f2d510818cd5263822c3d281ad35cf007c12eb3f": "products of suppliers are left out for now",
    "478e11daa17d1a0f7fb222a9b469d9f699aa0b6a602c5a7a9ce2a0d175c03aa2": "the record might become a customer instead",
}


def clause(text: str, source: ObjectName) -> Clause | None:
    """The clause before ", it  will be synchronized"; None when it is none of the ten of the family.

    It should speak of the flow's source, and sometimes speaks of another record.
    """
    if found := _WHEN.fullmatch(text):
        own = {system + letters(name) for system in source.system.folds for name in (source.object, source.singular)}
        return Clause("condition", _MEANINGS[found["what"]], found["subject"], letters(found["subject"]) in own)
    if meaning := _NOTES.get(sha256(text.lower().encode()).hexdigest()):
        return Clause("note", meaning)
    return None


def related_names(text: str) -> tuple[str, ...]:
    """The entries of a list written `A, B, or C`; the first still has its system before it."""
    first, _, last = text.rpartition(", or ")
    return (*first.split(", "), last) if first else tuple(text.split(", "))
