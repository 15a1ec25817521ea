"""Every link of every built page leads to a file and an anchor that exist, notebook pages included."""

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from site_build import SITE_URL, addresses

LINKS = {"href", "src", "poster"}
OWN = urlsplit(SITE_URL)
PAGES = [*addresses(), "404.html"]


class Markup(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[tuple[str, str]] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in LINKS and value:
                self.links.add((tag, value))
            elif name == "srcset" and value:
                self.links |= {(tag, part.split()[0]) for part in value.split(",")}
            elif name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value or "")


@cache
def read(path: Path) -> Markup:
    return Markup(path.read_text(encoding="utf-8"))


def broken(page: Path, folder: Path) -> list[str]:
    """The page's links that lead nowhere, each with the reason."""
    here = SITE_URL + page.relative_to(folder).as_posix()
    reasons = {link: reason(urljoin(here, link), folder) for _, link in read(page).links}
    return sorted(f"{link}: {why}" for link, why in reasons.items() if why)


def reason(link: str, folder: Path) -> str:
    """Why this address is broken; empty for a good one and for another site's."""
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or parts.netloc != OWN.netloc:
        return ""
    if not parts.path.startswith(OWN.path):
        return f"leads out of {OWN.path}, where the site is"
    path = folder / unquote(parts.path.removeprefix(OWN.path))
    path = path / "index.html" if path.is_dir() else path
    if not path.is_file():
        return "there is no such file"
    anchor = unquote(parts.fragment)
    # Browsers take #top and the text of a search mark for what they are.
    if anchor and path.suffix == ".html" and anchor not in read(path).anchors | {"top", "__top"}:
        return f"{path.relative_to(folder)} has no id {anchor!r}"
    return ""


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name, site):
    found = broken(site.file(name), site.folder)
    assert not found, f"{name}:\n" + "\n".join(found)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_loaded_from_another_host(name, site):
    """What a browser would load without a click, pages without JavaScript included."""
    loaded = [link for tag, link in read(site.file(name)).links if tag not in ("a", "link")]
    loaded += stylesheets_and_icons(site.file(name).read_text(encoding="utf-8"))
    foreign = [link for link in loaded if urlsplit(link).netloc]
    assert not foreign, f"{name} loads {foreign}"


def stylesheets_and_icons(text: str) -> list[str]:
    """Links that the browser loads; canonical, previous and next are only said."""
    found = []

    class Finder(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            given = dict(attributes)
            if tag == "link" and not {"canonical", "prev", "next"} & set((given.get("rel") or "").split()):
                found.append(given.get("href") or "")

    Finder().feed(text)
    return found


@pytest.mark.parametrize("name", addresses())
def test_no_link_starts_at_the_root(name, site):
    """Such a link breaks where the site is under a path. The 404 page needs it: it is shown anywhere."""
    absolute = [link for _, link in read(site.file(name)).links if link.startswith("/")]
    assert not absolute, f"{name}: {absolute}"


def test_broken_links_are_found(tmp_path):
    """The check itself, on a page with one good link of each kind and one bad link of each kind."""
    (tmp_path / "other.html").write_text('<h2 id="known">Known</h2>', encoding="utf-8")
    page = tmp_path / "index.html"
    good = ["other.html", "other.html#known", "#here", ".", "https://elsewhere.test/x#y", "mailto:a@b.test"]
    bad = ["missing.html", "other.html#unknown", "#nowhere", "../above/", "/rooted/"]
    links = "".join(f'<a href="{link}">x</a>' for link in good + bad)
    page.write_text(f'<p id="here">{links}<img src="missing.png"></p>', encoding="utf-8")
    found = {line.partition(": ")[0] for line in broken(page, tmp_path)}
    assert found == {*bad, "missing.png"}
