"""Known secrets and the typed placeholders that stand for them in everything written."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from counterpart.replay.errors import UnusableSecret

SHORTEST = 8
UNKNOWN_CREDENTIAL = "<unknown-credential>"
MASKED = "<masked>"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


class Secrets:
    """Replaces secret values by `<name>` on the way into a recording, and back on the way out.

    Replacement and not removal: a client that signs in with another value still differs from the recording.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        """`values` maps placeholder names to secret values; raises UnusableSecret."""
        for name, value in values.items():
            if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
                raise UnusableSecret(name, "the name does not fit a placeholder", "Use small letters and hyphens.")
            if len(value) < SHORTEST:
                cause = f"a value of fewer than {SHORTEST} characters would be found in ordinary text"
                raise UnusableSecret(name, cause, "Set a longer one.")
        self._names = {value: name for name, value in values.items()}
        forms = {form: placeholder for name, value in values.items() for form, placeholder in _forms(name, value)}
        # The longest form first, so that one secret inside another leaves no remainder of the longer one.
        self._forms = tuple(sorted(forms.items(), key=lambda pair: -len(pair[0])))
        self._encoded = tuple((form.encode(), mark.encode()) for form, mark in self._forms)
        self._traces = tuple((core, name) for name, value in values.items() for core in _traces(value))

    def conceal(self, text: str) -> str:
        """The text with a placeholder for each secret, in whichever encoding the secret stands there."""
        for form, placeholder in self._forms:
            if form in text:
                text = text.replace(form, placeholder)
        return text

    def conceal_body(self, body: bytes) -> bytes:
        """As `conceal`, for a body of any kind."""
        for form, placeholder in self._encoded:
            if form in body:
                body = body.replace(form, placeholder)
        return body

    def reveal(self, text: str) -> str:
        """The text with the secrets in the place of their placeholders."""
        if "<" in text:
            for form, placeholder in self._forms:
                text = text.replace(placeholder, form)
        return text

    def reveal_body(self, body: bytes) -> bytes:
        """As `reveal`, for a body of any kind."""
        if b"<" in body:
            for form, placeholder in self._encoded:
                body = body.replace(placeholder, form)
        return body

    def credential(self, authorization: str) -> str:
        """What stands for an Authorization header: its scheme and the name of the secret, or that it is unknown.

        An unknown credential never equals a recorded one, and its value is not written anywhere.
        """
        scheme, _, value = authorization.partition(" ")
        scheme = scheme.capitalize()
        value = value.strip()
        if scheme == "Basic":
            value = _basic_user(value)
        elif scheme != "Bearer":
            return f"{scheme if scheme.isalnum() and value else 'Other'} {UNKNOWN_CREDENTIAL}"
        name = self._names.get(value)
        return f"{scheme} <{name}>" if name else f"{scheme} {UNKNOWN_CREDENTIAL}"

    def found_in(self, text: str) -> list[str]:
        """Names of the secrets that are readable in the text, also inside Base64 of something longer."""
        return sorted({name for _, _, name in self.spans_in(text)})

    def spans_in(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Begin, end and name of each secret that is readable in the text; Base64 around one belongs to it."""
        for form, placeholder in self._forms:
            for start in _places(text, form):
                yield start, start + len(form), placeholder.strip("<>").partition(":")[0]
        for core, name in self._traces:
            for start in _places(text, core):
                begin = start
                while begin and _BASE64.fullmatch(text[begin - 1]):
                    begin -= 1
                after = _BASE64.match(text, start)
                yield begin, after.end() if after else start + len(core), name


def _places(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + len(part))


def _forms(name: str, value: str) -> Iterator[tuple[str, str]]:
    """The encodings in which a secret travels, each with its placeholder; of equal ones the last counts."""
    encoded = value.encode()
    yield base64.b64encode(encoded + b":").decode(), f"<{name}:basic>"
    yield base64.urlsafe_b64encode(encoded).decode(), f"<{name}:base64url>"
    yield base64.b64encode(encoded).decode(), f"<{name}:base64>"
    yield encoded.hex().upper(), f"<{name}:HEX>"
    yield encoded.hex(), f"<{name}:hex>"
    yield json.dumps(value)[1:-1].replace("/", "\\/"), f"<{name}:json-slash>"
    yield json.dumps(value)[1:-1], f"<{name}:json>"
    yield quote(value), f"<{name}:path>"
    yield quote(value, safe=""), f"<{name}:percent>"
    yield value, f"<{name}>"


def _traces(value: str) -> Iterator[str]:
    """What Base64 of any text around the value must contain: its characters that hold bits of the value alone."""
    encoded = value.encode()
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + encoded).decode().rstrip("=")
        first = -(-offset * 8 // 6)
        last = (offset + len(encoded)) * 8 // 6
        yield text[first:last]
        yield text[first:last].replace("+", "-").replace("/", "_")


def _basic_user(value: str) -> str:
    """The user of a Basic credential without password (RFC 7617); anything else is no API key of ours."""
    try:
        user, separator, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if separator and not password else ""
