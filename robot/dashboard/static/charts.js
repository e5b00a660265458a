// Small charts: shares with their intervals, each with its words beside it.

import { draw, make } from "./dom.js";
import { percent } from "./format.js";
import { t } from "./strings.js";

/** Return a list of lines { key, coverage }: name, a bar with the interval drawn over it, and the figures. */
export function shareChart(title, lines) {
  const said = (one) => `${one.key} ${one.coverage ? percent(one.coverage.value) : "–"}`;
  const rows = lines.map((one) => make("div", { class: "share-line" }, make("span", {}, one.key), bar(one.coverage), make("span", { class: "figure" }, figures(one.coverage))));
  return make("div", { class: "shares", role: "img", "aria-label": t("chart_label", { key: title, values: lines.map(said).join(", ") }) }, ...rows);
}

/** Return "88.1 % (84.6 % to 90.9 %)". */
export function figures(coverage) {
  if (!coverage) return "–";
  const { value, low, high } = coverage;
  return t("coverage_value", { value: percent(value), low: percent(low), high: percent(high) });
}

function bar(coverage) {
  const svg = draw("svg", { class: "share", viewBox: "0 0 1000 30", preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(draw("rect", { width: 1000, height: 30, class: "share-ground" }));
  if (!coverage) return svg;
  const x = (share) => share * 1000;
  svg.append(
    draw("rect", { width: x(coverage.value), height: 30, class: "share-value" }),
    draw("rect", { x: x(coverage.low), y: 11, width: Math.max(2, x(coverage.high) - x(coverage.low)), height: 8, class: "share-interval" }),
  );
  return svg;
}
