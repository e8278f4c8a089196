"""Looks for what must not be written anywhere: credentials, and data of real people and accounts.

Deny by default: a header that nobody declared, a value under a telling name, and text that looks drawn by lot are
leaks until shown to be otherwise. A leak is reported by its place and kind, never by its value.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import html
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from counterpart.replay.matching import COMPARED, HARMLESS, KEPT_OF_ANSWERS
from counterpart.replay.secrets import MASKED, Secrets

_LARGEST = 64 * 1024 * 1024
_DEEPEST = 3
_MOST_UNPACKED = 1024 * 1024

_PLACEHOLDER = re.compile(r"(?:[A-Za-z]+ )?<[a-zA-Z0-9:-]+>")
_HARMLESS_WORDS = frozenset({"", "null", "none", "true", "false", "undefined", MASKED})
_PREFIX = "(?:[a-z0-9]+_)*"
_KEYS = "(?:api|access|private|secret|signing)_?key"
_TOKENS = "(?:access|auth|bearer|refresh|id|api|session)?_?token"
_SECRET = re.compile(
    f"{_PREFIX}(?:pass(?:word|wd|phrase)?|(?:client_?)?secret|{_TOKENS}|{_KEYS}|credentials?|authorization|cookie"
    "|session_?id|sess_?id|sid|signature|sig|hmac|otp|cvv|cvc)"
)
_PERSONAL = re.compile(
    f"{_PREFIX}(?:phone|mobile|fax|telephone|iban|bic|account_?number|routing_?number|sort_?code|card_?number"
    "|tax_?id|tax_?number|vat_?(?:id|number)|organisation_?number|ssn|national_?id)"
)
# In prose only what names a secret beyond doubt, before something with a digit in it.
_PROSE = r"(?P<name>password|passphrase|secret|token|(?:api|access|private|secret|signing)[ _-]?key)\W{1,4}"
_NAMED = [
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r'["\'](?P<name>[\w-]{2,64})\\?["\']\s*:\s*\\?["\']?(?P<value>(?:\\.|[^"\'\\,\n}])*)',  # JSON
        r"(?:^|[?&;\s])(?P<name>[\w-]{2,64})=(?P<value>[^&\s;,\"'<>]*)",  # query, form, cookie
        r"<(?:\w+:)?(?P<name>[\w-]{2,64})(?:\s[^<>]*)?>(?P<value>[^<]*)",  # XML element
        r"\bname=\"(?P<name>[\w-]{2,64})\"[^\r\n]*\r?\n(?:[^\r\n]{1,200}\r?\n){0,4}\r?\n(?P<value>[^\r\n]*)",  # part
        rf"{_PROSE}(?P<value>(?=\S*\d)[^\s\"'<>&,;()]{{8,}})",
    )
]
# A line such as `Mobile: 24/7 support` is prose; a header line that names a secret is not.
_HEADER = re.compile(r"^[ \t]*(?P<name>[\w-]{2,64})[ \t]*:[ \t]*(?P<value>[^\r\n]+)", re.MULTILINE)

_PATTERNS = [
    (
        "a credential",
        re.compile(r"\b(?:Bearer|Basic|Digest|Token) +(?!<)(?=\S*(?:[\d=]|[a-z][A-Z]))[A-Za-z0-9._~+/=-]{8,}"),
    ),
    ("a JSON Web Token", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password in an address", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"<>]+:(?!<)[^\s/@\"<>]+@")),
    ("an API key", re.compile(r"\b(?:[srp]k_(?:live|test)_|gh[pousr]_|glpat-|xox[abprs]-|AKIA|AIza)[A-Za-z0-9_-]{8,}")),
    ("a signature", re.compile(r"\b(?:v1|sha1|sha256|sha512)=[0-9a-fA-F]{32,}")),
]
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@(?P<host>[A-Za-z0-9.-]*[A-Za-z0-9])")
# Reserved for documentation and tests (RFC 2606, RFC 6761).
_RESERVED_HOST = re.compile(r"(?:.+\.)?(?:example|test|invalid|localhost|example\.(?:com|net|org))", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w+.:-])\+[1-9][0-9 ()./-]{6,18}[0-9](?![\w-])")
# Reserved for fiction: 555-01xx (NANPA), and Ofcom's ranges for drama.
_RESERVED_PHONE = re.compile(
    r"(?:1?[2-9]\d\d)?55501\d\d|(?:44|0)?(?:2079460|1632960|7700900|1914980|1134960|1214960)\d{3}"
)
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(r"(?<![\w.-])[3-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{1,7}(?![\w.-])")
_TAX = re.compile(
    r"\b(?:ATU|BE[01]|DE|DK|ESX|FI|FR|GB|IT|LU|NL|PL|SE)[0-9]{8,12}(?:B[0-9]{2})?\b|\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b"
)

_LOT = re.compile(r"[A-Za-z0-9+_-]{20,}={0,2}")
# How our own reports announce a hash.
_ANNOUNCED = re.compile(r"(?:class=\"hash\">|sha256[ :=]+)$")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9a-f]{2}){8,}|(?:[0-9A-F]{2}){8,}")
_BITS = 3.5
# Members that hold hashes and ids of our own making, or addresses that only lead to reserved hosts.
_OWN = re.compile(
    "sha256|sealed|contracts?|parts|hash|content_key|fingerprint|revision|commit|uuid|historyId|testCaseId|source",
    re.IGNORECASE,
)
_URL = re.compile(r"https?:\\?/\\?/(?P<host>[^\s/\\\"':]+)[^\s\"'<>]*")


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something that must not be there; `position` is a JSON pointer, or line and column."""

    path: str
    position: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.position}: {self.what}"


def audit(paths: Iterable[Path], secrets: Secrets | None = None, *, declared: str = "") -> list[Leak]:
    """All leaks in files and below folders, in the order of their names.

    `declared` is text whose values are known to be made up, such as that of the feature files. A file that cannot be
    read is a leak, since nobody knows what it holds.
    """
    auditor = _Auditor(secrets or Secrets({}), declared)
    files = sorted({file for path in paths for file in ([path] if not path.is_dir() else _files(path))})
    return [Leak(file.as_posix(), *found) for file in files for found in auditor.file(file)]


def credentials_in(document: Any, secrets: Secrets | None = None) -> list[tuple[str, str]]:
    """JSON pointer and kind of all leaks in plain data but those of people, whose made-up data nobody declares here."""
    return sorted(set(_Auditor(secrets or Secrets({}), None).document(document)))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


class _Auditor:
    def __init__(self, secrets: Secrets, declared: str | None) -> None:
        """Without `declared` the data of people are left alone."""
        self._secrets, self._declared = secrets, declared
        # Headers, addresses and lists stand in recordings over and over again.
        self._known: dict[tuple[str, bool], tuple[str, ...]] = {}

    def file(self, path: Path) -> Iterator[tuple[str, str]]:
        try:
            if path.stat().st_size > _LARGEST:
                yield "", f"it is larger than the {_LARGEST} bytes that are looked through"
                return
            data = path.read_bytes()
        except OSError as error:
            yield "", f"it cannot be read: {error.strerror}"
            return
        text = _unpacked(data)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            text = html.unescape(text) if text.lstrip().startswith("<") else text
            for offset, what in sorted(set(self.text(text))):
                line = text.count("\n", 0, offset) + 1
                yield f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}", what
        else:
            yield from sorted(set(self.document(document)))

    def document(self, document: Any) -> Iterator[tuple[str, str]]:
        unseen: list[tuple[str, str, Any]] = [("", "", document)]
        while unseen:
            pointer, name, value = unseen.pop()
            if isinstance(value, dict):
                if isinstance(value.get("headers"), dict):
                    yield from _headers(f"{pointer}/headers", name, value["headers"])
                for key, each in value.items():
                    unseen.append((f"{pointer}/{_step(key)}", str(key), each))
                    # Names are data, too: a map may be keyed by what is secret.
                    yield from ((pointer, what) for what in self._kinds(str(key)))
            elif isinstance(value, list):
                unseen += [(f"{pointer}/{number}", name, each) for number, each in enumerate(value)]
            elif isinstance(value, str | int | float) and not isinstance(value, bool):
                # A hash of ours may stand one level below the member that says so.
                own = _OWN.search(pointer.rpartition("/")[0].rpartition("/")[2] + "/" + name) is not None
                yield from ((pointer, what) for what in self._value(name, str(value)))
                yield from ((pointer, what) for what in self._kinds(str(value), own))

    def _kinds(self, text: str, own: bool = False) -> tuple[str, ...]:
        if (text, own) not in self._known:
            self._known[text, own] = tuple(dict.fromkeys(what for _, what in self.text(text, own=own)))
        return self._known[text, own]

    def text(self, text: str, depth: int = 0, *, own: bool = False) -> Iterator[tuple[int, str]]:
        """Offset and kind of each leak in a text; `own` where it is a hash or id that we made."""
        yield from ((0, f"the secret <{name}>") for name in self._secrets.found_in(text))
        for pattern in _NAMED:
            for match in pattern.finditer(text):
                yield from ((match.start("value"), what) for what in self._value(match["name"], match["value"]))
        for match in _HEADER.finditer(text):
            if _is(_SECRET, match["name"]):
                yield from ((match.start("value"), what) for what in self._value(match["name"], match["value"]))
        for what, pattern in _PATTERNS:
            yield from ((match.start(), what) for match in pattern.finditer(text))
        yield from self._people(text)
        if not own:
            yield from self._lots(text)
        if depth < _DEEPEST:
            for offset, inner in _decoded(text):
                yield from ((offset, f"{what}, encoded") for _, what in self.text(inner, depth + 1, own=own))

    def _value(self, name: str, value: str) -> Iterator[str]:
        """What a value under a telling name is."""
        if not _is(_SECRET, name) and not _is(_PERSONAL, name):
            return
        value = value.strip().strip("\"'\\")
        if value.lower() in _HARMLESS_WORDS or _PLACEHOLDER.fullmatch(value):
            return
        if _is(_SECRET, name) or not self._made_up(value):
            yield f"a value under the name {name.lower()}"

    def _made_up(self, value: str) -> bool:
        if self._declared is None or value in self._declared:
            return True
        return _RESERVED_PHONE.fullmatch(re.sub(r"\D", "", value)) is not None

    def _people(self, text: str) -> Iterator[tuple[int, str]]:
        if self._declared is None:
            return
        if "@" in text:
            for match in _EMAIL.finditer(text):
                if not _RESERVED_HOST.fullmatch(match["host"]) and match[0] not in self._declared:
                    yield match.start(), "an e-mail address outside the reserved domains"
        for what, pattern, holds in (
            ("a phone number outside the reserved ranges", _PHONE, lambda digits: len(digits) >= 8),
            ("a bank account", _IBAN, _is_iban),
            ("a card number", _CARD, _is_card),
            ("a tax number", _TAX, bool),
        ):
            for match in pattern.finditer(text):
                if holds(re.sub(r"[^A-Z0-9]", "", match[0])) and not self._made_up(match[0]):
                    yield match.start(), what

    def _lots(self, text: str) -> Iterator[tuple[int, str]]:
        """Text that looks drawn by lot, as keys are; ids of reserved hosts' addresses are made up."""
        spared = [match.span() for match in _URL.finditer(text) if _RESERVED_HOST.fullmatch(match["host"])]
        spared = [span for span in spared if "?" not in text[slice(*span)] and span == (0, len(text))]
        for match in _LOT.finditer(text):
            if (
                _drawn(match[0])
                and not any(start <= match.start() < end for start, end in spared)
                and not _ANNOUNCED.search(text, max(0, match.start() - 20), match.start())
            ):
                yield match.start(), "a text that looks like a key"


def _headers(pointer: str, owner: str, headers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a recorded request or answer says in headers that recordings do not keep."""
    kept = KEPT_OF_ANSWERS if owner == "response" else COMPARED | HARMLESS
    for name, values in headers.items():
        for value in values if isinstance(values, list) else [values]:
            if name.lower() == "authorization":
                if not _PLACEHOLDER.fullmatch(str(value)):
                    yield f"{pointer}/{_step(name)}", "a credential"
            elif name.lower() not in kept and value != MASKED:
                yield f"{pointer}/{_step(name)}", "a header that nobody declared"


def _decoded(text: str) -> Iterator[tuple[int, str]]:
    """What stands in a text percent-encoded, in Base64 or in hexadecimal, as far as it is text again."""
    if "%" in text and (plain := unquote_plus(text)) != text:
        yield 0, plain
    if "\\u" in text or '\\"' in text:
        yield 0, re.sub(r"\\u([0-9a-fA-F]{4})", lambda each: chr(int(each[1], 16)), text).replace('\\"', '"')
    for match in re.finditer(r"[A-Za-z0-9+/_-]{16,}={0,2}", text):
        packed = match[0].translate(str.maketrans("-_", "+/")).rstrip("=")
        if len(packed) % 4 != 1:
            yield from _readable(match.start(), packed + "=" * (-len(packed) % 4), base64.b64decode)
    for match in _HEX.finditer(text):
        yield from _readable(match.start(), match[0], bytes.fromhex)


def _readable(offset: int, packed: str, decode: Any) -> Iterator[tuple[int, str]]:
    try:
        data = decode(packed)
        plain = _unpacked(data) if data[:2] == b"\x1f\x8b" else data.decode()
    except (binascii.Error, ValueError):
        return
    if plain.isprintable() or "\n" in plain:
        yield offset, plain


def _unpacked(data: bytes) -> str:
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(_MOST_UNPACKED)
        except (OSError, EOFError):
            pass  # cut, so what is left is looked at as it is
    return data.decode("utf-8", "replace")


def _drawn(token: str) -> bool:
    if _UUID.fullmatch(token):
        return False
    if re.fullmatch(r"[0-9a-f]{32,}|[0-9A-F]{32,}", token):
        return True
    kinds = [any(map(test, token)) for test in (str.isupper, str.islower, str.isdigit)]
    # Paths and names in words change their kind rarely; keys do at every other place.
    changes = sum(_kind(one) != _kind(other) for one, other in pairwise(token))
    return all(kinds) and changes >= len(token) / 4 and _entropy(token) >= _BITS


def _kind(character: str) -> int:
    return 0 if character.isdigit() else 1 if character.isupper() else 2 if character.islower() else 3


def _entropy(text: str) -> float:
    """Bits a character, of the text's own frequencies (Shannon)."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def _is_iban(text: str) -> bool:
    """ISO 13616: the remainder by 97 is 1."""
    digits = "".join(str(int(each, 36)) for each in text[4:] + text[:4])
    return len(text) >= 15 and int(digits) % 97 == 1


def _is_card(digits: str) -> bool:
    """ISO/IEC 7812: the Luhn sum."""
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(each - 9 * (each > 9) for each in doubled) % 10 == 0


@lru_cache(maxsize=8192)
def _is(names: re.Pattern[str], name: str) -> bool:
    """Whether a name, however its words are joined, is one of these."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return names.fullmatch(re.sub(r"[ -]", "_", words).lower()) is not None


def _step(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
