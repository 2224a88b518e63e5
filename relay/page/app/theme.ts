// Before anything is painted, so that nothing flashes in the other theme.
try {
  const theme = localStorage.getItem("laneway.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
} catch {
  // Storage is off: the system's theme it is.
}
