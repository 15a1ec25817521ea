// What the reader has done: kept in this browser only, under one key.
(() => {
  "use strict";
  const KEY = "lstm-guide";

  function read() {
    try {
      const data = JSON.parse(localStorage.getItem(KEY)) || {};
      return { done: data.done || {}, quiz: data.quiz || {} };
    } catch {
      return { done: {}, quiz: {} };
    }
  }

  function change(edit) {
    const data = read();
    edit(data);
    try {
      localStorage.setItem(KEY, JSON.stringify(data));
    } catch {
      // Storage is full or forbidden: the page works, but forgets.
    }
  }

  window.lstmGuide = { read, change };

  function element(tag, properties, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }
  window.lstmGuide.element = element;

  // The lesson's page: a button at its end.
  function addDoneButton(slug) {
    const button = element("button", { type: "button", className: "done__button" });
    const show = () => {
      const done = slug in read().done;
      button.setAttribute("aria-pressed", String(done));
      button.textContent = "Mark lesson as done";
    };
    button.addEventListener("click", () => {
      change((data) => {
        if (slug in data.done) delete data.done[slug];
        else data.done[slug] = new Date().toISOString().slice(0, 10);
      });
      show();
    });
    show();
    const note = element("span", { className: "done__note", textContent: "Kept in this browser only." });
    document.querySelector("article").append(element("div", { className: "done" }, button, note));
  }

  // The course map: a mark on each lesson that is done, and a bar.
  function showMap(map) {
    const written = Number(map.dataset.written);
    const count = element("span", { id: "map-count" });
    const bar = element("progress", { max: written });
    bar.setAttribute("aria-labelledby", "map-count");
    const reset = element("button", { type: "button", className: "map__reset", textContent: "Reset progress" });
    const head = element("div", { className: "map__progress" }, count, bar, reset);
    map.prepend(head);

    const show = () => {
      const { done, quiz } = read();
      let total = 0;
      for (const item of map.querySelectorAll("[data-lesson]")) {
        const marked = item.dataset.lesson in done;
        total += marked;
        item.querySelector(".map__done")?.remove();
        if (marked) item.append(element("span", { className: "map__done", textContent: "done" }));
      }
      count.textContent = `Lessons done: ${total} of ${written} available`;
      bar.value = total;
      reset.hidden = !Object.keys(done).length && !Object.keys(quiz).length;
    };
    reset.addEventListener("click", () => {
      if (!confirm("Forget which lessons are done, and all quiz answers?")) return;
      change((data) => Object.assign(data, { done: {}, quiz: {} }));
      show();
    });
    show();
  }

  const lesson = document.querySelector("[data-lesson].bar");
  if (lesson) addDoneButton(lesson.dataset.lesson);
  document.querySelectorAll("[data-map]").forEach(showMap);
})();
