"""Show a frozen notebook as a page like any other: turn it into Markdown before MkDocs reads it.

mkdocs-jupyter recognises the notebooks and publishes them for download. Its own rendering is put aside,
so that headings, links, code, tables and search come from MkDocs' Markdown pipeline, checks included.
"""

import base64
import html
import json
import re
from datetime import date
from pathlib import Path

from curriculum import guide_for
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@event_priority(-100)
def on_pre_page(page, config, files):
    """Give the page its own render method back, after mkdocs-jupyter replaced it."""
    if page.file.src_uri.endswith(".ipynb"):
        page.__dict__.pop("render", None)
    return page


def on_page_read_source(page, config):
    """Markdown for a notebook, None for other pages."""
    if not page.file.src_uri.endswith(".ipynb"):
        return None
    path = Path(page.file.abs_src_path)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return to_markdown(notebook, path, guide_for(page.file.src_uri, config.docs_dir))


def to_markdown(notebook: dict, path: Path, guide=None) -> str:
    """The whole page: front matter, title, bar, cells."""
    cells = [part for cell in notebook["cells"] for part in cell_parts(cell, path)]
    body = "\n\n".join(part for part in cells if part.strip())
    title, body = split_title(body, path)
    meta = {"title": title, "description": description(notebook, body), "render_macros": False}
    meta["search"] = {"exclude": True}  # the page that the notebook belongs to says the same and is found
    return f"---\n{json.dumps(meta)}\n---\n\n# {title}\n\n{bar(notebook, path, guide)}\n\n{body}\n"


def split_title(body: str, path: Path) -> tuple[str, str]:
    """Take the first heading off the text; the bar goes between the two."""
    match = re.match(r"# +([^\n]+)\n", body)
    if not match:
        raise PluginError(f"{path.name}: the first cell must be Markdown that starts with '# Title'")
    return match[1].strip(), body[match.end() :].lstrip()


def description(notebook: dict, body: str) -> str:
    """The notebook's own description, or else its first paragraph."""
    given = notebook["metadata"].get("lstm_guide", {}).get("description")
    first = next((part for part in body.split("\n\n") if part[:1].isalpha()), "")
    text = given or re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*_]", r"\1", " ".join(first.split()))
    return text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + " ..."


def bar(notebook: dict, path: Path, guide) -> str:
    """Downloads and what the run was, under the title."""
    notebook_link = f'<a class="bar__button" href="{path.name}" download>Download notebook</a>'
    links = [notebook_link]
    if guide:
        script = Path(guide.script).name
        links.append(f'[Download script]({script}){{ .bar__button download="{script}" }}')
        if guide.has_page:
            links.append(f"[{guide.label}](../{guide.page}){{ .bar__button }}")
    run = run_line(notebook["metadata"].get("lstm_guide", {}))
    return f'<div class="bar" markdown="span">{run}<span class="bar__buttons">{" ".join(links)}</span></div>'


def run_line(meta: dict) -> str:
    """Seconds, machine, date and versions of the frozen run."""
    if not meta:
        return ""
    day = date.fromisoformat(str(meta["date"])[:10])
    versions = ", ".join(f"{name} {version}" for name, version in meta.get("versions", {}).items())
    machine = html.escape(meta["machine"])
    text = f"Ran in {meta['seconds']:.0f} s on {machine} on {day.day} {day:%B %Y}"
    return f'<span class="bar__facts">{text}{f" with {html.escape(versions)}" if versions else ""}</span>'


def cell_parts(cell: dict, path: Path) -> list[str]:
    """One cell as blocks of Markdown."""
    source = "".join(cell["source"]).strip("\n")
    if cell["cell_type"] == "markdown":
        return [source]
    if cell["cell_type"] != "code" or not source.strip():
        return []
    outputs = merge_streams(cell["outputs"])
    return [fence(source, "python"), *(output_part(output, source, path) for output in outputs)]


def fence(text: str, language: str) -> str:
    """A fence that is longer than any run of backticks in the text."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}"


def printed(text: str) -> str:
    """A block of output; hooks/outputs.py sets it apart from code."""
    return f"<!--output-->\n\n{fence(text, 'text')}"


def merge_streams(outputs: list[dict]) -> list[dict]:
    """Join pieces that were printed one after the other; leave warnings of libraries out."""
    merged: list[dict] = []
    for output in map(as_stream, outputs):
        if output.get("name") == "stderr":
            continue
        if output["output_type"] == "stream" and merged and merged[-1]["output_type"] == "stream":
            merged[-1] = {**output, "text": [*merged[-1]["text"], *output["text"]]}
        else:
            merged.append(output)
    return merged


def as_stream(output: dict) -> dict:
    """A reported number is shown as what it is in a script: one printed line."""
    kind = output.get("metadata", {}).get("lstm_guide", {}).get("kind")
    if kind != "value":
        return output
    return {"output_type": "stream", "name": "stdout", "text": [joined(output["data"]["text/plain"]) + "\n"]}


def output_part(output: dict, source: str, path: Path) -> str:
    """One output as Markdown; an error stops the build."""
    if output["output_type"] == "error":
        where = source.splitlines()[0]
        raise PluginError(
            f"{path.name}: the cell that begins {where!r} raised {output['ename']}: {output['evalue']}. "
            "Mend its script in experiments/ and run `make freeze`."
        )
    if output["output_type"] == "stream":
        text = ANSI.sub("", "".join(output["text"]))
        lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.rstrip().split("\n")]
        return printed("\n".join(lines)) if text.strip() else ""
    return rich_part({kind: joined(data) for kind, data in output["data"].items()}, output["metadata"], path)


def joined(data):
    """Notebooks store text as a list of lines."""
    return "".join(data) if isinstance(data, list) else data


def rich_part(data: dict, metadata: dict, path: Path) -> str:
    """A figure, table or any other rich output, by the best form that it offers."""
    named = metadata.get("lstm_guide", {})
    if "image/svg+xml" in data:
        return figure(data["image/svg+xml"], named, path)
    if "text/markdown" in data:
        return data["text/markdown"].strip()
    if "image/png" in data:
        return image("data:image/png;base64," + data["image/png"].replace("\n", ""), named)
    if "<table" in data.get("text/html", ""):
        return plain_table(data["text/html"])
    return printed(data["text/plain"]) if data.get("text/plain", "").strip() else ""


def figure(svg: str, named: dict, path: Path) -> str:
    """A named figure is the file that the freeze took out of it, which hooks/figures.py puts inline."""
    name = named.get("name", "")
    docs = path.parents[1]
    uri = f"results/{path.stem}/{name}.svg"
    if name and (docs / uri).is_file():
        return f"![{named['alt']}](../{uri})"
    return image("data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode(), named)


def image(source: str, named: dict) -> str:
    """An embedded picture."""
    alt = html.escape(named.get("alt", "Figure drawn by the code above"), quote=True)
    return f'<p><img loading="lazy" alt="{alt}" src="{source}"></p>'


def plain_table(markup: str) -> str:
    """A data frame's table without its style sheet and attributes."""
    table = re.search(r"<table.*?</table>", markup, re.S)[0]
    table = re.sub(r"<(table|thead|tbody|tr|th|td)\b[^>]*>", r"<\1>", table)
    table = table.replace("<th></th>", "<td></td>")  # an empty cell is no heading
    return "\n".join(line.strip() for line in table.splitlines() if line.strip())
