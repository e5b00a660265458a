// Valve test: one dose from a named nozzle of a cart that stands, or from all of a side in turn, and what each one did.

import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { choice, form, tick } from "./forms.js";
import { number } from "./format.js";
import { table } from "./loader.js";
import { has, t, told } from "./strings.js";

const OVER = ["done", "cut_short", "not_fired", "refused", "maybe_fired"];
const WATCHED_MS = 120_000; // who has not tested for so long may stand elsewhere by now
const ANSWER_MS = 8_000;

/** Return { root, show, leave }; `show(snapshot, stale)` hears of every state; an old one says nothing of this moment. */
export function valvesCard() {
  const choices = make("div", {});
  const now = make("p", { class: "figure", role: "status" });
  const results = make("div", { class: "tests" });
  const seen = new Map(); // by side and nozzle, the newest first
  let offered = "";
  let drawn = "";
  let newest = null;
  let heard = () => {};
  let ended = false;
  let watched = 0;

  function show(snapshot, stale) {
    const state = snapshot.valve_test;
    root.hidden = !state;
    if (!state) return;
    offer(state.nozzles);
    const last = state.last;
    const key = last ? `${last.side} ${last.nozzle} ${(snapshot.time - last.age_s).toFixed(2)}` : null;
    if (last && OVER.includes(last.state)) {
      const name = `${last.side} ${last.nozzle}`;
      seen.delete(name);
      seen.set(name, last);
      heard(last, key !== newest);
      newest = key;
    }
    const busy = last && !OVER.includes(last.state);
    say(now, stale ? "" : busy ? `${nozzleOf(last)}: ${told("valve_state", last.state)}` : state.refused ? t("valve_not_now", { why: whyOf(state.refused) }) : "");
    draw();
  }

  function draw() {
    const key = JSON.stringify([...seen.values()].map((one) => ({ ...one, age_s: 0 })));
    if (key === drawn || !seen.size) return;
    drawn = key;
    const heads = [t("valve_nozzle"), t("valve_result"), t("valve_openings"), t("valve_pressure"), t("valve_lag")];
    results.replaceChildren(table(t("valve_test"), heads, [...seen.values()].reverse().map(line)));
  }

  /** The form changes only when there are other nozzles to choose from. */
  function offer(nozzles) {
    const key = JSON.stringify(nozzles);
    if (key === offered) return;
    offered = key;
    const side = choice("side", t("valve_side"), Object.keys(nozzles).map((one) => [one, t(`side_${one}`)]));
    const nozzle = choice("nozzle", t("valve_nozzle"), []);
    const fill = () => nozzle.lastChild.replaceChildren(make("option", { value: "all" }, t("valve_all")), ...nozzles[side.lastChild.value].map((one) => make("option", { value: one }, one)));
    side.lastChild.addEventListener("change", fill);
    fill();
    nozzle.lastChild.selectedIndex = 1;
    const watching = tick("watching", "yes", t("valve_watching"));
    watching.firstChild.required = true;
    const send = async ({ side: which, nozzle: chosen }) => {
      clearTimeout(watched);
      const why = await run(which, chosen === "all" ? nozzles[which] : [Number(chosen)]);
      watched = setTimeout(() => (watching.firstChild.checked = false), WATCHED_MS);
      return why;
    };
    choices.replaceChildren(form([side, nozzle, watching], t("valve_fire"), send));
  }

  /** Test these one after the other, until one is refused, stops or goes unanswered; resolves to why, or to null. */
  async function run(side, numbers) {
    ended = false;
    const end = make("button", { type: "button", class: "small", onclick: () => (ended = true) }, t("valve_end"));
    if (numbers.length > 1) choices.append(end);
    let why = null;
    for (const number of numbers) {
      const over = result(side, number);
      why = await command("test_valve", { value: number, text: side });
      const last = why === null ? await over : null;
      if (why === null && last === null) why = t("valve_silent");
      if (last && last.state !== "done" && last.state !== "cut_short" && numbers.length > 1) why = `${nozzleOf(last)}: ${whyOf(last.reason)}`;
      if (why !== null || ended) break;
    }
    end.remove();
    return why;
  }

  /** Resolve to the result of the next test of this nozzle, or to null when none comes. */
  function result(side, number) {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(null), ANSWER_MS);
      heard = (last, fresh) => {
        if (!fresh || last.side !== side || last.nozzle !== number) return;
        clearTimeout(late);
        heard = () => {};
        resolve(last);
      };
    });
  }

  const root = make("section", { class: "card", id: "valves" }, make("h2", {}, t("valve_test")), make("p", { class: "quiet" }, t("valve_about")), choices, now, results);
  return { root, show, leave: () => ((ended = true), clearTimeout(watched)) };
}

const nozzleOf = (one) => `${t(`side_${one.side}`)} ${one.nozzle}`;
const whyOf = (code) => (has(`refusal_${code}`) ? t(`refusal_${code}`) : told("reason", code));
const kpa = (value) => number(value ?? NaN);

function line(one) {
  const why = one.reason ? make("small", {}, whyOf(one.reason)) : null;
  const state = make("span", { class: "tested", "data-tone": one.state === "done" ? "done" : "bad" }, told("valve_state", one.state), why);
  const pressures = [one.pressure_before_kpa, one.pressure_lowest_kpa, one.pressure_after_kpa].map(kpa).join(" → ");
  const pressure = one.pressure_before_kpa === null ? "–" : `${pressures} kPa`;
  const opened = t("valve_opened", { n: one.openings, asked: one.asked, ms: number(one.open_ms) });
  return [nozzleOf(one), state, opened, pressure, one.lag_us === null ? "–" : `${number(one.lag_us / 1000, 1)} ms`];
}
