"""Who compared the checklist with the document, and when: it stands in where the document must not be.

The document is confidential and absent from CI. What is kept of it are fingerprints; they age, because a document
that is not looked at again may have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Self

from counterpart.checklist.approvals import text
from counterpart.checklist.checklist import Checklist
from counterpart.checklist.compare import compare
from counterpart.checklist.errors import AttestationError
from counterpart.checklist.model import Document
from counterpart.checklist.tomlfile import load_toml, replace_file

AGE_LIMIT = timedelta(days=90)
FILE_NAME = "attestation.toml"
_CURE = "compare again with `counterpart checklist compare DOCUMENT --attest --by NAME --role ROLE`"
_TEXTS = ("by", "role", "content_key", "checklist")
_TIMES = ("on", "generated")
_HEAD = """\
# Who compared the checklist with the confidential document, and which text of it; written by
# `counterpart checklist compare DOCUMENT --attest`, and good for 90 days or until the checklist changes.
"""


@dataclass(frozen=True)
class Attestation:
    """A comparison that found nothing to prove anew.

    `content_key` and `generated` are those of the document, `checklist` is the key of the items it was compared with.
    """

    by: str
    role: str
    on: date
    content_key: str
    generated: datetime
    checklist: str

    @classmethod
    def of(cls, checklist: Checklist, document: Document, by: str, role: str, on: date) -> Self | None:
        """The attestation of a comparison; None when the document says something else than the checklist."""
        if any(each.concerns_items for each in compare(checklist, document)):
            return None
        return cls(by, role, on, document.content_key, document.generated, items_key(checklist))

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The attestation of a file, None when there is no file; raises AttestationError."""
        if not path.exists():
            return None
        data = load_toml(path, AttestationError)
        wrong = [f"{name!r} must be a text; {_CURE}" for name in _TEXTS if not _is_text(data.get(name))]
        if type(data.get("on")) is not date:
            wrong.append(f"'on' must be a day; {_CURE}")
        generated = data.get("generated")
        if not isinstance(generated, datetime) or generated.tzinfo is None:
            wrong.append(f"'generated' must be a time with its zone; {_CURE}")
        wrong += [f"{key!r} is no part of an attestation; {_CURE}" for key in sorted(data.keys() - {*_TEXTS, *_TIMES})]
        if wrong:
            raise AttestationError(path, wrong)
        return cls(**data)

    def save(self, path: Path) -> None:
        """Write the attestation, replacing the file as a whole."""
        lines = [f"{name} = {text(getattr(self, name))}" for name in _TEXTS]
        times = [f"on = {self.on.isoformat()}", f"generated = {self.generated.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"]
        replace_file(path, "\n".join([_HEAD, *lines, *times]) + "\n")

    def lapsed(self, checklist: Checklist, today: date) -> str | None:
        """Why it does not hold any more, as a sentence; None while it does."""
        if self.checklist != items_key(checklist):
            return f"The checklist has changed since {self.by} compared it with the document on {self.on}."
        if self.on > today:
            return f"The comparison by {self.by} is dated {self.on}, in the future."
        if today - self.on > AGE_LIMIT:
            days = (today - self.on).days
            return f"The comparison by {self.by} is {days} days old; it holds for {AGE_LIMIT.days}."
        return None


def items_key(checklist: Checklist) -> str:
    """SHA-256 of all items with the fingerprints of their statements, whatever their order."""
    lines = sorted(f"{item.id} {item.fingerprint}" for item in checklist.items)
    return sha256("\n".join(lines).encode()).hexdigest()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
