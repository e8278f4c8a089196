"""Known secrets never stay readable, and a replay gets back what the recording had."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpart.replay import Secrets, UnusableSecret

KEY = "sk/Live+4711=öre"
SECRETS = Secrets({"shop-key": KEY, "office-token": "token-of-the-office"})

TRAVELLING = {
    "as it is": (KEY, "<shop-key>"),
    "in a query": (quote(KEY, safe=""), "<shop-key:percent>"),
    "in a path": (quote(KEY), "<shop-key:path>"),
    "in JSON": (json.dumps(KEY)[1:-1], "<shop-key:json>"),
    "in JSON with escaped slashes": (json.dumps(KEY)[1:-1].replace("/", "\\/"), "<shop-key:json-slash>"),
    "in Base64": (base64.b64encode(KEY.encode()).decode(), "<shop-key:base64>"),
    "in Base64 for addresses": (base64.urlsafe_b64encode(f"{KEY}?".encode()).decode(), None),
    "as a Basic credential": (base64.b64encode(f"{KEY}:".encode()).decode(), "<shop-key:basic>"),
    "in hexadecimal": (KEY.encode().hex(), "<shop-key:hex>"),
    "in capital hexadecimal": (KEY.encode().hex().upper(), "<shop-key:HEX>"),
}


@pytest.mark.parametrize(("form", "placeholder"), TRAVELLING.values(), ids=list(TRAVELLING))
def test_each_form_has_its_placeholder(form: str, placeholder: str | None) -> None:
    text = f"before {form} after"

    assert SECRETS.found_in(text) == ["shop-key"]
    if placeholder is not None:
        assert SECRETS.conceal(text) == f"before {placeholder} after"
        assert SECRETS.conceal_body(text.encode()) == f"before {placeholder} after".encode()
        assert SECRETS.found_in(SECRETS.conceal(text)) == []


@given(st.lists(st.sampled_from([*(form for form, mark in TRAVELLING.values() if mark), "token-of-the-office", "x "])))
def test_what_is_concealed_can_be_revealed(parts: list[str]) -> None:
    text = "|".join(parts)

    assert SECRETS.reveal(SECRETS.conceal(text)) == text
    assert SECRETS.reveal_body(SECRETS.conceal_body(text.encode())) == text.encode()


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_a_secret_inside_longer_base64_is_found(before: bytes, after: bytes) -> None:
    whole = before + KEY.encode() + after

    assert SECRETS.found_in(base64.b64encode(whole).decode()) == ["shop-key"]
    assert SECRETS.found_in(base64.urlsafe_b64encode(whole).decode()) == ["shop-key"]


def test_a_secret_inside_another_leaves_no_remainder() -> None:
    secrets = Secrets({"short": "abcdefgh", "long": "abcdefgh-12345"})

    assert secrets.conceal("abcdefgh-12345 abcdefgh") == "<long> <short>"


def basic(user: str, password: str = "") -> str:
    header: str = next(httpx.BasicAuth(user, password).auth_flow(httpx.Request("GET", "https://x"))).headers[
        "Authorization"
    ]
    return header


CREDENTIALS = {
    "the key as user": (basic(KEY), "Basic <shop-key>"),
    "scheme in small letters": (basic(KEY).replace("Basic", "basic"), "Basic <shop-key>"),
    "another key": (basic("another"), "Basic <unknown-credential>"),
    "the key and a password": (basic(KEY, "x"), "Basic <unknown-credential>"),
    "the key as password": (basic("x", KEY), "Basic <unknown-credential>"),
    "no Base64": ("Basic %%%", "Basic <unknown-credential>"),
    "the token": ("Bearer token-of-the-office", "Bearer <office-token>"),
    "the token cut": ("Bearer token-of-the-offic", "Bearer <unknown-credential>"),
    "the token as user": (basic("token-of-the-office"), "Basic <office-token>"),
    "a placeholder sent literally": ("Bearer <office-token>", "Bearer <unknown-credential>"),
    "another scheme": ("Digest username=x", "Digest <unknown-credential>"),
    "no scheme": ("token-of-the-office", "Other <unknown-credential>"),
}


@pytest.mark.parametrize(("sent", "recorded"), CREDENTIALS.values(), ids=list(CREDENTIALS))
def test_a_credential_is_named_or_unknown(sent: str, recorded: str) -> None:
    assert SECRETS.credential(sent) == recorded


UNUSABLE = {
    "short": (
        {"key": "1234567"},
        "Secret 'key': a value of fewer than 8 characters would be found in ordinary text. Set a longer one.",
    ),
    "empty": ({"key": ""}, None),
    "name": (
        {"The key": "0123456789"},
        "Secret 'The key': the name does not fit a placeholder. Use small letters and hyphens.",
    ),
}


@pytest.mark.parametrize(("values", "message"), UNUSABLE.values(), ids=list(UNUSABLE))
def test_unusable_secrets_are_refused_without_being_shown(values: dict[str, str], message: str | None) -> None:
    with pytest.raises(UnusableSecret) as refusal:
        Secrets(values)

    if message is not None:
        assert str(refusal.value) == message
    assert "0123456789" not in str(refusal.value)


def test_secrets_do_not_show_in_a_representation() -> None:
    assert KEY not in repr(SECRETS)
    assert KEY not in str(SECRETS)
