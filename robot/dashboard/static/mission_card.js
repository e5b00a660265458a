// What the day's mission does, what it waits for, and what it asks a person to do.

import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { hour } from "./format.js";
import { has, t, told } from "./strings.js";
import { may } from "./who.js";

export class MissionCard {
  constructor() {
    this.phase = make("p", { class: "figure" });
    this.wait = make("p", {});
    this.why = inEnglish(make("p", { class: "quiet" }));
    this.count = make("p", {});
    this.times = make("ul", { class: "plain-list" });
    this.ask = make("div", { class: "ask" });
    this.root = make("section", { class: "card", hidden: true }, make("h2", {}, t("mission_title")), this.phase, this.wait, this.why, this.count, this.ask, this.times);
    this.asked = "";
  }

  show({ snapshot, stale }) {
    const mission = snapshot?.mission ?? null;
    this.root.hidden = mission === null;
    if (mission === null) return;
    say(this.phase, told("phase", mission.phase));
    say(this.wait, waitText(mission.why_code));
    say(this.why, [mission.why, mission.problem].filter(Boolean).join(" "));
    const next = mission.stops.find((stop) => stop.state === "next");
    const then = next?.row ? ` ${t("mission_next", { row: next.row })}` : "";
    say(this.count, t("mission_does", { done: mission.rows_done, ahead: mission.rows_ahead }) + then);
    const times = [["mission_row_ends", mission.row_ends_in_s], ["mission_house_ends", mission.house_ends_in_s]];
    const ends = times.filter(([, s]) => s !== null && !stale).map(([key, s]) => t(key, { time: hour(Date.now() / 1000 + s) }));
    const wishes = mission.wishes.map((wish) => t(`mission_wish_${wish.kind}`, { row: wish.row, who: wish.who || "-", time: hour(wish.wall) }));
    const texts = [...ends, ...wishes];
    if (texts.join() !== this.times.dataset.texts) {
      this.times.dataset.texts = texts.join();
      this.times.replaceChildren(...texts.map((text) => make("li", {}, text)));
    }
    this.showAsk(stale ? null : mission.ask);
  }

  showAsk(ask) {
    const key = JSON.stringify([ask, may("operate")]);
    if (key === this.asked) return;
    this.asked = key;
    this.ask.replaceChildren(...(ask ? askParts(ask) : []));
  }
}

/** What a wait's code says in the person's language, with what to do; nothing for what is no wait. */
const waitText = (code) => (has(`wait_${code}`) ? t(`wait_${code}`) : "");

function askParts(ask) {
  const parts = [make("p", { class: "wanted" }, t(`ask_${ask.what}`, { row: ask.row }))];
  const refused = waitText(ask.refused_code);
  if (refused) parts.push(make("p", { class: "note", "data-tone": "bad" }, refused));
  if (ask.refused) parts.push(inEnglish(make("p", { class: "quiet" }, ask.refused)));
  if (!may("operate")) return parts;
  const note = make("p", { class: "note", role: "alert" });
  const tag = ask.tag === null ? null : make("input", { id: "tag", type: "number", inputmode: "numeric", min: 0, max: 100000 });
  const confirm = async () => {
    if (tag && !tag.value) return say(note, t("mission_tag_missing"));
    const why = await command("confirm", tag ? { value: Number(tag.value) } : {});
    say(note, why === null ? t("set_done") : t("command_failed", { name: t("mission_confirm"), why }));
  };
  if (tag) parts.push(make("label", { for: "tag" }, t("mission_tag")), tag);
  return [...parts, make("button", { type: "button", class: "main", onclick: confirm }, t("mission_confirm")), note];
}
