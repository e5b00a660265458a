// Row: one row metre by metre, its flowers with what became of each, and its earlier passes.

import { draw, make, say } from "./dom.js";
import { clock, metres, percent } from "./format.js";
import { loader, picker, table } from "./loader.js";
import { news } from "./news.js";
import { Evidence } from "./row_evidence.js";
import { t, told } from "./strings.js";
import { ask } from "./who.js";

const EVERY_S = 10;
const WIDTH = 1000;
const HEIGHT = 120;

export function page() {
  let name = new URLSearchParams(location.search).get("name") ?? "";
  const choice = make("div", { class: "choices" });
  const body = make("div", {});
  const strips = new Map();
  const path = () => `/api/v1/row?name=${encodeURIComponent(name)}`;
  const data = loader(path, EVERY_S, (row) => {
    const names = (row.names.includes(row.name) ? row.names : [row.name, ...row.names]).map((one) => [one, one]);
    if (!choice.contains(document.activeElement)) choice.replaceChildren(picker("row-name", t("choose_row"), names, row.name, take));
    drawRow(body, row, strips);
  });
  function take(next) {
    name = next;
    strips.clear();
    history.replaceState(null, "", `/row?name=${encodeURIComponent(name)}`);
    data.reload();
  }
  return { layout: "roomy", leave: data.leave, show: () => {}, parts: [make("section", { class: "card" }, choice, data.note), body] };
}

function drawRow(body, row, strips) {
  const parts = row.sides.map((side) => {
    if (!strips.has(side.side)) strips.set(side.side, new Strip(row.name, side.side));
    strips.get(side.side).show(side, row);
    return strips.get(side.side).root;
  });
  if (!parts.length && !row.problem) parts.push(make("p", { class: "card" }, t("row_never", { name: row.name })));
  if (row.sides.length) parts.push(passes(row));
  const same = parts.length === body.children.length && parts.every((part, i) => part === body.children[i] || part.textContent === body.children[i].textContent);
  if (!same) body.replaceChildren(...parts);
}

function passes(row) {
  const heads = ["time", "side", "ready", "treated", "missed"].map((key) => t(`column_${key}`));
  const lines = row.passes.map((one) => [clock(one.ended), t(`side_${one.side}`), String(one.ready), `${one.treated} (${percent(one.treated / one.ready)})`, String(one.missed)]);
  return make("section", { class: "card" }, make("h2", {}, t("row_passes")), table(t("row_passes"), heads, lines));
}

/** One side of the row: a strip of bars, a slider to choose a metre, and that metre's flowers. */
class Strip {
  constructor(name, side) {
    this.side = side;
    this.summary = make("p", {});
    this.again = make("p", { class: "quiet" });
    this.svg = draw("svg", { class: "strip tall", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
    this.marks = draw("g", {});
    this.choice = draw("rect", { class: "chosen", y: 0, height: HEIGHT, width: 0 });
    this.svg.append(this.choice, this.marks);
    this.slider = make("input", { type: "range", min: 0, step: 1, value: 0, class: "metre", "aria-label": `${t("row_map")}, ${t(`side_${side}`)}` });
    this.detail = make("div", { class: "metre-detail", "aria-live": "polite" }, make("p", { class: "quiet" }, t("row_touch")));
    this.table = make("details", {}, make("summary", {}, t("row_table")));
    this.head = make("p", { class: "scale" });
    this.root = make("section", { class: "card" }, make("h2", {}, t(`side_${side}`)), this.summary, this.again, this.svg, this.head, this.slider, legend(), this.detail, this.table);
    this.svg.addEventListener("click", (event) => this.touch(event));
    this.slider.addEventListener("input", () => this.choose(Number(this.slider.value)));
    this.table.addEventListener("toggle", () => this.fillTable());
    this.evidence = new Evidence();
    this.drawn = "";
  }

  show(side, row) {
    this.data = side;
    this.row = row;
    const share = percent(side.treated / side.ready);
    say(this.summary, t("row_sides_sum", { side: t(`side_${side.side}`), treated: side.treated, ready: side.ready, share, when: clock(side.ended) }));
    const past = side.due_from * 1000 < Date.now();
    say(this.again, t(past ? "row_is_due" : "row_due_again", { time: clock(side.due_from) }));
    this.head.replaceChildren(make("span", {}, metres(0)), make("span", {}, metres(row.length)));
    const key = JSON.stringify(side.metres);
    if (key === this.drawn) return;
    this.drawn = key;
    this.slider.max = side.metres.length - 1;
    const missed = side.ready - side.treated;
    this.svg.setAttribute("aria-label", t("row_strip_label", { side: t(`side_${side.side}`), name: row.name, treated: side.treated, missed, length: metres(row.length) }));
    this.drawBars(side.metres);
    if (this.table.open) this.fillTable();
  }

  drawBars(all) {
    const sum = (one) => one.ready + total(one.left);
    const most = Math.max(4, ...all.map(sum));
    const step = WIDTH / all.length;
    const bars = all.flatMap((one, i) => {
      let y = HEIGHT;
      return [["treated", one.treated], ["missed", total(one.missed)], ["spared", total(one.left)]].map(([kind, count]) => {
        const height = (HEIGHT * count) / most;
        y -= height;
        return height > 0 ? draw("rect", { class: kind, x: (i + 0.08) * step, y, width: 0.84 * step, height }) : null;
      });
    });
    this.marks.replaceChildren(...bars.filter(Boolean));
  }

  touch(event) {
    const box = this.svg.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * this.data.metres.length);
    this.slider.value = place;
    this.choose(Math.min(Math.max(place, 0), this.data.metres.length - 1));
  }

  async choose(place) {
    const { session, side, metres: all } = this.data;
    const one = all[place];
    const step = WIDTH / all.length;
    this.choice.setAttribute("x", place * step);
    this.choice.setAttribute("width", step);
    this.slider.setAttribute("aria-valuetext", metres(one.start));
    const asked = (this.asked = (this.asked ?? 0) + 1);
    const where = `session=${session}&side=${side}&start=${one.start}&end=${one.end}`;
    const answer = await ask("GET", `/api/v1/flowers?${where}`);
    if (asked !== this.asked) return;
    const said = { from: metres(one.start, 1), to: metres(one.end, 1), ready: one.ready, treated: one.treated, missed: total(one.missed) };
    const parts = [make("p", { class: "figure" }, t("row_metre", said))];
    for (const [key, counts] of [["row_missed_why", one.missed], ["row_left_why", one.left]]) if (total(counts)) parts.push(make("p", {}, t(key, { why: reasons(counts) })));
    const flowers = answer.ok ? answer.data.flowers : [];
    if (!answer.ok || answer.data.problem) parts.push(make("p", {}, t("cannot_load", { why: answer.why || answer.data.problem })));
    else parts.push(flowers.length ? make("ul", { class: "flowers" }, ...flowers.map(flowerLine)) : make("p", { class: "quiet" }, t("row_flowers_none")));
    this.detail.replaceChildren(...parts);
    if (flowers.length) this.detail.append(this.evidence.note);
    if (flowers.length) await this.evidence.show(where, this.detail, () => asked === this.asked);
  }

  fillTable() {
    if (!this.table.open || !this.data) return;
    const heads = [t("row_map"), t("column_ready"), t("column_treated"), t("column_missed"), t("column_why")];
    const lines = this.data.metres.filter((one) => one.ready).map((one) => [metres(one.start), String(one.ready), String(one.treated), String(total(one.missed)), reasons(one.missed)]);
    this.table.replaceChildren(this.table.firstElementChild, table(`${t("row_map")}, ${t(`side_${this.side}`)}`, heads, lines));
  }
}

const total = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);

const reasons = (counts) =>
  Object.entries(counts)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, count]) => `${count} × ${told("reason", reason)}`)
    .join(", ");

function flowerLine(one) {
  const what = one.reason === "treated" ? t("legend_treated") : told("reason", one.reason);
  const text = t("row_flower", { id: one.flower, s: metres(one.s, 2), h: metres(one.h, 2), what });
  const pulse = one.pulse === null ? "" : ` – ${t("row_pulse", { id: one.pulse, nozzle: one.nozzle, outcome: told("pulse", one.outcome ?? "waiting") })}`;
  return make("li", { class: one.reason === "treated" ? "good" : "", "data-flower": one.flower }, make("span", {}, text + pulse));
}

function legend() {
  const key = (kind, text) => make("li", {}, draw("svg", { viewBox: "0 0 20 20", class: "swatch strip-key", "aria-hidden": "true" }, draw("rect", { class: kind, x: 2, y: 2, width: 16, height: 16 })), text);
  return make("ul", { class: "legend" }, key("treated", t("treated")), key("missed", t("missed")), key("spared", t("key_waits")));
}
