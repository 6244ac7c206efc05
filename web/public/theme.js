// Runs before the first paint, so that a chosen theme never flashes. A file of its own because the page allows no inline scripts.
try {
  const theme = localStorage.getItem("mediary.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked; the system's theme is then used.
}
