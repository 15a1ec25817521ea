// A page's "Copy all code": its Python blocks in order, those that are marked as not run left out.
(() => {
  "use strict";
  const bar = document.querySelector(".bar[data-copy] .bar__buttons");
  if (!bar || !navigator.clipboard) return;

  function isSkipped(block) {
    let node = block.previousSibling;
    while (node && (node.nodeType === Node.COMMENT_NODE || !node.textContent.trim())) {
      if (node.nodeType === Node.COMMENT_NODE && node.data.includes("pytest.mark.skip")) return true;
      node = node.previousSibling;
    }
    return false;
  }

  const blocks = [...document.querySelectorAll("article .language-python.highlight")].filter((block) => !block.closest(".quiz"));
  if (!blocks.length) return;

  function allCode() {
    const texts = blocks.filter((block) => !isSkipped(block));
    return texts.map((block) => block.querySelector("code").textContent.trimEnd()).join("\n\n") + "\n";
  }

  const { element } = window.lstmGuide;
  const button = element("button", { type: "button", className: "bar__button", textContent: "Copy all code" });
  const status = element("span", { className: "bar__status" });
  status.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(allCode());
      status.textContent = "Copied";
    } catch {
      status.textContent = "The browser did not allow copying";
    }
    setTimeout(() => { status.textContent = ""; }, 4000);
  });
  bar.append(button, status);
})();
