"""What the site offers beside its pages: downloads, icons, the picture for link previews, robots.txt."""

import json
import re
from html import unescape

import pytest
from site_build import ROOT, SITE_URL, addresses, how_tos, lessons, notebooks, source

SIGNATURES = {".png": b"\x89PNG\r\n", ".svg": b"<svg", ".xml": b"<?xml"}


def download_links(markup: str) -> list[str]:
    tags = re.findall(r"<a\b[^>]*\bdownload\b[^>]*>", markup)
    return [unescape(re.search(r'href="([^"]*)"', tag)[1]) for tag in tags]


@pytest.mark.parametrize("name", notebooks())
def test_downloads_are_the_repositorys_files(name, visit, site):
    """Through the buttons, as a reader gets them: byte for byte, and what they claim to be."""
    page = visit(name, accept_downloads=True)
    script = ROOT / "experiments" / f"{source(name).stem.replace('-', '_')}.py"
    for label, original in (("Download notebook", source(name)), ("Download script", script)):
        with page.expect_download() as started:
            page.get_by_role("link", name=label).click()
        download = started.value
        assert download.suggested_filename == original.name
        assert download.path().read_bytes() == original.read_bytes()
    compile(script.read_text(encoding="utf-8"), script.name, "exec")
    notebook = json.loads(source(name).read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4


@pytest.mark.parametrize("name", [*lessons(), *how_tos()])
def test_the_page_offers_its_script_too(name, site):
    links = download_links(site.file(name).read_text(encoding="utf-8"))
    script = f"{name.split('/')[1].replace('-', '_')}.py"
    has_one = (ROOT / "experiments" / script).is_file()
    assert [link.rpartition("/")[2] for link in links] == ([script] if has_one else [])


@pytest.mark.parametrize("path", ["assets/favicon.svg", "assets/favicon.png", "assets/social-card.png", "sitemap.xml"])
def test_files_that_only_machines_ask_for(path, site):
    content = (site.folder / path).read_bytes()
    assert SIGNATURES[path[path.rindex(".") :]] in content[:200]


def test_the_social_card_has_the_size_that_the_head_states(site):
    head = site.file("").read_text(encoding="utf-8")
    card = re.search(r'og:image" content="([^"]*)"', head)[1]
    content = (site.folder / card.removeprefix(SITE_URL)).read_bytes()
    stated = [int(re.search(rf'og:image:{side}" content="(\d+)"', head)[1]) for side in ("width", "height")]
    assert [int.from_bytes(content[at : at + 4]) for at in (16, 20)] == stated


def test_nothing_is_published_by_accident(site):
    """Hidden files, caches, and what pages include but readers do not open."""
    files = [path.relative_to(site.folder).as_posix() for path in site.folder.rglob("*") if path.is_file()]
    stray = [
        name for name in files if re.search(r"(^|/)(\.|__pycache__)|\.pyc$|^curriculum|^results/.*\.(md|json)$", name)
    ]
    assert not stray


@pytest.mark.parametrize("name", addresses())
def test_there_is_no_edit_link_without_a_repository(name, site):
    markup = site.file(name).read_text(encoding="utf-8")
    assert "edit/main" not in markup
    assert 'class="md-source"' not in markup
