// Quizzes: turns each list of choices into radio buttons, with feedback at once.
// The page is complete without this: choices, model answers and reasons are in its HTML.
(() => {
  "use strict";
  const { read, change, element } = window.lstmGuide;
  const items = [...document.querySelectorAll("[data-quiz] .quiz__item")];
  if (!items.length) return;

  const page = document.querySelector("[data-lesson].bar")?.dataset.lesson || location.pathname;
  const answers = read().quiz[page] || {};
  const count = element("span", { className: "quiz__count" });
  count.setAttribute("role", "status");
  const again = element("button", { type: "button", className: "quiz__again", textContent: "Clear answers" });

  const reasonOf = (item, index) => item.querySelectorAll(".quiz__reasons > li")[index];
  const isRight = (item, index) => reasonOf(item, index).dataset.right === "true";

  function upgrade(item) {
    item.querySelectorAll(".quiz__choice").forEach((choice, index) => {
      const radio = element("input", { type: "radio", name: item.id, value: String(index) });
      const text = element("span", { className: "quiz__text" }, ...choice.childNodes);
      choice.append(element("label", {}, radio, text));
      radio.addEventListener("change", () => answer(item, index));
    });
    const feedback = element("div", { className: "quiz__feedback" });
    feedback.setAttribute("aria-live", "polite");
    item.querySelector(".quiz__choices").after(feedback);
    item.classList.add("quiz__item--live");
  }

  function answer(item, index) {
    answers[item.id] = index;
    change((data) => { data.quiz[page] = answers; });
    show(item);
    showCount();
  }

  function show(item) {
    const index = answers[item.id];
    const radios = item.querySelectorAll("input[type=radio]");
    const feedback = item.querySelector(".quiz__feedback");
    const known = index !== undefined && index < radios.length;
    radios.forEach((radio, position) => {
      radio.checked = known && position === index;
      const state = radio.checked ? (isRight(item, index) ? "right" : "wrong") : "";
      radio.closest(".quiz__choice").dataset.state = state;
    });
    feedback.className = "quiz__feedback";
    feedback.replaceChildren();
    if (!known) return;
    feedback.classList.add(isRight(item, index) ? "quiz__feedback--right" : "quiz__feedback--wrong");
    feedback.append(...[...reasonOf(item, index).childNodes].map((node) => node.cloneNode(true)));
  }

  function showCount() {
    const given = items.filter((item) => answers[item.id] !== undefined);
    const right = given.filter((item) => isRight(item, answers[item.id]));
    count.textContent = `${right.length} of ${items.length} right, ${items.length - given.length} still open`;
    again.hidden = given.length === 0;
  }

  again.addEventListener("click", () => {
    for (const name of Object.keys(answers)) delete answers[name];
    change((data) => { delete data.quiz[page]; });
    items.forEach(show);
    showCount();
    items[0].querySelector("input").focus();
  });

  // An answer stored before a question was rewritten may point past its choices.
  for (const item of items) {
    if (!(answers[item.id] < item.querySelectorAll(".quiz__choice").length)) delete answers[item.id];
  }
  items.forEach(upgrade);
  items.forEach(show);
  const last = items[items.length - 1].closest("[data-quiz]");
  last.append(element("div", { className: "quiz__summary" }, count, again));
  showCount();
})();
