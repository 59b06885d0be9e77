// Runs before the first paint so that a page kept dark does not flash white. state/theme.ts takes over from here.
(() => {
  let kept = null;
  try { kept = localStorage.getItem("bathyscope.theme"); } catch { /* storage is blocked: follow the system */ }
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
