"""Real systems as a place where scenarios run: their addresses and credentials from the environment, never from a file.

Scenarios create, change and delete records. So whatever nobody has declared a sandbox counts as production, and
production is refused unless the user says otherwise in so many words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from counterpart.replay import Exchange

VARIABLES = {
    "Customerp": ("COUNTERPART_CUSTOMERP_URL", "COUNTERPART_CUSTOMERP_TOKEN"),
    "Invoiced": ("COUNTERPART_INVOICED_URL", "COUNTERPART_INVOICED_KEY"),
}
SANDBOXES = "COUNTERPART_SANDBOX_HOSTS"
# Invoiced's own documentation keeps this host for tests, on accounts of their own.
KNOWN_SANDBOXES = frozenset({"api.sandbox.invoiced.com"})


class LiveRefused(Exception):
    """The environment does not say where to run, or says production without leave; `defects` are sentences."""

    def __init__(self, defects: Iterable[str]) -> None:
        self.defects = tuple(defects)
        super().__init__("\n".join(self.defects))


@dataclass(frozen=True)
class Endpoints:
    """Base URL and credential of each system, by its name."""

    urls: Mapping[str, str]
    credentials: Mapping[str, str] = field(repr=False)

    @property
    def hosts(self) -> str:
        """The hosts, for people and for the label of a recording."""
        return ", ".join(dict.fromkeys(urlsplit(url).netloc for url in self.urls.values()))


def endpoints(environ: Mapping[str, str], *, production: bool) -> Endpoints:
    """What the environment says; raises LiveRefused with all that is missing, unusable or not allowed."""
    defects = [
        f"{name} is not set; --against=live takes address and credential of each system from the environment"
        for names in VARIABLES.values()
        for name in names
        if not environ.get(name, "").strip()
    ]
    if defects:
        raise LiveRefused(defects)
    urls = {system: environ[url].strip().rstrip("/") for system, (url, _) in VARIABLES.items()}
    credentials = {system: environ[name].strip() for system, (_, name) in VARIABLES.items()}
    declared = {each.strip().lower() for each in environ.get(SANDBOXES, "").split(",") if each.strip()}
    for system, url in urls.items():
        name = VARIABLES[system][0]
        try:
            parts = urlsplit(url)
            host, netloc, bare = parts.hostname or "", parts.netloc, not (parts.username or parts.password)
        except ValueError:
            host, netloc, bare = "", "", True
        if not host or parts.scheme not in ("http", "https"):
            defects.append(f"{name} is no http(s) address; write it like https://api.example.com")
        elif not bare:
            defects.append(f"{name} holds a user or password; put the credential into {VARIABLES[system][1]}")
        elif parts.scheme == "http" and not _is_here(host):
            defects.append(f"{name} is not encrypted; write https, as credentials travel with every request")
        elif not production and not declared.union(KNOWN_SANDBOXES) & {host, netloc.lower()}:
            defects.append(
                f"{netloc} counts as production, since nobody has declared it a sandbox. Scenarios create, change and "
                f"delete records there. If it is a sandbox: {SANDBOXES}={netloc}. If it is meant: --allow-production"
            )
    if defects:
        raise LiveRefused(defects)
    return Endpoints(urls, credentials)


def tidy(exchanges: Iterable[Exchange], clients: Mapping[str, httpx.Client]) -> list[str]:
    """Delete what a scenario has created, latest first, through clients by base URL; returns what stayed behind."""
    stayed = []
    for exchange in reversed([each for each in exchanges if each.method == "POST" and each.status == 201]):
        client = next((each for base, each in clients.items() if exchange.url.startswith(f"{base}/")), None)
        address = f"{exchange.url.partition('?')[0]}/{_id(exchange)}"
        try:
            gone = client is not None and client.delete(address).status_code in (200, 204, 404, 410)
        except httpx.HTTPError:
            gone = False
        if not gone:
            stayed.append(address)
    return stayed


def _id(exchange: Exchange) -> str:
    try:
        return str(json.loads(exchange.response_body)["id"])
    except (ValueError, TypeError, KeyError):
        return ""


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
