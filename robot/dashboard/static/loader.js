// Data that a page asks for again and again: it shows how old they are, and turns grey when none come.

import { byId, make, say } from "./dom.js";
import { ago } from "./format.js";
import { inEnglish } from "./faults_told.js";
import { t } from "./strings.js";
import { ask } from "./who.js";

/** Ask for `path()` every `every` s and call `draw(data)`; returns { note, reload, tick, leave }. */
export function loader(path, every, draw) {
  const note = make("p", { class: "as-of", role: "status" }, t("loading"));
  let cameAt = null;
  let why = "";
  let count = 0;

  async function reload() {
    const mine = ++count;
    const answer = await ask("GET", path());
    if (mine !== count) return; // a newer question is on its way
    why = answer.ok ? (answer.data.problem ?? "") : answer.why;
    if (answer.ok) {
      cameAt = performance.now();
      draw(answer.data);
    }
    tick();
  }

  function tick() {
    const seconds = cameAt === null ? null : (performance.now() - cameAt) / 1000;
    const old = seconds === null || seconds > 2 * every + 5;
    byId("main").classList.toggle("old", cameAt !== null && old);
    say(note, why ? t("cannot_load", { why }) : seconds === null ? t("loading") : ago(seconds));
    if (why) inEnglish(note);
    note.dataset.tone = why ? "bad" : "";
  }

  const timers = [setInterval(() => document.hidden || reload(), every * 1000), setInterval(tick, 1000)];
  reload();
  return { note, reload, tick, leave: () => timers.forEach(clearInterval) };
}

/** Return a table; `rows` are lists of texts or elements, the first cell names the row. */
export function table(caption, heads, rows) {
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const body = rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, first), ...rest.map((cell) => make("td", {}, cell))));
  const inside = make("table", {}, make("caption", { class: "unseen" }, caption), make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, inside);
}

/** Return a labelled choice in a line; `take(value)` hears of a new one. */
export function picker(id, label, options, chosen, take) {
  const items = options.map(([value, text]) => make("option", { value, selected: String(value) === String(chosen) }, text));
  return make("p", { class: "view" }, make("label", { for: id }, label), make("select", { id, onchange: ({ target }) => take(target.value) }, ...items));
}
