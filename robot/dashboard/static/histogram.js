// Histograms: how long the loop's work takes, and how old states are when they reach this browser.

import { draw, make, say } from "./dom.js";
import { t } from "./strings.js";

const BINS = 40;
const BIN_MS = 10;

export class Histogram {
  constructor() {
    this.counts = new Array(BINS).fill(0);
    this.words = make("p", { class: "quiet" });
    this.bars = this.counts.map((_, i) => draw("rect", { x: i * 25 + 1, width: 23, y: 100, height: 0, class: "share-value" }));
    const svg = draw("svg", { class: "histogram", viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" }, ...this.bars);
    const scale = make("p", { class: "scale" }, make("span", {}, "0 ms"), make("span", {}, `${BINS * BIN_MS}+ ms`));
    this.root = make("div", {}, svg, scale, this.words);
  }

  add(ms) {
    this.counts[Math.min(BINS - 1, Math.max(0, Math.floor(ms / BIN_MS)))] += 1;
  }

  show() {
    const most = Math.max(1, ...this.counts);
    this.counts.forEach((count, i) => {
      const height = (100 * count) / most;
      this.bars[i].setAttribute("height", height);
      this.bars[i].setAttribute("y", 100 - height);
    });
    say(this.words, t("histogram_label", { n: this.counts.reduce((a, b) => a + b, 0), usual: this.at(0.5), worst: this.at(0.99) }));
  }

  /** The upper edge of the bin that holds this share. */
  at(share) {
    const whole = this.counts.reduce((a, b) => a + b, 0);
    let sum = 0;
    const bin = this.counts.findIndex((count) => (sum += count) >= share * whole);
    return whole === 0 ? "–" : (bin + 1) * BIN_MS;
  }
}

/** Histograms of the loop's own times, one a name of `bins`, all over the same edges; the table of it is in each label. */
export function latencyCharts(root, bins, edges) {
  const key = JSON.stringify(bins);
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const ends = [...edges.map((edge) => `≤ ${edge}`), `> ${edges.at(-1)}`];
  const wide = 1000 / ends.length;
  const charts = Object.entries(bins).map(([name, counts]) => {
    const most = Math.max(1, ...counts);
    const told = counts.flatMap((count, i) => (count ? [`${ends[i]} ms: ${count}`] : [])).join(", ");
    const svg = draw("svg", { class: "histogram", viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", "aria-label": t("latency_label", { name: t(`step_${name}`), values: told || "–" }) });
    counts.forEach((count, i) => svg.append(draw("rect", { x: i * wide + 4, width: wide - 8, y: 100 - (100 * count) / most, height: (100 * count) / most, class: "share-value" })));
    const scale = make("p", { class: "scale bins", "aria-hidden": "true" }, ...ends.map((end) => make("span", {}, end)));
    return make("figure", { class: "latency" }, make("figcaption", {}, t(`step_${name}`)), svg, scale);
  });
  root.replaceChildren(...charts);
}
