"""The quiz fence: YAML in the page, HTML that is complete without JavaScript on the site.

    ```quiz
    - question: l05-q1
      ask: Which ...?
      choices:
        - text: ...
          why: ...
          right: true
        - text: ...
          why: ...
      answer: ...
    ```

assets/js/quiz.js adds the radio buttons and the feedback.
"""

import html
import re
from functools import cache

import markdown
import yaml
from mkdocs.exceptions import PluginError
from pymdownx.superfences import SuperFencesException

STATE = {"page": "", "count": 0}
TEXT_EXTENSIONS = ["pymdownx.superfences", "pymdownx.highlight", "pymdownx.inlinehilite", "pymdownx.arithmatex"]
TEXT_CONFIG = {"pymdownx.arithmatex": {"generic": True}, "pymdownx.highlight": {"pygments_lang_class": True}}


def on_config(config):
    """Register the fence with superfences."""
    fences = config.mdx_configs.setdefault("pymdownx.superfences", {}).setdefault("custom_fences", [])
    fences.append({"name": "quiz", "class": "quiz", "format": format_quiz})
    return config


def on_page_markdown(markdown, page, config, files):
    """Number questions page by page, and name the page in errors."""
    STATE.update(page=page.file.src_uri, count=0)
    return markdown


def on_page_content(html, page, config, files):
    """A question's link must lead to the heading that answers it."""
    for anchor in re.findall(r'data-question="([^"]+)"', html):
        if f'id="{anchor}"' not in html:
            raise PluginError(f"{page.file.src_uri}, quiz: no heading has the id {anchor!r}; add {{ #{anchor} }}")
    return html


def format_quiz(source, language, class_name, options, md, **kwargs) -> str:
    """Turn the fence into HTML, or stop the build with what to mend."""
    items = load(source)
    parts = []
    for position, item in enumerate(items, start=1):
        check(item, f"{STATE['page']}, quiz item {position}")
        STATE["count"] += 1
        parts.append(item_html(item, STATE["count"]))
    return f'<div class="quiz" data-quiz>{"".join(parts)}</div>'


def load(source: str) -> list:
    """The fence's YAML."""
    try:
        items = yaml.safe_load(source)
    except yaml.YAMLError as error:
        detail = " ".join(str(error).split())
        fail(f"{STATE['page']}, quiz", f"this is not YAML ({detail}); quote texts that hold ': ' or '#'")
    if not isinstance(items, list) or not items:
        fail(f"{STATE['page']}, quiz", "write a list: each item begins with '- question: l05-q1'")
    return items


def check(item, where: str) -> None:
    """Each item must be complete, with exactly one right choice."""
    if not isinstance(item, dict):
        fail(where, "write question, ask, choices and answer as keys")
    only(item, {"question", "ask", "choices", "answer"}, where)
    for key in ("question", "ask", "answer"):
        text(item, key, where)
    choices = item.get("choices")
    if not isinstance(choices, list) or len(choices) < 2:
        fail(where, "give two choices or more, each with text and why")
    for number, choice in enumerate(choices, start=1):
        check_choice(choice, f"{where}, choice {number}")
    right = sum(choice.get("right", False) for choice in choices)
    if right != 1:
        fail(where, f"mark exactly one choice 'right: true'; {right} are marked")


def check_choice(choice, where: str) -> None:
    if not isinstance(choice, dict):
        fail(where, "write text and why as keys")
    only(choice, {"text", "why", "right"}, where)
    text(choice, "text", where)
    text(choice, "why", where)
    if not isinstance(choice.get("right", False), bool):
        fail(where, "'right' is true or left out")


def only(mapping: dict, known: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in mapping if key not in known)
    if unknown:
        fail(where, f"remove {', '.join(unknown)}; the keys are {', '.join(sorted(known))}")


def text(mapping: dict, key: str, where: str) -> None:
    value = mapping.get(key)
    if not isinstance(value, str) or not value.strip():
        fail(where, f"add {key!r}, as text (in quotes if it is a number)")
    if re.search(r"\]\([^)]*\)", value):
        fail(where, f"take the link out of {key!r}; links in a quiz would not be checked")


def fail(where: str, what: str):
    raise SuperFencesException(f"{where}: {what}")


def item_html(item: dict, number: int) -> str:
    """A question with its choices, and the answers in a closed block."""
    name = f"quiz-{number}"
    choices = "".join(choice_html(choice) for choice in item["choices"])
    reasons = "".join(reason_html(choice) for choice in item["choices"])
    anchor = html.escape(item["question"], quote=True)
    return (
        f'<fieldset class="quiz__item" id="{name}" data-question="{anchor}" aria-labelledby="{name}-ask">'
        f'<div class="quiz__ask" id="{name}-ask"><span class="quiz__number">Question {number}</span>'
        f'{block(item["ask"])}</div><ol class="quiz__choices" type="A">{choices}</ol>'
        f'<details class="quiz__answer"><summary>Model answer</summary>{block(item["answer"])}'
        f'<ol class="quiz__reasons" type="A">{reasons}</ol>'
        f'<p><a href="#{anchor}">Read the section again</a></p></details></fieldset>'
    )


def choice_html(choice: dict) -> str:
    return f'<li class="quiz__choice">{inline(choice["text"])}</li>'


def reason_html(choice: dict) -> str:
    right = choice.get("right", False)
    verdict = "Right." if right else "Wrong."
    return f'<li data-right="{str(right).lower()}"><strong>{verdict}</strong> {inline(choice["why"])}</li>'


@cache
def converter() -> markdown.Markdown:
    """Not the page's own, which is busy with the page."""
    return markdown.Markdown(extensions=TEXT_EXTENSIONS, extension_configs=TEXT_CONFIG)


def block(source: str) -> str:
    """Markdown to HTML."""
    return converter().reset().convert(source.strip())


def inline(source: str) -> str:
    """A single paragraph without its tag, so that it fits into a label."""
    result = block(source)
    single = re.fullmatch(r"<p>(.*)</p>", result, re.S)
    return single[1] if single and "<p>" not in single[1] else result
