// Results: coverage with its interval and flowers a square metre, by week, cultivar and row; what people counted.

import { figures, shareChart } from "./charts.js";
import { make } from "./dom.js";
import { number, percent } from "./format.js";
import { loader, picker, table } from "./loader.js";
import { cropSection } from "./results_crop.js";
import { t, told } from "./strings.js";
import { weekChart } from "./week_chart.js";

const EVERY_S = 30;
const DAYS = [7, 28, 90, 365];

export function page() {
  let days = 28;
  const body = make("div", {});
  const rowsCard = make("div", {});
  const data = loader(() => `/api/v1/results?days=${days}`, EVERY_S, (next) => {
    body.replaceChildren(...parts(next));
    rowsCard.replaceChildren(...byRow(next.rows));
  });
  const take = (value) => {
    days = Number(value);
    data.reload();
    crop.reload();
  };
  const crop = cropSection(() => days);
  const choice = picker("days", t("results_days"), DAYS.map((n) => [n, t("days", { n })]), days, take);
  const leave = () => (data.leave(), crop.leave());
  return { layout: "roomy", leave, show: () => {}, parts: [make("section", { class: "card" }, choice, data.note), body, crop.root, rowsCard] };
}

function parts({ problem, total, weeks, cultivars }) {
  if (problem) return [];
  if (!total) return [make("p", { class: "card" }, t("results_none"))];
  return [
    make("div", { class: "two" }, sum(total), why(total)),
    make("section", { class: "card" }, make("h2", {}, t("results_weeks")), byWeek(weeks)),
    cultivars.length ? make("section", { class: "card" }, make("h2", {}, t("results_cultivars")), shareChart(t("column_cultivar"), cultivars), lines(cultivars, "results_cultivars", "column_cultivar")) : "",
  ];
}

function byRow(rows) {
  if (!rows.length) return [];
  return [make("section", { class: "card" }, make("h2", {}, t("results_rows")), shareChart(t("row"), rows.slice(0, 30)), lines(rows, "results_rows", "column_row"))];
}

function byWeek(weeks) {
  const series = { label: t("coverage"), colour: "state-working", values: weeks.map((one) => one.coverage) };
  return weekChart(t("coverage"), weeks.map((one) => one.key), [series], percent);
}

function sum(total) {
  const list = make("dl", {});
  const add = (key, value) => list.append(make("dt", {}, t(key)), make("dd", {}, value));
  add("coverage", figures(total.coverage));
  add("column_treated", `${total.treated} / ${total.open}`);
  add("per_area", total.per_m2 === null ? t("per_area_unknown") : number(total.per_m2, 1));
  add("results_passes", String(total.passes));
  return make("section", { class: "card" }, make("h2", {}, t("coverage")), list, make("p", { class: "quiet" }, t("coverage_about")));
}

function why(total) {
  const reasons = Object.entries(total.missed).sort((a, b) => b[1] - a[1]);
  const items = reasons.map(([reason, count]) => make("li", {}, `${count} × ${told("reason", reason)}`));
  return make("section", { class: "card" }, make("h2", {}, t("why_missed")), items.length ? make("ul", { class: "reasons" }, ...items) : make("p", {}, t("none_missed")));
}

function lines(rows, title, first) {
  const heads = [t(first), t("results_passes"), t("column_ready"), t("column_treated"), t("coverage"), t("per_area")];
  const cells = rows.map((one) => [one.key, String(one.passes), String(one.open), String(one.treated), figures(one.coverage), one.per_m2 === null ? "–" : number(one.per_m2, 1)]);
  return table(t(title), heads, cells);
}
