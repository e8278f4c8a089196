"""The page in a browser: nothing breaks, nothing is asked for, everybody can use it, and text stays text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import PROGRAM, Browser, browser

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium here")
# `make browser` installs it; axe-core is JavaScript and comes from npm.
AXE = Path(__file__).parents[2] / ".venv/axe/node_modules/axe-core/axe.min.js"
CREATE = "order-invoice/create"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(everything: Path) -> Path:
    return everything / "index.html"


def test_nothing_breaks_and_nothing_is_asked_for(shown: Browser, page: Path) -> None:
    shown.open(page)
    shown.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert (shown.requests, shown.complaints) == ([page.as_uri()], [])
    assert shown.run("document.title").startswith("Sign-off: Customerp to Invoiced, Sync 4.2")
    assert shown.run("document.querySelectorAll('img, iframe, script').length") == 1


def test_every_link_leads_somewhere(shown: Browser, page: Path) -> None:
    shown.open(page)
    links = shown.run("[...document.querySelectorAll('a')].map((each) => each.getAttribute('href'))")
    inside = [link for link in links if link.startswith("#")]
    assert len(inside) > 30
    assert sorted(set(links) - set(inside)) == ["signoff.json"]
    assert (page.parent / "signoff.json").is_file()
    lost = "(links) => links.filter((each) => !document.getElementById(decodeURIComponent(each.slice(1))))"
    assert shown.run(f"({lost})({inside})") == []


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_it_fits_its_window(shown: Browser, page: Path, width: int) -> None:
    shown.look(width=width)
    shown.open(page)
    shown.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert shown.run("document.documentElement.scrollWidth") <= width


def test_items_and_scenarios_are_found_by_keyboard(shown: Browser, page: Path) -> None:
    items = "[...document.querySelectorAll('.item:not([hidden])')].map((each) => each.id)"
    shown.look()
    shown.open(page)
    shown.press("/", "/")
    assert shown.run("document.activeElement.id") == "find"
    shown.type("order edit")
    assert shown.run(items) == ["order-invoice/edit-source", "order-invoice/edit-target"]
    assert shown.run("document.querySelector('output').textContent") == "2 of 15 items"
    shown.press("Escape")
    assert len(shown.run(items)) == 15
    # A scenario's own title opens the list in which it stands.
    shown.type("scenario called price")
    assert shown.run(items) == ["product-item/edit-source"]
    assert shown.run("document.querySelector('.item:not([hidden]) .scenarios').open") is True
    shown.press("Escape")
    shown.press("Tab")
    assert shown.run("document.activeElement.id") == "verdict"
    shown.type("fai")
    assert shown.run(items) == [CREATE]
    # A link to an item that is filtered away brings everything back.
    shown.run("location.hash = '#product-item/create'")
    shown.run("new Promise((done) => setTimeout(done, 50))")
    assert len(shown.run(items)) == 15


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make browser")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_that_keeps_people_out(shown: Browser, page: Path, dark: bool, width: int) -> None:
    shown.look(width=width, dark=dark)
    shown.open(page)
    shown.run("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    shown.run(AXE.read_text("utf-8") + "; 1")
    options = "{ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }"
    told = "(each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 150)).slice(0, 3).join(' | ')}`"
    assert shown.run(f"axe.run(document, {options}).then((found) => found.violations.map({told}))") == []
