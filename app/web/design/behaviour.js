// What the components' scripts share. Events are heard at the document, so that what htmx swaps in
// works without being attached; `attach` is for elements that must be prepared when they appear.
const tenshu = (() => {
  const attached = [];

  const prepare = (root) => {
    for (const [selector, run] of attached) {
      if (root.matches?.(selector)) run(root);
      for (const element of root.querySelectorAll(selector)) run(element);
    }
  };

  // run(element) for every element of the selector, now and when htmx brings one
  const attach = (selector, run) => attached.push([selector, run]);

  // run(element, event) when something inside an element of the selector says `name`
  const listen = (name, selector, run) =>
    document.addEventListener(name, (event) => {
      const element = event.target.closest?.(selector);
      if (element) run(element, event);
    });

  // words come from the page in the viewer's language: data-word-<name>, {placeholders} in braces
  const words = (element, name, values = {}) =>
    (element.dataset[`word${name[0].toUpperCase()}${name.slice(1)}`] ?? "").replace(
      /\{(\w+)\}/g,
      (all, key) => values[key] ?? all,
    );

  document.addEventListener("DOMContentLoaded", () => prepare(document));
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) prepare(event.detail.elt);
  });

  return { attach, listen, words };
})();
