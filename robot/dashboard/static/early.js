// Runs before anything else loads: the language, the colours, and a STOP that waits for no module.
(() => {
  const root = document.documentElement;
  const kept = (name) => {
    try {
      return localStorage.getItem(`bombus-${name}`);
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const known = ["en", "nl", "es", "fr"];
  const asked = [kept("language"), ...navigator.languages].map((one) => (one ?? "").slice(0, 2).toLowerCase());
  root.lang = asked.find((one) => known.includes(one)) ?? "en";

  const night = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const theme = kept("theme");
    root.dataset.theme = theme === "dark" || theme === "light" ? theme : night.matches ? "dark" : "light";
  };
  night.addEventListener("change", paint);
  paint();
  for (const area of ["robot", "people", "faults", "pages", "work"]) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = `/static/words_${root.lang}_${area}.js`;
    document.head.append(link);
  }

  // pointerdown, not click: a glove that slides off the button still stops the robot.
  const stop = (event) => {
    if (root.dataset.stop === "taken" || !event.target.closest?.("#stop")) return;
    if (event.type === "click" && event.detail !== 0) return; // the pointer has stopped it already
    root.dataset.pressed = performance.now();
    fetch("/api/v1/stop", { method: "POST" }).catch(() => delete root.dataset.pressed);
  };
  document.addEventListener("pointerdown", stop);
  document.addEventListener("click", stop);
})();
