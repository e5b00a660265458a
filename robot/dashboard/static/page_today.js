// Today: how the day stands in one sentence, the house, the climate's window, the time left, and every row-side.

import { draw, make, say } from "./dom.js";
import { clock, dayName, duration, hour, soon } from "./format.js";
import { houseMap } from "./house_map.js";
import { loader, table } from "./loader.js";
import { MissionCard } from "./mission_card.js";
import { news } from "./news.js";
import { t } from "./strings.js";

const EVERY_S = 10;
const FIRST_LINES = 12;
const EXACT_S = 60; // nobody plans a day to the minute
const ORDER = ["working", "late", "must", "due", "broken_off", "blocked", "treated", "no_entry"];

export function page() {
  const sentence = make("p", { class: "day-sentence" });
  const note = make("p", { class: "quiet", hidden: true }, t("day_no_house"));
  const share = make("div", {});
  const map = make("div", { class: "map", tabindex: "0", role: "region", "aria-label": t("map_title") });
  const window = make("section", { class: "card" });
  const finish = make("ul", { class: "plain-list" });
  const sides = make("div", {});
  const mission = new MissionCard();
  let house = null;
  let drawn = null;
  let drawnAt = "";
  let all = false;

  const data = loader(() => "/api/v1/today", EVERY_S, (next) => {
    house = next;
    drawHouse();
  });

  function drawHouse() {
    drawnAt = moment(news());
    const lines = sideLines(house);
    say(sentence, daySentence(house, lines));
    note.hidden = house.has_house;
    share.replaceChildren(shareBar(lines), legend(lines, house));
    drawn = house.rows.length ? houseMap(house, stateOf, (row) => location.assign(`/row?name=${encodeURIComponent(row.name)}`)) : null;
    if (drawn) {
      drawn.root.setAttribute("aria-label", t("map_label", { house: house.house, sentence: sentence.textContent }));
      map.replaceChildren(drawn.root);
    }
    window.replaceChildren(make("h2", {}, t("window_title")), ...windowParts(house));
    sides.replaceChildren(...sideTable(lines, all, () => ((all = true), drawHouse())));
    show(news());
  }

  function show(told) {
    const { snapshot, stale } = told;
    if (house && moment(told) !== drawnAt) return drawHouse(); // what is being worked has changed
    mission.show(told);
    const row = snapshot?.row;
    drawn?.cart(stale || !row ? "" : row.name, row?.progress ?? null);
    finish.replaceChildren(...finishLines(house, stale ? null : snapshot).map((text) => make("li", {}, text)));
  }

  return {
    layout: "roomy",
    show,
    leave: data.leave,
    parts: [
      make("section", { class: "card" }, sentence, data.note, share, note),
      mission.root,
      make("section", { class: "card" }, make("h2", {}, t("map_title")), map, make("p", { class: "quiet" }, t("map_about"))),
      make("div", { class: "two" }, window, make("section", { class: "card" }, make("h2", {}, t("finish_title")), finish, make("p", {}, make("a", { class: "button", href: "/live" }, t("to_live"))))),
      make("section", { class: "card" }, make("h2", {}, t("sides_title")), sides),
    ],
  };
}

/** What decides which row-sides are being worked. */
const moment = ({ snapshot, stale }) => `${stale} ${snapshot?.mode} ${snapshot?.row.name} ${JSON.stringify(snapshot?.mission?.rows ?? "")}`;

/** How a row-side stands, with what the robot itself knows of this moment before the ledger does. */
function stateOf(row, side) {
  const { snapshot, stale } = news();
  if (!stale && snapshot?.mission?.rows?.[row.name] === "blocked") return "blocked";
  const works = !stale && snapshot?.row.name === row.name && snapshot.mode === "running";
  return works ? "working" : side.state;
}

const sideLines = (house) =>
  house.rows
    .flatMap((row) => row.sides.map((side) => ({ row, side, state: stateOf(row, side) })))
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || (a.side.due_by ?? 0) - (b.side.due_by ?? 0));

function daySentence(house, lines) {
  if (!lines.length) return "";
  const open = lines.filter((one) => !["no_entry", "blocked"].includes(one.state));
  const treated = open.filter((one) => one.state === "treated").length;
  const late = open.filter((one) => one.state === "late").length;
  const parts = [t(treated === open.length ? "day_sentence_all" : "day_sentence", { treated, sides: open.length, due: open.length - treated })];
  if (late) parts.push(t("day_late", { late }));
  if (house.finish !== null && treated < open.length) parts.push(t("day_finish", { time: soon(house.finish) }));
  return parts.join(" ");
}

function counted(lines) {
  const counts = new Map(ORDER.map((state) => [state, 0]));
  for (const { state } of lines) counts.set(state, counts.get(state) + 1);
  return [...counts].filter(([, count]) => count > 0);
}

function shareBar(lines) {
  const bar = draw("svg", { class: "share-bar", viewBox: "0 0 1000 40", preserveAspectRatio: "none", "aria-hidden": "true" });
  let x = 0;
  for (const [state, count] of counted(lines).reverse()) {
    const width = (1000 * count) / lines.length;
    bar.append(draw("rect", { x, y: 0, width: Math.max(0, width - 2), height: 40, class: `side-fill ${state}` }));
    x += width;
  }
  return bar;
}

function swatch(kind) {
  return draw("svg", { viewBox: "0 0 20 20", class: "swatch", "aria-hidden": "true" }, draw("rect", { width: 20, height: 20, class: `side-fill ${kind}` }));
}

function legend(lines, house) {
  const items = counted(lines).reverse().map(([state, count]) => make("li", {}, swatch(state), `${count} ${t(`state_${state}`)}`));
  if (house.rows.some((row) => row.infected)) items.push(make("li", {}, make("strong", {}, "!"), t("infected")));
  return make("ul", { class: "legend" }, ...items);
}

function windowParts(house) {
  const { opens, closes, open, source } = house.window;
  const key = closes - opens >= 86400 ? "window_all_day" : open ? "window_open" : house.now < opens ? "window_before" : "window_after";
  const texts = { now: hour(house.now), opens: hour(opens), closes: hour(closes) };
  const bar = draw("svg", { class: "window-bar", viewBox: "0 0 1440 60", preserveAspectRatio: "none", role: "img", "aria-label": t("window_label", texts) });
  const midnight = new Date(house.now * 1000).setHours(0, 0, 0, 0) / 1000;
  const x = (wall) => (wall - midnight) / 60;
  bar.append(
    draw("rect", { x: 0, y: 18, width: 1440, height: 24, class: "window-day" }),
    draw("rect", { x: x(opens), y: 18, width: x(closes) - x(opens), height: 24, class: "window-open" }),
    draw("rect", { x: x(house.now) - 4, y: 4, width: 8, height: 52, class: "window-now" }),
  );
  const time = open ? hour(closes) : house.now < opens ? hour(opens) : hour(closes);
  return [
    make("p", { class: "figure" }, t(key, { time })),
    bar,
    make("p", { class: "scale" }, make("span", {}, "0:00"), make("span", {}, `${hour(opens)} – ${hour(closes)}`), make("span", {}, "24:00")),
    source === "none" ? make("p", { class: "quiet" }, t("window_hours")) : null,
  ].filter(Boolean);
}

function finishLines(house, snapshot) {
  const left = snapshot?.row.seconds_left ?? null;
  const row = left !== null && snapshot.mode === "running" ? t("finish_row", { time: duration(left) }) : t("finish_row_none");
  if (!house?.has_house) return [row];
  const whole = house.finish === null ? t("finish_house_none") : t("finish_house", { time: soon(house.finish), robots: house.robots });
  const off = snapshot?.mission?.prediction_error_s ?? null;
  const rows = off === null ? null : t("forecast_rows", { off: duration(off) });
  return [row, whole, rows, forecastLine(house.forecast)].filter(Boolean);
}

/** How far off the last forecast of a day's end was: the day of work that is over, or the one before. */
function forecastLine(forecast) {
  if (!forecast) return null;
  const off = forecast.came - forecast.told;
  const key = Math.abs(off) < EXACT_S ? "forecast_exact" : off > 0 ? "forecast_early" : "forecast_late";
  return t(key, { day: dayName(forecast.came), off: duration(Math.abs(off)), time: hour(forecast.came) });
}

function sideTable(lines, all, more) {
  const rows = lines.slice(0, all ? lines.length : FIRST_LINES).map(({ row, side, state }) => [
    make("a", { href: `/row?name=${encodeURIComponent(row.name)}` }, row.name),
    t(`side_${side.side}`),
    make("span", { class: "state" }, swatch(state), t(`state_${state}`)),
    side.last === null ? t("never_treated") : clock(side.last),
    side.due_by === null ? "–" : clock(side.due_by),
    side.ready === null ? "–" : `${side.treated} / ${side.ready}`,
  ]);
  const heads = ["row", "side", "state", "last", "due_by"].map((key) => t(`column_${key}`));
  const made = table(t("sides_title"), [...heads, `${t("column_treated")} / ${t("column_ready")}`], rows);
  const rest = make("button", { type: "button", class: "plain", onclick: more }, t("show_rest", { n: lines.length }));
  return all || lines.length <= FIRST_LINES ? [made] : [made, rest];
}
