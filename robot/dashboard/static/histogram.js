// How old states are when they reach this browser: a histogram that fills while the page is open.

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
