// Fruit set and truss rate from what people counted, the robot's rows against control rows, and the form to count with.

import { figures } from "./charts.js";
import { make } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { choice, field, form, sureButton } from "./forms.js";
import { number, percent } from "./format.js";
import { loader, table } from "./loader.js";
import { t } from "./strings.js";
import { weekChart } from "./week_chart.js";
import { ask, may } from "./who.js";

const EVERY_S = 60;
const MOST_COUNTS = 40;
const arm = (control) => t(control ? "arm_control" : "arm_robot");

/** Return { root, reload, leave }: the section over the days that `days()` names. */
export function cropSection(days) {
  const body = make("div", {});
  const entry = make("div", {});
  let names = null;
  const data = loader(() => `/api/v1/crop?days=${days()}`, EVERY_S, (crop) => {
    body.replaceChildren(...parts(crop, data.reload, data.note));
    // A form that someone writes into stays as it is.
    if (may("operate") && String(crop.names) !== String(names)) entry.replaceChildren(countForm(crop.names, data.reload));
    names = crop.names;
  });
  body.append(make("section", { class: "card" }, make("h2", {}, t("crop_title")), data.note));
  return { root: make("div", {}, body, entry), reload: data.reload, leave: data.leave };
}

function parts(crop, reload, note) {
  if (!crop.counts.length) return [make("section", { class: "card" }, make("h2", {}, t("crop_title")), note, make("p", {}, t("crop_none")), make("p", { class: "quiet" }, t("crop_about")))];
  return [
    make("section", { class: "card" }, make("h2", {}, t("crop_title")), note, make("p", { class: "quiet" }, `${t("crop_about")} ${t("fruit_set_about")}`), weeks(crop.weeks, "fruit_set", t("crop_weeks"), percent)),
    make("section", { class: "card" }, make("h2", {}, t("truss_rate")), make("p", { class: "quiet" }, t("truss_rate_about")), weeks(crop.weeks, "truss_rate", t("crop_truss_weeks"), (one) => number(one, 2))),
    comparison(crop),
    make("section", { class: "card" }, make("h2", {}, t("crop_cultivars")), crop.cultivars.length ? lines("column_cultivar", crop.cultivars) : make("p", {}, t("crop_no_cultivars"))),
    make("section", { class: "card" }, make("h2", {}, t("crop_rows")), lines("column_row", crop.rows)),
    kept(crop.counts, reload),
  ];
}

/** A chart of one figure by week: the robot's rows, and control rows where there are some. */
function weeks(found, key, title, tell) {
  const names = [...new Set(found.map((one) => one.key))].sort();
  const series = [false, true].map((control) => ({
    label: arm(control),
    colour: control ? "state-must" : "state-working",
    values: names.map((name) => found.find((one) => one.key === name && one.control === control)?.[key] ?? null),
  }));
  const told = series.filter(({ values }) => values.some(Boolean));
  return told.length ? weekChart(title, names, told, tell) : make("p", {}, t("crop_not_enough"));
}

function comparison({ arms, difference, treated_in_control: spoilt, coverage_robot: coverage }) {
  const root = make("section", { class: "card" }, make("h2", {}, t("ab_title")));
  if (!difference) return root.append(make("p", {}, t("ab_none"))), root;
  const { value, low, high, robot_rows: robot, control_rows: control } = difference;
  const points = (one) => `${one > 0 ? "+" : ""}${number(one * 100, 1)}`;
  const list = make("dl", {});
  for (const one of arms) list.append(make("dt", {}, arm(one.control)), make("dd", {}, figures(one.fruit_set)));
  const said = low === null ? t("ab_value_few", { value: points(value) }) : t("ab_value", { value: points(value), low: points(low), high: points(high) });
  list.append(make("dt", {}, t("ab_difference")), make("dd", {}, said));
  root.append(
    list,
    make("p", { class: "quiet" }, t(low === null ? "ab_few" : "ab_holds", { robot, control })),
    make("p", { class: spoilt ? "problem" : "quiet" }, spoilt ? t("ab_spoilt", { n: spoilt }) : t("ab_clean", { coverage: coverage ? figures(coverage) : "–" })),
  );
  return root;
}

function lines(first, found) {
  const heads = [t(first), t("ab_title"), t("column_counted_rows"), t("column_flowers"), t("column_fruits"), t("fruit_set"), t("truss_rate")];
  const cells = found.map((one) => [one.key, arm(one.control), String(one.rows), String(one.flowers), String(one.fruits), figures(one.fruit_set), rate(one.truss_rate)]);
  return table(t("crop_title"), heads, cells);
}

function rate(one) {
  if (!one) return "–";
  const said = (value) => number(value, 2);
  return one.low === null ? said(one.value) : t("coverage_value", { value: said(one.value), low: said(one.low), high: said(one.high) });
}

function countForm(names, reload) {
  const today = new Date();
  const day = new Date(today - today.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
  const row = names.length ? choice("row", t("column_row"), names.map((name) => [name, name])) : field("row", t("column_row"), { maxlength: 80 });
  const many = { type: "number", min: 0, max: 100000, inputmode: "numeric", required: false };
  const fields = [
    field("day", t("count_day"), { type: "date", value: day, max: day }),
    row,
    field("flowers", t("count_flowers"), many),
    field("fruits", t("count_fruits"), many),
    field("truss", t("count_truss"), { type: "number", min: 0, max: 200, step: "0.1", inputmode: "decimal", required: false }),
  ];
  const keep = async ({ day, row, flowers, fruits, truss }) => {
    const body = { day, row, flowers: Number(flowers || 0), fruits: Number(fruits || 0), truss: truss === "" ? null : Number(truss) };
    const { ok, why } = await ask("POST", "/api/v1/crop/counts", body);
    if (ok) reload();
    return ok ? t("count_kept") : why;
  };
  return make("section", { class: "card", id: "count" }, make("h2", {}, t("count_title")), form(fields, t("count_add"), keep));
}

function kept(counts, reload) {
  const note = make("p", { class: "note", role: "alert" });
  const rows = counts.slice(0, MOST_COUNTS).map((one) => {
    const truss = one.truss === null ? "–" : number(one.truss, 1);
    const cells = [one.day, one.row, String(one.flowers), String(one.fruits), truss, one.who];
    return may("operate") ? [...cells, remover(one, note, reload)] : cells;
  });
  const heads = [t("count_day"), t("column_row"), t("column_flowers"), t("column_fruits"), t("column_truss"), t("counts_by"), ...(may("operate") ? [t("count_remove")] : [])];
  return make("details", { class: "card" }, make("summary", {}, t("kept_counts")), table(t("kept_counts"), heads, rows), note);
}

function remover(one, note, reload) {
  return sureButton(t("count_remove"), t("count_remove_sure", { row: one.row }), async () => {
    const { ok, why } = await ask("DELETE", `/api/v1/crop/counts/${one.id}`);
    if (ok) return reload();
    note.replaceChildren(why);
    inEnglish(note);
  });
}
