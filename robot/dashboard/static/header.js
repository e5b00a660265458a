// The head of every page: what the robot does, how old that is, who acted last, and STOP.

import { byId, say } from "./dom.js";
import { ago, duration } from "./format.js";
import { doing, isHeld } from "./faults_told.js";
import { rowSentence } from "./row.js";
import { StopBar } from "./stop.js";
import { t, told } from "./strings.js";
import { may, who } from "./who.js";

const TONES = { running: "good", holding: "warn", ready: "calm", starting: "calm", done: "calm", stopped: "bad", fault: "bad" };
const FORGET_S = 600; // what was pressed longer ago is for the audit log

export class Header {
  constructor() {
    this.stopBar = new StopBar();
    say(byId("stop-hint"), t("not_safety_short"));
  }

  show({ snapshot, age, stale, lineOpen, control }) {
    const unseen = who !== null && !may("look");
    document.body.classList.toggle("stale", stale);
    this.showMode(snapshot, stale, unseen);
    say(byId("age"), unseen ? "" : ago(age));
    say(byId("sentence"), unseen ? "" : sentence(snapshot, stale));
    this.showLast(snapshot, age ?? 0, stale);
    this.showBanner(snapshot, stale, unseen, lineOpen, control);
    this.stopBar.show(snapshot, age ?? 0, stale);
  }

  showMode(snapshot, stale, unseen) {
    const mode = unseen ? "unseen" : stale || !snapshot ? "unknown" : isHeld(snapshot) ? "holding" : snapshot.mode;
    say(byId("mode"), t(`mode_${mode}`));
    byId("mode").dataset.tone = TONES[mode] ?? "off";
  }

  showLast(snapshot, age, stale) {
    const last = stale ? null : snapshot?.last_command;
    const seconds = last ? last.age_s + age : Infinity;
    byId("last").hidden = seconds > FORGET_S;
    if (seconds > FORGET_S) return;
    const key = last.name.startsWith("set_") ? "last_value" : "last_command";
    const since = seconds < 100 ? t("seconds", { n: Math.floor(seconds) }) : duration(seconds);
    say(byId("last"), t(key, { who: nameOf(last.by), name: told("said", last.name), age: since }));
  }

  showBanner(snapshot, stale, unseen, lineOpen, control) {
    const key = unseen ? "sign_in_to_look" : !lineOpen ? "banner_page" : !control ? "banner_control" : "banner_silent";
    byId("banner").hidden = !stale || who === null;
    if (stale) say(byId("banner"), t(key));
    const why = snapshot?.recording_problem ?? "";
    byId("recording").hidden = !why;
    say(byId("recording"), why ? t("recording_problem", { why }) : "");
  }
}

/** One sentence: between two rows what the mission does and asks, else how the row stands. */
function sentence(snapshot, stale) {
  if (!snapshot || stale || snapshot.mode === "running") return rowSentence(snapshot, stale);
  const { mission, mode } = snapshot;
  if (!mission || !["ready", "done"].includes(mode)) return `${doing(snapshot)} ${rowSentence(snapshot, stale)}`;
  if (mission.phase === "off") return t("says_mission_off");
  const phase = t("says_mission", { phase: told("phase", mission.phase) });
  return mission.ask ? `${phase} ${t(`ask_${mission.ask.what}`, { row: mission.ask.row })}` : phase;
}

/** Return who pressed, in the person's language. */
export function nameOf(by) {
  if (who?.signed_in && by === who.name) return t("you");
  if (by.startsWith("token:")) return `${t("program")} ${by.slice(6)}`;
  if (by === "someone at the robot") return t("someone_here");
  if (by.startsWith("someone at ")) return t("someone_at", { address: by.slice(11) });
  return by;
}
