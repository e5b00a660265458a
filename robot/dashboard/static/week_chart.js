// A chart over weeks: points, a line through them, and a bar for each interval; its words stand beside it.

import { make } from "./dom.js";
import { t } from "./strings.js";
import uPlot from "./uplot.js";

const HEIGHT = 240;
const CAP = 5; // px to each side of an interval's ends

document.head.append(make("link", { rel: "stylesheet", href: "/static/uplot.css" }));

/** Chart `series`, each { label, colour, values: [{ value, low, high } or null] }, over `weeks`; `tell(value)` in words. */
export function weekChart(title, weeks, series, tell) {
  const words = series.map(({ label, values }) => `${label} ${values.map((one, i) => `${weeks[i]} ${one ? tell(one.value) : "–"}`).join(", ")}`);
  const plot = make("div", { class: "week-plot", role: "img", "aria-label": t("chart_weeks", { title, values: words.join("; ") }) });
  const keys = series.map(({ label, colour }) => make("li", { class: `key-${colour}` }, label));
  const watch = new ResizeObserver(() => draw());
  watch.observe(plot);
  let chart = null;

  function draw() {
    const width = plot.clientWidth;
    if (!width) return;
    if (chart) return chart.setSize({ width, height: HEIGHT });
    chart = new uPlot({ width, height: HEIGHT, ...look(plot, weeks, series, tell) }, data(weeks, series), plot);
  }

  return make("figure", { class: "week-chart" }, make("figcaption", {}, title), plot, series.length > 1 ? make("ul", { class: "legend" }, ...keys) : null);
}

const data = (weeks, series) => [weeks.map((_, i) => i), ...series.map(({ values }) => values.map((one) => one?.value ?? null))];

function look(plot, weeks, series, tell) {
  const style = getComputedStyle(plot);
  const paint = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: paint("ink"), grid: { stroke: paint("line"), width: 1 }, ticks: { stroke: paint("line"), width: 1 }, font: `14px ${style.fontFamily}` };
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-0.5, weeks.length - 0.5] }, y: { range: reach(series) } },
    axes: [
      { ...axis, splits: (chart) => shown(weeks, chart.width), values: (_, at) => at.map((i) => weeks[i]?.slice(5) ?? "") },
      { ...axis, size: 66, values: (_, at) => at.map(tell) },
    ],
    series: [{}, ...series.map(({ colour }) => ({ stroke: paint(colour), width: 3, spanGaps: true, points: { show: true, size: 9, fill: paint(colour) } }))],
    hooks: { draw: [(chart) => series.forEach((one, i) => intervals(chart, one, paint(one.colour), i - (series.length - 1) / 2))] },
  };
}

/** The weeks that are named below the axis: as many as there is room for. */
function shown(weeks, width) {
  const step = Math.max(1, Math.ceil((weeks.length * 52) / Math.max(1, width - 80)));
  return weeks.map((_, i) => i).filter((i) => i % step === 0);
}

/** The values' own range with their intervals; an interval far wider than the values' range runs out of the chart. */
function reach(series) {
  const all = series.flatMap(({ values }) => values).filter(Boolean);
  const values = all.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const widest = Math.max(2 * (most - least), 0.4 * most, 0.02);
  const ends = all.flatMap(({ value, low, high }) => [low ?? value, high ?? value]);
  const bottom = Math.max(Math.min(...ends), least - widest);
  const top = Math.min(Math.max(...ends), most + widest);
  const room = Math.max((top - bottom) * 0.08, 0.01);
  return [Math.max(0, bottom - room), top + room];
}

function intervals(chart, { values }, colour, aside) {
  const { ctx } = chart;
  const { left, top: upper, width, height } = chart.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, upper, width, height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  values.forEach((one, i) => {
    if (!one || one.low === null || one.high === null) return;
    const x = chart.valToPos(i, "x", true) + aside * 4 * devicePixelRatio;
    const [top, bottom] = [one.high, one.low].map((value) => chart.valToPos(value, "y", true));
    const cap = CAP * devicePixelRatio;
    ctx.beginPath();
    for (const [from, to] of [[[x, top], [x, bottom]], [[x - cap, top], [x + cap, top]], [[x - cap, bottom], [x + cap, bottom]]]) {
      ctx.moveTo(...from);
      ctx.lineTo(...to);
    }
    ctx.stroke();
  });
  ctx.restore();
}
