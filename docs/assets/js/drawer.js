// Material opens the navigation drawer with a label, which takes no focus: make it a button for the keyboard.
(() => {
  "use strict";
  const opener = document.querySelector("label.md-header__button[for=__drawer]");
  const state = document.getElementById("__drawer");
  if (!opener || !state) return;
  opener.setAttribute("role", "button");
  opener.setAttribute("tabindex", "0");
  opener.setAttribute("aria-label", "Navigation");
  const tell = () => opener.setAttribute("aria-expanded", String(state.checked));
  const set = (open) => {
    if (state.checked !== open) state.click();
  };
  opener.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation(); // Material clicks a focused label on Enter, too
    set(!state.checked);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !state.checked) return;
    set(false);
    opener.focus();
  });
  state.addEventListener("change", tell);
  tell();
})();
