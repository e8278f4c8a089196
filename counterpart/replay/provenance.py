"""Where a recording says it comes from, and whether that can be: the servers' own words stand in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from counterpart.replay.cassette import Cassette
from counterpart.replay.signing import ALLOWED, signer

LIVE = "live "
"""How `recorded_against` begins in a recording of real systems; their hosts follow."""
_EMULATED = ".emulator.example"
_APART = timedelta(days=2)


def says_live(cassette: Cassette) -> bool:
    """Whether the recording claims to come from real systems."""
    return str(cassette.metadata.get("recorded_against", "")).startswith(LIVE)


def hosts_of(cassette: Cassette) -> set[str]:
    """The hosts that were asked."""
    return {urlsplit(each.url).hostname or "" for each in cassette.interactions}


def signed_by(cassette: Cassette, root: Path) -> str | None:
    """Who has signed the recording, by `root/allowed_signers`; None where nobody listed has."""
    return signer(cassette.sha256, cassette.signature, root / ALLOWED) if cassette.signature else None


def doubt_of(cassette: Cassette, root: Path) -> str:
    """Why what the recording says of its origin is not believed; empty where nothing speaks against it.

    Once `root/allowed_signers` exists, a live recording has to be signed by somebody on it, and every signature holds.
    """
    if (root / ALLOWED).is_file() and signed_by(cassette, root) is None:
        if cassette.signature:
            return f"nobody in {ALLOWED} has signed it as it is"
        if says_live(cassette):
            return "it says live, and is not signed"
    return _contradiction(cassette) if says_live(cassette) else ""


def _contradiction(cassette: Cassette) -> str:
    hosts = sorted(hosts_of(cassette))
    if emulated := [host for host in hosts if host.endswith(_EMULATED)]:
        return f"it says live, and {emulated[0]} is an emulator"
    if here := [host for host in hosts if _is_here(host)]:
        return f"it says live, and {here[0]} is the machine that recorded it"
    try:
        told = datetime.fromisoformat(str(cassette.metadata.get("recorded_on"))).replace(tzinfo=UTC)
    except ValueError:
        return "it says live, and not when"
    dates = [value for each in cassette.interactions for name, value in each.response_headers if name == "date"]
    if not dates:
        return "it says live, and no answer has a Date"
    for text in dates:
        try:
            apart = abs(parsedate_to_datetime(text) - told)
        except (TypeError, ValueError):
            return f"it says live, and an answer has the Date {text!r}"
        if apart > _APART:
            return f"it says live on {told.date()}, and an answer is of {text}"
    return ""


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
