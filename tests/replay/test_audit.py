"""Thirty planted secrets are found wherever they lie, and what is made up is left in peace."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from counterpart.replay import Cassette, Exchange, Secrets, UnsafeCassette
from counterpart.replay.audit import Leak, audit
from counterpart.replay.leaks import Leaks

ROOT = Path(__file__).parents[2]
KNOWN = "KeyOfTheAccount/0123456789+x"
SECRETS = Secrets({"account-key": KNOWN})
DRAWN = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=40))
SHORT = "hunter2!"
CLAIMS = (b'{"alg":"x"}', b'{"sub":"me"}', b"12345678")
JWT = ".".join(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in CLAIMS)
PACKED = base64.b64encode(gzip.compress(f'{{"password":"{SHORT}"}}'.encode(), mtime=0)).decode()

PLANTED = {
    "Basic credentials": "Authorization: Basic " + base64.b64encode(f"me:{SHORT}".encode()).decode(),
    "bearer": f"Authorization: Bearer {DRAWN[:12]}",
    "bearer in prose": f"the server refused Bearer {DRAWN[:12]}",
    "cookie set": f"Set-Cookie: session={SHORT}; Path=/",
    "cookie sent": f"Cookie: theme=dark; sid={SHORT}",
    "key in query": f"GET https://shop.example/orders?api_key={SHORT}&page=1",
    "key in a path": f"GET https://shop.example/hooks/{DRAWN}/orders",
    "password in an address": f"https://me:{SHORT}@shop.example/",
    "form": f"user=me&password={SHORT}",
    "multipart": f'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\n{SHORT}\r\n--x--',
    "nested JSON": json.dumps({"a": [{"b": {"client_secret": SHORT}}]}),
    "JSON within JSON": json.dumps({"raw": json.dumps({"password": SHORT})}),
    "drawn by lot, no telling name": json.dumps({"a": {"b": DRAWN}}),
    "XML": f"<a><x:Password kind='plain'>{SHORT}</x:Password></a>",
    "error text": f"invalid API key '{DRAWN[:14]}7'",
    "exception": f"ValueError: token={SHORT} rejected",
    "gzip": PACKED,
    "JSON Web Token": f"see {JWT} for details",
    "known, as it is": f"x{KNOWN}x",
    "known, percent-encoded": quote(KNOWN, safe=""),
    "known, Base64": base64.b64encode(KNOWN.encode()).decode(),
    "known, inside Base64": base64.b64encode(f"1:{KNOWN}:2".encode()).decode(),
    "known, hexadecimal": KNOWN.encode().hex(),
    "unknown, percent-encoded": quote(f'{{"password":"{SHORT}"}}', safe=""),
    "unknown, Base64": base64.b64encode(f"password={SHORT}&x=1".encode()).decode(),
    "unknown, hexadecimal": f"password={SHORT}".encode().hex(),
    "vendor's key": "sk_live_" + DRAWN[:10],
    "private key": "-----BEGIN RSA PRIVATE KEY-----",
    "signature": "X-Signature: t=1772352000,v1=" + "0a" * 32,
    "e-mail": "write to ada.lovelace@gmail.com",
    "e-mail under a reserved-looking host": "ada@example.org.evil.com",
    "phone": "call +44 20 7183 8750 now",
    "phone under a name": '{"phone": "0207 183 8750"}',
    "bank account": "GB29 NWBK 6016 1331 9268 19",
    "bank account under a name": '{"accountNumber": "31926819"}',
    "card": "4111 1111 1111 1111",
    "tax number": '{"name": "DE811907980"}',
    "tax number under a name": '{"tax_id": "912 345 678"}',
}


def cassette(text: str, tmp_path: Path) -> Path:
    body = text.encode("utf-8")
    exchange = Exchange(1, "sync", "POST", "https://shop.example/a", (), body, 200, (), b"")
    path = tmp_path / "a.yaml"
    path.write_text(Cassette((exchange,)).dumps())
    return path


def allure(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "a-result.json"
    path.write_text(json.dumps({"statusDetails": {"message": text}, "uuid": "0b82eb3d-0f2a-4b39-bb1d-6d4f1f0a3a11"}))
    return path


def junit(text: str, tmp_path: Path) -> Path:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    path = tmp_path / "junit.xml"
    path.write_text(f"<testsuites><testcase name='a'><failure>\n{escaped}\n</failure></testcase></testsuites>")
    return path


def attachment(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "a-attachment.txt"
    path.write_text(f"=== step 1, sync: POST https://shop.example/a\n{text}\n--- 200\n")
    return path


@pytest.mark.parametrize("place", [cassette, allure, junit, attachment])
@pytest.mark.parametrize("text", PLANTED.values(), ids=list(PLANTED))
def test_a_planted_secret_is_found_and_not_repeated(
    text: str, place: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    leaks = audit([place(text, tmp_path)], SECRETS)

    assert leaks
    told = "\n".join(map(str, leaks))
    values = (KNOWN, SHORT, DRAWN[:12], JWT, "lovelace", "8750", "1926", "811907980")
    assert not [each for each in values if each in told]


MADE_UP = {
    "placeholders": 'authorization: Basic <account-key>\n{"password": "<masked>", "token": null}',
    "reserved e-mail": "ap@nordlicht.example, a@example.org, root@localhost",
    "reserved phones": '"phone": "5550100", call +44 20 7946 0123 or +1 212 555 0147',
    "declared phone": '{"phone": "+47 22 00 00 00"}',
    "declared tax number": '{"tax_id": "DE811999000"}',
    "uuid": "34d94ece-537a-4a7e-b440-b6e06c7f81c2",
    "hash that says so": "sha256 44a005512b44367ba1aa4290b9eefa3eaeb144e779bc55e1e71e5b39614b9213",
    "a policy's hash": "script-src 'sha256-i0GrWadJ7Ghf0VJL6slOQFIlrlZa91/yI5TtImSf+SQ='",
    "a revision": "Revision = 6ffeeaeb49a5d777b5b847bf85eaa1a628565bc9 with changes",
    "names in words": "cassettes/customer-company/properties-unspecified/unusual-names--other-signs.yaml",
    "prose": "Mobile: 24/7 support, token of thanks, secret ingredient",
    "amounts and stamps": "1772352000 389.70 2026-03-01T08:00:00.000Z 1795474794826",
    "next page": '{"nextCursor": "Q1UwMDAwMDE", "next_page_token": null}',
    "no bank account": "GB30 NWBK 6016 1331 9268 19",
}


@pytest.mark.parametrize("text", MADE_UP.values(), ids=list(MADE_UP))
def test_what_is_made_up_or_declared_stays(text: str, tmp_path: Path) -> None:
    assert audit([attachment(text, tmp_path)], SECRETS, declared="| +47 22 00 00 00 | DE811999000 |") == []


@pytest.mark.parametrize("text", PLANTED.values(), ids=list(PLANTED))
def test_what_is_scrubbed_holds_no_leak_and_all_around_it_stays(text: str) -> None:
    leaks = Leaks(SECRETS, declared="")

    clean = leaks.scrubbed(f"step 3 failed:\n{text}\nand so it ended")

    assert list(leaks.found_in(clean)) == []
    assert clean.startswith("step 3 failed:\n")
    assert clean.endswith("\nand so it ended")
    values = (KNOWN, SHORT, DRAWN[:12], JWT, "lovelace", "8750", "1926", "811907980")
    assert not [each for each in values if each in clean]


@pytest.mark.parametrize("text", MADE_UP.values(), ids=list(MADE_UP))
def test_scrubbing_leaves_what_is_made_up(text: str) -> None:
    assert Leaks(SECRETS, declared="| +47 22 00 00 00 | DE811999000 |").scrubbed(text) == text


def test_a_leak_names_file_and_place(tmp_path: Path) -> None:
    recorded = cassette(json.dumps({"password": SHORT}), tmp_path)
    shown = attachment(f"Authorization: Bearer {DRAWN}", tmp_path)

    leaks = audit([tmp_path])

    assert leaks[0] == Leak(shown.as_posix(), "line 2, column 16", "a credential")
    assert leaks[-1] == Leak(recorded.as_posix(), "/interactions/0/request/body", "a value under the name password")


@pytest.mark.parametrize(
    ("side", "name", "value", "what"),
    [
        ("request", "x-shop-auth", "x", "a header that nobody declared"),
        ("request", "authorization", "Basic eA==", "a credential"),
        ("response", "x-debug", "x", "a header that nobody declared"),
        ("response", "set-cookie", "x", "a header that nobody declared"),
    ],
)
def test_headers_are_denied_by_default(side: str, name: str, value: str, what: str, tmp_path: Path) -> None:
    path = cassette("{}", tmp_path)
    document = json.loads(path.read_text())
    document["interactions"][0][side]["headers"][name] = [value]
    path.write_text(json.dumps(document))

    assert Leak(path.as_posix(), f"/interactions/0/{side}/headers/{name}", what) in audit([path])


def test_a_masked_header_is_clean(tmp_path: Path) -> None:
    exchange = Exchange(1, "sync", "GET", "https://shop.example/a", (("x-shop-auth", "<masked>"),), b"", 200, (), b"")
    Cassette((exchange,)).save(tmp_path / "a.yaml")

    assert audit([tmp_path]) == []


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    outside = attachment(f"Authorization: Bearer {DRAWN}", tmp_path)
    (folder / "link.txt").symlink_to(outside)

    assert audit([folder]) == []


HOSTILE = {
    "parts without end": 'name="aa"\r\n' * 10_000,
    "quotes": '"aa":' * 20_000,
    "elements": "<aa " * 20_000,
    "hexadecimal": "0a" * 100_000,
    "escapes": "%41" * 20_000,
    "packed in packed": base64.b64encode(gzip.compress(b"0" * 10_000_000, mtime=0)).decode(),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_text_costs_no_more_than_its_length(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    audit([attachment(text, tmp_path)])
    assert time.process_time() - started < 5


def test_what_cannot_be_read_is_a_leak(tmp_path: Path) -> None:
    assert [each.what for each in audit([tmp_path / "missing"])] == ["it cannot be read: No such file or directory"]


@pytest.mark.parametrize("text", [PLANTED["nested JSON"], PLANTED["drawn by lot, no telling name"], PLANTED["gzip"]])
def test_a_recording_that_shows_a_credential_is_not_written(text: str, tmp_path: Path) -> None:
    exchange = Exchange(1, "sync", "POST", "https://shop.example/a", (), text.encode(), 200, (), b"")

    with pytest.raises(UnsafeCassette) as caught:
        Cassette((exchange,)).save(tmp_path / "a.yaml")

    assert "/interactions/0/request/body" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_our_recordings_are_clean() -> None:
    declared = "\n".join(
        path.read_text("utf-8")
        for path in sorted((ROOT / "features").rglob("*"))
        if path.suffix in (".feature", ".toml")
    )
    some: list[Any] = sorted((ROOT / "cassettes").rglob("*.yaml"))[::8]

    assert audit(some, declared=declared) == []
