// What sticks out of the window and is not in a box that scrolls. Parts of drawings and formulas are judged
// by the drawing or the formula.
() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => ["auto", "scroll"].includes(getComputedStyle(node).overflowX);
  const label = (node) => {
    const name = [node.tagName.toLowerCase(), ...node.classList].join(".");
    return `${name} "${node.textContent.trim().slice(0, 40)}"`;
  };
  const inBox = (node) => {
    for (let box = node.parentElement; box && box !== document.body; box = box.parentElement) {
      if (scrolls(box)) return true;
    }
    return false;
  };
  const sticksOut = (node) => {
    const box = node.getBoundingClientRect();
    return box.width > 1 && (box.right > width + 1 || box.left < -1);
  };
  const out = [...document.querySelectorAll("article, article *, .md-footer *, .md-header")]
    .filter((node) => !node.parentElement.closest("svg, .katex") && node.checkVisibility())
    .filter((node) => sticksOut(node) && !inBox(node))
    .map((node) => `${label(node)} sticks out`);
  const total = document.documentElement.scrollWidth;
  return total > width ? [`the page is ${total} pixels wide`, ...out] : out;
}
