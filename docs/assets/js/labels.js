// Material adds a navigation landmark to each code block as it comes into view; give each a name of its own.
(() => {
  "use strict";
  const blocks = [...document.querySelectorAll("article .highlight")];
  const name = (nav) => nav.setAttribute("aria-label", `Code block ${blocks.indexOf(nav.closest(".highlight")) + 1}`);
  const update = () => document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach(name);
  if (!blocks.length) return;
  new MutationObserver(update).observe(document.querySelector("article"), { childList: true, subtree: true });
  update();
})();
