// How the row stands: a strip from the row's head to its end, and one sentence.

import { draw, make, say } from "./dom.js";
import { metres, speed } from "./format.js";
import { t } from "./strings.js";

const WIDTH = 1000;
const HEIGHT = 120;
const MIDDLE = HEIGHT / 2;
const TALLEST = 44;

/** Return one sentence that says how the row stands. */
export function rowSentence(snapshot, stale) {
  if (!snapshot || stale) return t("row_sentence_off");
  const { row, counts, mission } = snapshot;
  if (row.progress === null) return t("row_sentence_unknown", { name: row.name });
  const values = { name: row.name, done: Math.floor(row.progress * 100), ...counts, ready: counts.treated + counts.missed };
  const sentence = t(mission?.phase === "out" ? "row_sentence_out" : "row_sentence", values);
  const left = row.seconds_left;
  const goesOn = left !== null && snapshot.mode === "running" && left > 0;
  return goesOn ? `${sentence} ${t("row_sentence_left", { minutes: Math.ceil(left / 60) })}` : sentence;
}

export class RowCard {
  constructor(root) {
    this.root = root;
    this.title = make("span");
    this.place = make("span", { class: "figure" });
    this.speed = make("span", { class: "figure" });
    this.strip = draw("svg", { class: "strip", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", preserveAspectRatio: "none" });
    this.bars = draw("g");
    this.cart = draw("path", { class: "cart" });
    this.strip.append(draw("path", { class: "rail", d: `M0 ${MIDDLE}H${WIDTH}` }), this.bars, this.cart);
    this.head = make("span");
    this.end = make("span");
    root.replaceChildren(
      make("h2", {}, this.title, make("span", { class: "age card-age" })),
      make("p", { class: "figures" }, this.place, this.speed),
      this.strip,
      make("p", { class: "scale" }, this.head, this.end),
      make("ul", { class: "legend" }, key("treated"), key("missed"), make("li", {}, t("row_key"))),
    );
    this.drawn = "";
  }

  show(snapshot) {
    if (!snapshot) return;
    const { row, strip, counts } = snapshot;
    say(this.title, t("row_title", { name: row.name }));
    say(this.place, t("row_place", { s: metres(row.s, 1), length: metres(row.length) }));
    say(this.speed, t("row_speed", { speed: speed(row.speed), cruise: speed(row.cruise_speed) }));
    say(this.head, metres(0));
    say(this.end, metres(row.length));
    const label = { name: row.name, s: metres(row.s), length: metres(row.length), ...counts };
    this.strip.setAttribute("aria-label", t("strip_label", label));
    const x = row.progress === null ? null : row.progress * WIDTH;
    this.cart.setAttribute("d", x === null ? "" : `M${x} ${MIDDLE - 16}v32`);
    const strips = JSON.stringify(strip);
    if (strips !== this.drawn) {
      this.drawn = strips;
      this.drawBars(strip);
    }
  }

  drawBars(strip) {
    const sums = Object.keys(strip.treated).flatMap((side) => strip.treated[side].map((n, i) => n + (strip.missed[side]?.[i] ?? 0)));
    const most = Math.max(4, ...sums);
    const marks = [];
    for (const [side, sign] of [["left", -1], ["right", 1]]) {
      const treated = strip.treated[side] ?? [];
      const missed = strip.missed[side] ?? [];
      const step = WIDTH / Math.max(1, treated.length);
      for (let i = 0; i < treated.length; i++) {
        const done = (TALLEST * treated[i]) / most;
        const lost = (TALLEST * (missed[i] ?? 0)) / most;
        marks.push(...bar("treated", i * step, step, sign, 4, done), ...bar("missed", i * step, step, sign, 4 + done, lost));
      }
    }
    this.bars.replaceChildren(...marks);
  }
}

function key(kind) {
  const swatch = draw("svg", { viewBox: "0 0 20 20", class: "swatch strip-key", "aria-hidden": "true" });
  swatch.append(draw("rect", { class: kind, x: 4, y: kind === "treated" ? 2 : 8, width: 12, height: kind === "treated" ? 16 : 6 }));
  return make("li", {}, swatch, t(kind));
}

function bar(kind, x, step, sign, from, size) {
  if (size <= 0) return [];
  const height = Math.max(3, size);
  const y = sign < 0 ? MIDDLE - from - height : MIDDLE + from;
  return [draw("rect", { class: kind, x: x + 0.1 * step, y, width: 0.8 * step, height })];
}
