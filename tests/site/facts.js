// What a page says of itself, in one trip to the browser.
async () => {
  await document.fonts.ready;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const source = (image) => image.src.slice(0, 100);
  const key = (meta) => meta.getAttribute("name") || meta.getAttribute("property");
  const isTypeset = (node) => node.querySelector(".katex") && !node.querySelector(".katex-error");
  const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const prose = document.querySelector("article").cloneNode(true);
  prose.querySelectorAll("pre, code, .katex, script, style").forEach((node) => node.remove());
  return {
    title: document.title,
    lang: document.documentElement.lang,
    metas: Object.fromEntries(all("meta[name], meta[property]").map((meta) => [key(meta), meta.content])),
    h1: all("h1").filter((node) => node.checkVisibility()).length,
    noAlt: all("img").filter((image) => !image.alt.trim()).map(source),
    broken: all("img").filter((image) => image.complete && !image.naturalWidth).map(source),
    unnamed: all("svg[role=img]").filter((svg) => !svg.ariaLabel?.trim()).length,
    untypeset: all(".arithmatex").filter((node) => !isTypeset(node)).map((node) => node.textContent),
    prose: prose.textContent,
    // The search index comes in the background and has a limit of its own
    bytes: loaded.filter((entry) => !entry.name.endsWith('search_index.json'))
      .reduce((sum, entry) => sum + entry.decodedBodySize, 0),
  };
}
