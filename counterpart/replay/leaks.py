"""What in a text must not be written anywhere: credentials, and data of real people and accounts.

Deny by default: a value under a telling name and text that looks drawn by lot are leaks until shown to be otherwise.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus

from counterpart.replay.people import PERSONAL, RESERVED_HOST, People, Span, is_one_of, replaced
from counterpart.replay.secrets import MASKED, Secrets

_DEEPEST = 3
_MOST_PASSES = 8
_MOST_UNPACKED = 1024 * 1024

PLACEHOLDER = re.compile(r"(?:[A-Za-z]+ )?<[a-zA-Z0-9:-]+>")
_HARMLESS_WORDS = frozenset({"", "null", "none", "true", "false", "undefined", MASKED})
_PREFIX = "(?:[a-z0-9]+_)*"
_KEYS = "(?:api|access|private|secret|signing)_?key"
_TOKENS = "(?:access|auth|bearer|refresh|id|api|session)?_?token"
_SECRET = re.compile(
    f"{_PREFIX}(?:pass(?:word|wd|phrase)?|(?:client_?)?secret|{_TOKENS}|{_KEYS}|credentials?|authorization|cookie"
    "|session_?id|sess_?id|sid|signature|sig|hmac|otp|cvv|cvc)"
)
# In prose only what names a secret beyond doubt, before something with a digit in it.
_PROSE = r"(?P<name>password|passphrase|secret|token|(?:api|access|private|secret|signing)[ _-]?key)\W{1,4}"
_NAMED = [
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r'["\'](?P<name>[\w-]{2,64})\\?["\']\s*:\s*\\?["\']?(?P<value>(?:\\.|[^"\'\\,\n}])*)',  # JSON
        r"(?:^|[?&;\s])(?P<name>[\w-]{2,64})=(?P<value>[^&\s;,\"'<>]*)",  # query, form, cookie
        r"<(?:\w+:)?(?P<name>[\w-]{2,64})(?:\s[^<>]*)?>(?P<value>[^<]*)",  # XML element
        # A part of a form; a traceback puts an E before each line.
        r"\bname=\"(?P<name>[\w-]{2,64})\"[^\r\n]*\r?\n(?:[^\r\n]{1,200}\r?\n){0,4}?E?[ \t]*\r?\n(?P<value>[^\r\n]*)",
        r"\b(?P<name>(?:set-)?cookie|(?:proxy-)?authorization)\s*:\s*(?P<value>[^\r\n]+)",
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
# Hidden by the system itself, but for its ends.
_STARRED = re.compile(r"\S{0,4}\*{6,}\S{0,4}")
_LOT = re.compile(r"(?:sha256-)?(?P<drawn>[A-Za-z0-9+_-]{20,}={0,2})")
# How our own reports announce a hash.
_ANNOUNCED = re.compile(r"(?:class=\"hash\">|sha256[ :=-]+|revision[ :=]+)$", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9a-f]{2}){8,}|(?:[0-9A-F]{2}){8,}")
_BITS = 3.5
_URL = re.compile(r"https?:\\?/\\?/(?P<host>[^\s/\\\"':]+)[^\s\"'<>]*")


class Leaks:
    """Finds leaks in texts."""

    def __init__(self, secrets: Secrets, declared: str | None) -> None:
        """`declared` is text whose values are made up; without it the data of people are left alone."""
        self._secrets = secrets
        self._people = None if declared is None else People(declared)

    def found_in(self, text: str, depth: int = 0, *, own: bool = False) -> Iterator[Span]:
        """Place and kind of each leak in a text; `own` where it is a hash or id that we made."""
        for start, end, name in self._secrets.spans_in(text):
            yield start, end, f"the secret <{name}>"
        for pattern in _NAMED:
            for match in pattern.finditer(text):
                yield from ((*match.span("value"), what) for what in self.under(match["name"], match["value"]))
        for match in _HEADER.finditer(text):
            if is_one_of(_SECRET, match["name"]):
                yield from ((*match.span("value"), what) for what in self.under(match["name"], match["value"]))
        for what, pattern in _PATTERNS:
            yield from ((*match.span(), what) for match in pattern.finditer(text))
        if self._people is not None:
            yield from self._people.found_in(text)
        if not own:
            yield from _lots(text)
        if depth < _DEEPEST:
            for start, end, inner in _decoded(text):
                yield from ((start, end, f"{what}, encoded") for *_, what in self.found_in(inner, depth + 1, own=own))

    def under(self, name: str, value: str) -> Iterator[str]:
        """What a value under a telling name is."""
        secret = is_one_of(_SECRET, name)
        if not secret and not is_one_of(PERSONAL, name):
            return
        value = value.strip().strip("\"'\\")
        if value.lower() in _HARMLESS_WORDS or PLACEHOLDER.fullmatch(value) or _STARRED.fullmatch(value):
            return
        if secret or (self._people is not None and not self._people.made_up(value)):
            yield f"a value under the name {name.lower()}"

    def scrubbed(self, text: str) -> str:
        """The text with placeholders for known secrets and a mask for every other leak."""
        text = self._secrets.conceal(text)
        for _ in range(_MOST_PASSES):
            fine = [span for span in self.found_in(text) if span[:2] != (0, len(text))]
            if not fine:
                break
            text = replaced(text, fine, lambda value, what: MASKED)
        if not self._holds(text):
            return text
        # What shows only when all is decoded has no place of its own, so the lines that hold it go.
        text = "\n".join(MASKED if self._holds(line) else line for line in text.split("\n"))
        return MASKED if self._holds(text) else text

    def _holds(self, text: str) -> bool:
        return next(self.found_in(text), None) is not None


def _lots(text: str) -> Iterator[Span]:
    """Text that looks drawn by lot, as keys are; ids of reserved hosts' addresses are made up."""
    spared = [match.span() for match in _URL.finditer(text) if RESERVED_HOST.fullmatch(match["host"])]
    spared = [span for span in spared if "?" not in text[slice(*span)] and span == (0, len(text))]
    for match in _LOT.finditer(text):
        if (
            _drawn(match["drawn"])
            and not any(start <= match.start() < end for start, end in spared)
            and not _ANNOUNCED.search(text, max(0, match.start("drawn") - 20), match.start("drawn"))
        ):
            yield *match.span(), "a text that looks like a key"


def _decoded(text: str) -> Iterator[Span]:
    """What stands in a text percent-encoded, in Base64 or in hexadecimal, as far as it is text again."""
    if "%" in text and (plain := unquote_plus(text)) != text:
        yield 0, len(text), plain
    if "\\u" in text or '\\"' in text:
        yield 0, len(text), re.sub(r"\\u([0-9a-fA-F]{4})", lambda each: chr(int(each[1], 16)), text).replace('\\"', '"')
    for match in re.finditer(r"[A-Za-z0-9+/_-]{16,}={0,2}", text):
        packed = match[0].translate(str.maketrans("-_", "+/")).rstrip("=")
        if len(packed) % 4 != 1:
            yield from _readable(match.span(), packed + "=" * (-len(packed) % 4), base64.b64decode)
    for match in _HEX.finditer(text):
        yield from _readable(match.span(), match[0], bytes.fromhex)


def _readable(span: tuple[int, int], packed: str, decode: Any) -> Iterator[Span]:
    try:
        data = decode(packed)
        plain = unpacked(data) if data[:2] == b"\x1f\x8b" else data.decode()
    except (binascii.Error, ValueError):
        return
    if plain.isprintable() or "\n" in plain:
        yield *span, plain


def unpacked(data: bytes) -> str:
    """The text of a file or body, unpacked where it is packed, up to a bound."""
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
