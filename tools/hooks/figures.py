"""Put the site's own SVG figures inline, so that their colours follow light and dark."""

import html
import logging
import posixpath
import re
import xml.etree.ElementTree as ET
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

log = logging.getLogger("mkdocs.hooks.figures")

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
IMAGE = re.compile(r"<img\b[^>]*\bsrc=[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
FOLDERS = ("results/", "assets/diagrams/")
PIXELS = {"pt": 96 / 72, "in": 96, "mm": 96 / 25.4, "cm": 96 / 2.54, "px": 1, "": 1}

ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)


def on_post_page(output, page, config):
    """Replace images in the finished page, after the search index was made: axis labels are no text."""
    count = 0

    def replace(match: re.Match) -> str:
        nonlocal count
        image = dict(ATTRIBUTE.findall(match[0]))
        path = local_figure(image.get("src", ""), page, config)
        if path is None:
            return match[0]
        alt = html.unescape(image.get("alt", "")).strip()
        if not alt:
            log.warning("%s: give the figure %s an alt text", page.file.src_uri, path.name)
        count += 1
        return inline(path, alt, f"fig{count}-")

    return IMAGE.sub(replace, output)


def local_figure(source: str, page, config) -> Path | None:
    """The file behind an image's address, if it is a figure of ours."""
    if not source.endswith(".svg") or ":" in source:
        return None
    uri = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.dest_uri), unquote(source)))
    path = Path(config.docs_dir) / uri
    return path if uri.startswith(FOLDERS) and path.is_file() else None


def inline(path: Path, alt: str, prefix: str) -> str:
    """The figure in a box of its own, which scrolls where the screen is narrower than the figure can be."""
    markup = prepared(path, path.stat().st_mtime)
    root = ET.fromstring(markup)
    width = natural_width(root)
    make_ids_unique(root, prefix)
    scope_styles(root, prefix)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.attrib.update({"id": f"{prefix}root", "role": "img", "aria-label": alt})
    root.set("style", f"--figure-width:{width:.0f}px;{root.get('style', '')}")
    return f'<span class="figure">{ET.tostring(root, encoding="unicode")}</span>'


@lru_cache(maxsize=256)
def prepared(path: Path, changed: float) -> bytes:
    """The file without what only other programs read: metadata, comments, titles of its own."""
    root = ET.fromstring(path.read_bytes())
    for tag in ("metadata", "title", "desc"):
        for child in root.findall(f"{{{SVG}}}{tag}"):
            root.remove(child)
    return ET.tostring(root)


def natural_width(root: ET.Element) -> float:
    """Width in CSS pixels."""
    match = re.fullmatch(r"([\d.]+)(pt|in|mm|cm|px|)", root.get("width", ""))
    if match:
        return float(match[1]) * PIXELS[match[2]]
    return float(root.get("viewBox", "0 0 640 0").split()[2])


def make_ids_unique(root: ET.Element, prefix: str) -> None:
    """Prefix each id and each reference to it, because a page holds several figures."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, prefix + value)
            elif name in ("href", f"{{{XLINK}}}href") and value.startswith("#"):
                element.set(name, "#" + prefix + value[1:])
            elif name in ("aria-labelledby", "aria-describedby"):
                element.set(name, " ".join(prefix + part for part in value.split()))
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{prefix}"))


def scope_styles(root: ET.Element, prefix: str) -> None:
    """Keep a figure's style sheet inside the figure; inline, it would apply to the whole page."""
    for style in root.iter(f"{{{SVG}}}style"):
        css = re.sub(r"/\*.*?\*/", "", style.text or "", flags=re.S).replace("url(#", f"url(#{prefix}")
        css = re.sub(r"#(?=[A-Za-z_][\w-]*\s*[{,])", f"#{prefix}", css)
        style.text = f"#{prefix}root{{{css}}}"
