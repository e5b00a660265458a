// History: past runs, the journal, and tables to take away.

import { make } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { clock, moment } from "./format.js";
import { loader, picker, table } from "./loader.js";
import { t } from "./strings.js";

const EVERY_S = 15;
const TABLES = ["passes", "flowers", "pulses", "valve_tests", "journal"];

export function page() {
  const runs = make("div", {});
  const journal = make("ul", { class: "journal", tabindex: "0", "aria-label": t("journal_title") });
  const data = loader(() => "/api/v1/history", EVERY_S, ({ problem, sessions, journal: lines }) => {
    runs.replaceChildren(problem || sessions.length ? runTable(sessions) : make("p", {}, t("history_none")));
    journal.replaceChildren(...lines.map((line) => make("li", {}, make("time", {}, moment(line.wall)), " ", inEnglish(make("span", {}, line.text)), line.who ? ` (${line.who})` : "")));
  });
  return {
    layout: "roomy",
    leave: data.leave,
    show: () => {},
    parts: [
      make("section", { class: "card" }, make("h2", {}, t("history_title")), data.note, runs),
      make("section", { class: "card" }, make("h2", {}, t("take_away")), ...takeAway()),
      make("section", { class: "card" }, make("h2", {}, t("journal_title")), journal),
    ],
  };
}

function runTable(sessions) {
  const heads = ["row", "start", "end", "treated", "passed", "pulses"].map((key) => t(`history_${key}`));
  const rows = sessions.map((one) => {
    const flowers = Object.values(one.flowers).reduce((a, b) => a + b, 0);
    const treated = one.flowers.treated ?? 0;
    const end = one.ended === null ? t("history_running") : clock(one.ended);
    const name = make("a", { href: `/row?name=${encodeURIComponent(one.row)}` }, one.row);
    return [name, clock(one.started), end, String(treated), String(flowers - treated), String(one.pulses.done ?? 0)];
  });
  return table(t("history_title"), heads, rows);
}

function takeAway() {
  let days = 28;
  const links = make("div", { class: "downloads" });
  const draw = () =>
    links.replaceChildren(
      ...TABLES.flatMap((name) =>
        ["csv", "xlsx", "json"].map((form) =>
          make("a", { class: "button", href: `/api/v1/export/${name}?form=${form}&days=${days}`, download: "" }, `${t(`table_${name}`)} (${form.toUpperCase()})`),
        ),
      ),
    );
  const take = (value) => {
    days = Number(value);
    draw();
  };
  draw();
  const choice = picker("export-days", t("results_days"), [7, 28, 90, 365, 3660].map((n) => [n, t("days", { n })]), days, take);
  return [choice, links, make("p", { class: "quiet" }, t("export_about"))];
}
