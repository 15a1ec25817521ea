"""The quiz: by keyboard, with feedback that is announced and remembered, and readable without JavaScript."""

import pytest
from playwright.sync_api import Locator, Page, expect
from site_axe import still, violations
from site_build import LESSON, lessons

FEEDBACK = ".quiz__feedback"


def items(page: Page) -> list[Locator]:
    return page.locator("[data-quiz] .quiz__item").all()


def verdicts(item: Locator) -> list[bool]:
    """Which choices are right, as the page itself says."""
    return [reason.get_attribute("data-right") == "true" for reason in item.locator(".quiz__reasons > li").all()]


def tab_to_quiz(page: Page) -> None:
    """From the quiz's heading, as a reader who followed the table of contents."""
    page.goto(page.url.partition("#")[0] + "#check-yourself")
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            return
    pytest.fail("five presses of Tab after the quiz's heading do not reach a choice")


def choose(page: Page, item: Locator, index: int) -> None:
    """Choose by arrow keys from wherever the focus is in the question."""
    radios = item.locator("input[type=radio]")
    focused = radios.evaluate_all("nodes => nodes.indexOf(document.activeElement)")
    if focused == index:
        page.keyboard.press("Space")
    for _ in range((index - focused) % radios.count()):
        page.keyboard.press("ArrowDown")
    expect(radios.nth(index)).to_be_checked()


def test_a_wrong_and_a_right_answer_by_keyboard(visit):
    page = visit(LESSON)
    tab_to_quiz(page)
    item = items(page)[0]
    right = verdicts(item)
    feedback = item.locator(FEEDBACK)
    expect(feedback).to_have_attribute("aria-live", "polite")
    expect(feedback).to_be_empty()

    choose(page, item, right.index(False))
    expect(feedback).to_contain_text("Wrong.")
    expect(feedback).to_be_visible()
    choose(page, item, right.index(True))
    expect(feedback).to_contain_text("Right.")
    expect(feedback).not_to_contain_text("Wrong.")
    expect(page.locator(".quiz__count")).to_have_text(
        f"1 of {len(items(page))} right, {len(items(page)) - 1} still open"
    )

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "summary", "the model answer comes next"
    page.keyboard.press("Enter")
    expect(item.locator(".quiz__reasons")).to_be_visible()


def test_every_choice_gets_its_own_reason(visit):
    page = visit(LESSON)
    for item in items(page):
        reasons = item.locator(".quiz__reasons > li").all_text_contents()
        assert verdicts(item).count(True) == 1
        for index, reason in enumerate(reasons):
            item.locator("label").nth(index).click()
            expect(item.locator(FEEDBACK)).to_have_text(reason)
    expect(page.locator(".quiz__count")).to_contain_text("0 still open")


def test_answers_survive_a_reload_and_can_be_cleared(visit):
    page = visit(LESSON)
    item = items(page)[0]
    item.locator("label").nth(verdicts(item).index(False)).click()
    feedback = item.locator(FEEDBACK).text_content()
    page.reload()
    item = items(page)[0]
    expect(item.locator("input").nth(verdicts(item).index(False))).to_be_checked()
    expect(item.locator(FEEDBACK)).to_have_text(feedback)

    again = page.get_by_role("button", name="Clear answers")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-quiz] input:checked")).to_have_count(0)
    expect(item.locator(FEEDBACK)).to_be_empty()
    page.reload()
    expect(page.locator("[data-quiz] input:checked")).to_have_count(0)


def test_an_answer_to_a_question_that_changed_is_forgotten(visit):
    page = visit(LESSON)
    items(page)[0].locator("label").first.click()
    page.evaluate("""() => {
      const data = JSON.parse(localStorage.getItem("lstm-guide"));
      for (const answers of Object.values(data.quiz)) answers["quiz-1"] = 99;
      localStorage.setItem("lstm-guide", JSON.stringify(data));
    }""")
    page.reload()
    expect(page.locator("[data-quiz] input:checked")).to_have_count(0)
    expect(page.locator(".quiz__count")).to_contain_text(f"{len(items(page))} still open")


def test_an_answered_quiz_is_accessible(visit):
    page = visit(LESSON)
    first, second = items(page)[:2]
    first.locator("label").nth(verdicts(first).index(False)).click()
    second.locator("label").nth(verdicts(second).index(True)).click()
    still(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "(dark) => (document.body.dataset.mdColorScheme === 'slate') === dark", arg=scheme == "dark"
        )
        assert not violations(page, within="[data-quiz]")


@pytest.mark.parametrize("name", lessons())
def test_the_quiz_can_be_read_without_javascript(name, visit):
    page = visit(name, java_script_enabled=False)
    assert items(page)
    for item in items(page):
        expect(item.locator(".quiz__ask")).to_be_visible()
        assert item.locator(".quiz__choice").count() == len(verdicts(item)) >= 2
        for choice in item.locator(".quiz__choice").all():
            expect(choice).to_be_visible()
            assert choice.text_content().strip()
        item.locator("summary").click()
        expect(item.locator(".quiz__answer > p").first).to_be_visible()
        for reason in item.locator(".quiz__reasons > li").all():
            expect(reason).to_be_visible()
    expect(page.locator("[data-quiz] input")).to_have_count(0)
