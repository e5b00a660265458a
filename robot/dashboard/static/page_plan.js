// Plan: the order of the day and why, what would become of it if, and what the robot itself is told.

import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { sureButton } from "./forms.js";
import { hour, number, soon } from "./format.js";
import { inEnglish } from "./faults_told.js";
import { loader, table } from "./loader.js";
import { news } from "./news.js";
import { MissionCard } from "./mission_card.js";
import { planList } from "./plan_list.js";
import { t, told } from "./strings.js";
import { ask, may } from "./who.js";

const EVERY_S = 30;

export function page() {
  const card = new MissionCard();
  const sentence = make("p", { class: "day-sentence" });
  const would = make("p", { class: "note", role: "status" });
  const lists = make("div", { class: "two" });
  const out = make("div", {});
  const own = make("section", { class: "card", hidden: true });
  const alone = make("p", { class: "card quiet" }, t("plan_alone"));
  const reset = make("button", { type: "button", class: "plain", hidden: true, onclick: () => forget() }, t("plan_reset"));
  let now = null;
  let shown = null;
  let wish = { block: [], lose: [], orders: {} };

  const data = loader(() => "/api/v1/plan", EVERY_S, (next) => {
    now = next;
    if (!touched()) draw(next);
  });
  const touched = () => wish.block.length > 0 || Object.keys(wish.orders).length > 0;
  const free = () => may("operate");

  function forget() {
    wish = { block: [], lose: [], orders: {} };
    say(would, t("plan_same"));
    draw(now);
  }

  async function tryIt() {
    const answer = await ask("POST", "/api/v1/plan/what-if", wish);
    if (!answer.ok) return say(would, t("cannot_load", { why: answer.why }));
    say(would, compared(now, answer.data));
    draw(answer.data);
  }

  function move(robot, row, to) {
    const order = rowsOf(shown, robot).filter((one) => one !== row);
    order.splice(to, 0, row);
    wish.orders = { ...wish.orders, [robot]: order };
    tryIt().then(() => lists.querySelector(`[data-row="${CSS.escape(row)}"] button:not([disabled])`)?.focus());
  }

  function skip(row, off = true) {
    wish.block = off ? [...wish.block, row] : wish.block.filter((one) => one !== row);
    touched() ? tryIt() : forget();
  }

  function draw(plan) {
    shown = plan;
    reset.hidden = !touched();
    say(sentence, plan.visits.length ? t("plan_sentence", { visits: plan.visits.length, time: soon(plan.finish), left: plan.left_out.length + wish.block.length, musts: plan.must_missed.length }) : plan.problem ? "" : t("plan_nothing"));
    lists.replaceChildren(
      ...plan.robots.map((robot) => {
        const visits = plan.visits.filter((one) => one.robot === robot);
        const made = planList(visits, free(), { move: (row, to) => move(robot, row, to), skip, acts: orders });
        made.querySelectorAll("li").forEach((item, i) => (item.dataset.row = visits[i].row));
        return make("section", { class: "card" }, make("h2", {}, t("plan_order", { robot })), made);
      }),
    );
    out.replaceChildren(...leftOut(plan));
  }

  function leftOut(plan) {
    const rows = [...wish.block.map((row) => [row, true]), ...plan.left_out.map((row) => [row, false])];
    if (!rows.length) return [];
    const items = rows.map(([row, ours]) => make("li", {}, make("strong", {}, row), ours ? make("button", { type: "button", class: "small", onclick: () => skip(row, false) }, t("plan_back")) : null, ours ? tell("block_row", row, "plan_block") : tell("pin_row", row, "plan_pin")));
    return [make("section", { class: "card" }, make("h2", {}, t("plan_left_out")), make("ul", { class: "left-out" }, ...items))];
  }

  const orders = (visit) => [tell("pin_row", visit.row, "plan_pin")].filter(Boolean);

  /** A button that tells the robot; only where it follows a mission of its own. */
  function tell(name, row, key) {
    if (!free() || !news().snapshot?.mission) return null;
    const act = async () => {
      const why = await command(name, { text: row });
      say(would, why === null ? t("plan_told", { what: `${t(key)}, ${row}` }) : t("command_failed", { name: t(key), why }));
    };
    return make("button", { type: "button", class: "small", "aria-label": t(`${key}_row`, { row }), onclick: act }, t(key));
  }

  function show(told_now) {
    card.show(told_now);
    const mission = told_now.snapshot?.mission ?? null;
    alone.hidden = mission !== null;
    own.hidden = mission === null;
    if (mission) drawOwn(own, mission);
  }

  return {
    layout: "roomy",
    show,
    leave: data.leave,
    parts: [
      make("section", { class: "card" }, sentence, data.note, make("p", { class: "quiet" }, t(free() ? "plan_about" : "plan_viewer")), would, reset),
      card.root, own, alone, lists, out,
    ],
  };
}

const rowsOf = (plan, robot) => plan.visits.filter((one) => one.robot === robot).map((one) => one.row);

/** Say what a changed plan would mean beside the present one. */
function compared(before, after) {
  const [old, rows] = [before, after].map((plan) => new Set(plan.visits.map((one) => one.row)));
  const lost = [...old].filter((row) => !rows.has(row)).length;
  const won = [...rows].filter((row) => !old.has(row)).length;
  const flowers = (plan) => plan.visits.reduce((sum, one) => sum + one.flowers, 0);
  const change = flowers(after) - flowers(before);
  const times = { time: after.finish === null ? "–" : soon(after.finish), before: before.finish === null ? "–" : soon(before.finish) };
  return t("plan_would", { ...times, lost, won, change: `${change > 0 ? "+" : ""}${number(change)}` });
}

function drawOwn(root, mission) {
  const key = JSON.stringify(mission.stops.map((stop) => [stop.row, stop.kind, stop.state, Math.round(stop.start_in_s / 60)]));
  if (root.dataset.key === key) return;
  root.dataset.key = key;
  const wall = (s) => hour(Date.now() / 1000 + s);
  const rows = mission.stops.map((stop) => [
    stop.row || told("stop_kind", stop.kind),
    told("stop_state", stop.state),
    t("plan_visit", { start: wall(stop.start_in_s), end: wall(stop.end_in_s) }),
    stop.infected ? t("plan_why_infected") : stop.must ? t("plan_why_must") : "",
  ]);
  const end = may("operate") ? sureButton(t("plan_end_day"), t("plan_end_sure"), () => command("end_day")) : "";
  const heads = ["row", "state", "time", "why"].map((name) => t(`column_${name}`));
  const stops = rows.length ? table(t("plan_robots_own"), heads, rows) : "";
  root.replaceChildren(make("h2", {}, t("plan_robots_own")), inEnglish(make("p", {}, mission.why)), stops, end);
}
