// Runs before the first paint, so that a dark page never flashes white.
// The account's theme stands in the page already. A choice made in this browser goes before it: a
// screen in the sun stays light.
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (["light", "dark", "contrast"].includes(theme)) document.documentElement.dataset.theme = theme;
  } catch {
    // storage is switched off in this browser: the system's theme holds
  }
})();
