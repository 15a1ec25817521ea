// Boxes that scroll sideways (figures, tables, code, formulas) can be reached with the keyboard,
// but only while there is something to scroll.
(() => {
  "use strict";
  const SELECTOR = ".figure, .md-typeset__scrollwrap, .md-typeset pre > code, .output pre, div.arithmatex";

  function update() {
    for (const box of document.querySelectorAll(SELECTOR)) {
      if (box.scrollWidth > box.clientWidth + 1) {
        box.tabIndex = 0;
      } else if (box.tabIndex === 0) {
        box.removeAttribute("tabindex");
      }
    }
  }

  window.addEventListener("load", update);
  window.addEventListener("resize", update);
  document.addEventListener("toggle", update, true);
  document.addEventListener("change", update);
})();
