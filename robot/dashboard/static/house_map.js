// The house from above: each row as two bars, one a side, in the colour of how it stands; wide across, short along.

import { draw } from "./dom.js";

const PITCH_PX = 12;
const WIDE_PX = 960;
const ROW_PX = 150;
const EDGE = 26;
const PATH_PX = 26;

/** Return { x, y } that turn metres into the picture's own units, and its size. */
function scales(house) {
  const points = [...house.rows.flatMap((row) => [row.start, row.end]), ...house.paths.flatMap((path) => [path.start, path.end])];
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const upright = house.rows.some((row) => row.start[0] === row.end[0]);
  const lying = house.rows.some((row) => row.start[0] !== row.end[0]);
  const pitch = Math.min(...house.rows.map((row) => row.pitch));
  const longest = Math.max(...house.rows.map((row) => row.length));
  const span = Math.max(pitch, upright ? Math.max(...xs) - Math.min(...xs) : Math.max(...ys) - Math.min(...ys));
  const pitchPx = Math.min(Math.max(PITCH_PX, ((WIDE_PX - 2 * EDGE) * pitch) / span), 44);
  const [across, along] = [pitchPx / pitch, ROW_PX / longest];
  const [kx, ky] = [upright ? across : along, lying ? across : along];
  const [left, top] = [Math.min(...xs), Math.max(...ys)];
  return {
    x: (m) => (m - left) * kx + EDGE + pitchPx / 2,
    y: (m) => (top - m) * ky + EDGE,
    width: (Math.max(...xs) - left) * kx + 2 * EDGE + pitchPx,
    height: (top - Math.min(...ys)) * ky + 2 * EDGE,
    bar: pitchPx / 2 - 1,
  };
}

/** The pixels of one side of a row: [x0, y0, x1, y1]. */
function sideLine(scale, row, side) {
  const [x0, y0] = [scale.x(row.start[0]), scale.y(row.start[1])];
  const [x1, y1] = [scale.x(row.end[0]), scale.y(row.end[1])];
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const [dx, dy] = [(x1 - x0) / length, (y1 - y0) / length];
  // Seen along the row, left lies a quarter turn against the clock; on the screen y points down.
  const sign = side === "left" ? 1 : -1;
  const [ox, oy] = [(sign * dy * (scale.bar + 1)) / 2, (-sign * dx * (scale.bar + 1)) / 2];
  const gap = PATH_PX / 2;
  return [x0 + ox + dx * gap, y0 + oy + dy * gap, x1 + ox, y1 + oy];
}

function label(text, x, y, kind) {
  return draw("text", { x, y, class: kind, "text-anchor": "middle" }, text);
}

function rowMarks(scale, row, stateOf) {
  const marks = row.sides.map((one) => {
    const [x1, y1, x2, y2] = sideLine(scale, row, one.side);
    return draw("line", { x1, y1, x2, y2, "stroke-width": scale.bar, class: `side-bar ${stateOf(row, one)}` });
  });
  const [x, y] = [scale.x((row.start[0] + row.end[0]) / 2), scale.y((row.start[1] + row.end[1]) / 2)];
  if (row.blocked) marks.push(label("×", x, y + 5, "map-cross"));
  if (row.infected) marks.push(label("!", x, y + 5, "map-cross"));
  const number = row.name.match(/(\d+)$/)?.[1];
  if (number === undefined || Number(number) % 5 === 0 || Number(number) === 1) {
    const [dx, dy] = [Math.sign(row.end[0] - row.start[0]), Math.sign(row.start[1] - row.end[1])];
    marks.push(label(number ? String(Number(number)) : row.name, scale.x(row.end[0]) + dx * 14, scale.y(row.end[1]) + (dy < 0 ? -7 : dy > 0 ? 17 : 4), "map-label"));
  }
  return marks;
}

/** Return { root, cart(name, progress) }; `choose(row)` hears which row was touched. */
export function houseMap(house, stateOf, choose) {
  const scale = scales(house);
  const root = draw("svg", { class: "house-map", viewBox: `0 0 ${scale.width} ${scale.height}`, width: scale.width, height: scale.height, role: "img" });
  for (const path of house.paths) {
    const at = { x1: scale.x(path.start[0]), y1: scale.y(path.start[1]), x2: scale.x(path.end[0]), y2: scale.y(path.end[1]) };
    root.append(draw("line", { ...at, class: "map-path", "stroke-width": PATH_PX, "stroke-linecap": "square" }));
  }
  for (const row of house.rows) root.append(...rowMarks(scale, row, stateOf));
  for (const dock of house.docks) root.append(draw("rect", { x: scale.x(dock.at[0]) - 7, y: scale.y(dock.at[1]) - 7, width: 14, height: 14, rx: 3, class: "map-dock" }, draw("title", {}, dock.name)));
  const cart = draw("circle", { r: 8, class: "map-cart", visibility: "hidden" });
  root.append(cart);
  root.addEventListener("click", (event) => choose(nearest(root, scale, house.rows, event)));
  return {
    root,
    cart(name, progress) {
      const row = house.rows.find((one) => one.name === name);
      const known = row !== undefined && progress !== null;
      cart.setAttribute("visibility", known ? "visible" : "hidden");
      if (!known) return;
      cart.setAttribute("cx", scale.x(row.start[0] + progress * (row.end[0] - row.start[0])));
      cart.setAttribute("cy", scale.y(row.start[1] + progress * (row.end[1] - row.start[1])));
    },
  };
}

/** The row whose bar lies nearest to a touch: a glove needs no small target. */
function nearest(root, scale, rows, event) {
  const box = root.getBoundingClientRect();
  const [x, y] = [((event.clientX - box.left) * scale.width) / box.width, ((event.clientY - box.top) * scale.height) / box.height];
  const far = (row) => {
    const [x0, y0, x1, y1] = [scale.x(row.start[0]), scale.y(row.start[1]), scale.x(row.end[0]), scale.y(row.end[1])];
    const share = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2 || 1);
    const at = Math.min(Math.max(share, 0), 1);
    return Math.hypot(x - x0 - at * (x1 - x0), y - y0 - at * (y1 - y0));
  };
  return rows.reduce((best, row) => (far(row) < far(best) ? row : best), rows[0]);
}
