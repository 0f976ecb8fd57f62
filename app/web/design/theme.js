// Runs before the first paint, so that a dark page never flashes white.
// The choice belongs to this browser, not to the account: a screen in the sun stays light.
(() => {
  try {
    const theme = localStorage.getItem("theme");
    if (["light", "dark", "contrast"].includes(theme)) document.documentElement.dataset.theme = theme;
  } catch {
    // storage is switched off in this browser: the system's theme holds
  }
})();
