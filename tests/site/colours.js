// Mark one element for each way in which the page sets text: its colour, size and weight, on its ground, and for a
// link also its line and the colour around it. What these look like, all text looks like.
() => {
  document.querySelectorAll("[data-colours]").forEach((node) => node.removeAttribute("data-colours"));
  const grounds = new Map();
  const ground = (node) => {
    if (!node) return "";
    if (!grounds.has(node)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(node);
      const own = `${backgroundColor} ${backgroundImage} ${opacity};`;
      const clear = own === "rgba(0, 0, 0, 0) none 1;";
      grounds.set(node, ground(node.parentElement) + (clear ? "" : own));
    }
    return grounds.get(node);
  };
  const seen = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node.checkVisibility()) continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(node);
    const link = node.closest("a");
    const around = link ? [getComputedStyle(link).textDecorationLine, getComputedStyle(link.parentElement).color] : [];
    const look = [color, fontSize, fontWeight, textShadow, ...around, ground(node)].join();
    if (!seen.has(look)) (link || node).setAttribute("data-colours", seen.size);
    seen.add(look);
  }
  return seen.size;
}
