// Typeset what arithmatex marked: \( ... \) in a span, \[ ... \] in a div. Loaded only on pages with maths.
document.querySelectorAll(".arithmatex").forEach((node) => {
  const source = node.textContent.trim();
  const displayMode = source.startsWith("\\[");
  katex.render(source.slice(2, -2), node, { displayMode, throwOnError: false });
});
