"""Data of real people and accounts: recognised in texts, and replaced by stand-ins that keep links intact."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from counterpart.replay.secrets import Secrets

Span = tuple[int, int, str]
"""Where something begins and ends in a text, and what it is."""

_PREFIX = "(?:[a-z0-9]+_)*"
PERSONAL = re.compile(
    f"{_PREFIX}(?:phone|mobile|fax|telephone|iban|bic|account_?number|routing_?number|sort_?code|card_?number"
    "|tax_?id|tax_?number|vat_?(?:id|number)|organisation_?number|ssn|national_?id)"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@(?P<host>[A-Za-z0-9.-]*[A-Za-z0-9])")
# Reserved for documentation and tests (RFC 2606, RFC 6761).
RESERVED_HOST = re.compile(r"(?:.+\.)?(?:example|test|invalid|localhost|example\.(?:com|net|org))", re.IGNORECASE)
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
_NAMED = re.compile(
    r"\"(?P<name>[\w-]{2,64})\"\s*:\s*\"(?P<value>[^\"\\\\]+)\"|[?&](?P<queried>[\w-]{2,64})=(?P<text>[^&\s\"]+)"
)
_STAND_IN = re.compile(r"<[a-z]+-[0-9a-f]{10}>")


class People:
    """Tells real people's data from made-up ones: reserved hosts and numbers, and what `declared` holds."""

    def __init__(self, declared: str) -> None:
        self._declared = declared

    def found_in(self, text: str) -> Iterator[Span]:
        """Real people's data that show by their form."""
        if "@" in text:
            for match in _EMAIL.finditer(text):
                if not RESERVED_HOST.fullmatch(match["host"]) and match[0] not in self._declared:
                    yield *match.span(), "an e-mail address outside the reserved domains"
        for what, pattern, holds in (
            ("a phone number outside the reserved ranges", _PHONE, lambda digits: len(digits) >= 8),
            ("a bank account", _IBAN, _is_iban),
            ("a card number", _CARD, _is_card),
            ("a tax number", _TAX, bool),
        ):
            for match in pattern.finditer(text):
                if holds(re.sub(r"[^A-Z0-9]", "", match[0])) and not self.made_up(match[0]):
                    yield *match.span(), what

    def made_up(self, value: str) -> bool:
        """Whether a value is known to be nobody's."""
        return (
            value in self._declared
            or _STAND_IN.fullmatch(value) is not None
            or _RESERVED_PHONE.fullmatch(re.sub(r"\D", "", value)) is not None
        )


class Discreet(Secrets):
    """Also replaces real people's data, by stand-ins that are typed and keyed: equal data, equal stand-ins.

    An address with capital letters gets a stand-in with one, so that a program which lower-cases it is still seen to.
    Stand-ins are not turned back: a replay goes on with them.
    """

    def __init__(self, values: Mapping[str, str], people: People, key: bytes) -> None:
        super().__init__(values)
        self._people, self._key = people, key

    def conceal(self, text: str) -> str:
        text = super().conceal(text)
        spans = [*self._people.found_in(text), *self._under_names(text)]
        return replaced(text, spans, lambda value, what: self._stand_in(value, what))

    def conceal_body(self, body: bytes) -> bytes:
        body = super().conceal_body(body)
        try:
            return self.conceal(body.decode()).encode()
        except UnicodeDecodeError:
            return body

    def _under_names(self, text: str) -> Iterator[Span]:
        for match in _NAMED.finditer(text):
            name, value = ("name", "value") if match["name"] else ("queried", "text")
            if is_one_of(PERSONAL, match[name]) and not self._people.made_up(match[value]):
                yield *match.span(value), "a value under a name"

    def _stand_in(self, value: str, what: str) -> str:
        digest = hmac.digest(self._key, value.casefold().encode(), "sha256").hex()[:10]
        if what.startswith("an e-mail"):
            address = f"person-{digest}@masked.example"
            return address if value == value.lower() else address.capitalize()
        kind = re.sub(r"^an? ", "", what).split(" ")[0]
        return f"<{kind}-{digest}>"


def replaced(text: str, spans: Iterable[Span], by: Callable[[str, str], str]) -> str:
    """The text with each span replaced; of overlapping ones the first and longest counts."""
    parts, end = [], 0
    for start, stop, what in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end and stop > start:
            parts += [text[end:start], by(text[start:stop], what)]
            end = stop
    return "".join([*parts, text[end:]])


@lru_cache(maxsize=8192)
def is_one_of(names: re.Pattern[str], name: str) -> bool:
    """Whether a name, however its words are joined, is one of these."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return names.fullmatch(re.sub(r"[ -]", "_", words).lower()) is not None


def _is_iban(text: str) -> bool:
    """ISO 13616: the remainder by 97 is 1."""
    digits = "".join(str(int(each, 36)) for each in text[4:] + text[:4])
    return len(text) >= 15 and int(digits) % 97 == 1


def _is_card(digits: str) -> bool:
    """ISO/IEC 7812: the Luhn sum."""
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(each - 9 * (each > 9) for each in doubled) % 10 == 0
