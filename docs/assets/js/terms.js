// Glossary terms: the definition in a box under the pointer or the focus, until it leaves or Escape is pressed.
(() => {
  "use strict";
  const terms = document.querySelectorAll("article a.term[title]");
  if (!terms.length) return;
  const box = window.lstmGuide.element("div", { id: "term-box", className: "term-box", hidden: true });
  box.setAttribute("role", "tooltip");
  document.querySelector("article").append(box);
  let shown = null;
  let timer = 0;

  function show(term) {
    clearTimeout(timer);
    if (shown === term) return;
    hide();
    shown = term;
    term.setAttribute("aria-describedby", box.id);
    box.textContent = term.dataset.definition;
    box.hidden = false;
    const line = [...term.getClientRects()].at(-1); // a term may go on in the next line
    const page = document.documentElement;
    const left = Math.max(8, Math.min(line.left, page.clientWidth - box.offsetWidth - 8));
    const below = line.bottom + box.offsetHeight + 6 < innerHeight;
    const top = below ? line.bottom + 6 : line.top - box.offsetHeight - 6;
    const origin = box.offsetParent.getBoundingClientRect();
    box.style.left = `${left - origin.left}px`;
    box.style.top = `${top - origin.top}px`;
  }

  function hide() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    box.hidden = true;
  }

  // A moment to move the pointer from the term into the box
  const leave = () => { timer = setTimeout(hide, 200); };

  for (const term of terms) {
    term.dataset.definition = term.title;
    term.removeAttribute("title");
    term.addEventListener("pointerenter", () => show(term));
    term.addEventListener("pointerleave", leave);
    term.addEventListener("focus", () => show(term));
    term.addEventListener("blur", leave);
  }
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", leave);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();
