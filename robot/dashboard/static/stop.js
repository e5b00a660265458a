// The STOP button, what became of it, and the buttons that fit the mode and the person.

import { command } from "./commands.js";
import { byId, make, say } from "./dom.js";
import { number } from "./format.js";
import { prepareStop } from "./stop_button.js";
import { t } from "./strings.js";
import { may, who } from "./who.js";

const UNCONFIRMED_S = 1.0;
const RESUME_MS = 6000;
const BUTTONS = {
  running: ["pause"],
  ready: ["start"],
  stopped: ["resume", "release"],
  fault: ["resume", "release"],
  done: ["release"],
  starting: [],
};

// These faults go only when the robot is told where it stands; the mode table lets no release pass before.
const WANT_PLACE = ["position_unsure", "wheels_spin"];

export class StopBar {
  constructor() {
    this.note = byId("stop-note");
    this.acts = byId("acts");
    this.failed = "";
    this.resumeUntil = 0;
    this.offered = null;
    this.pressedAt = prepareStop(() => this.stop()); // performance.now() of a press not yet answered for
  }

  async stop() {
    this.pressedAt = performance.now();
    this.failed = "";
    this.resumeUntil = 0;
    this.tell(t("stop_sending"), "busy");
    const why = await command("stop");
    if (why !== null) {
      this.pressedAt = null; // it waits for no confirmation of its own any more
      this.failed = t("stop_failed", { why });
      this.tell(this.failed, "bad");
    } else if (!may("look")) {
      this.pressedAt = null; // its confirmation is in the state, which is not shown here
      this.tell(t("stop_taken"), "done");
    }
  }

  /** `age` is how old the snapshot is, in s. */
  show(snapshot, age, stale) {
    if (this.failed && snapshot?.stop?.confirmed_after_s !== null && !stale && snapshot?.mode === "stopped") this.failed = "";
    if (!this.failed && may("look")) this.tellStop(snapshot, age, stale);
    this.offer(stale ? null : snapshot);
    this.followResume(snapshot, age, stale);
  }

  tellStop(snapshot, age, stale) {
    const stop = snapshot?.stop ?? null;
    const waited = this.pressedAt === null ? null : (performance.now() - this.pressedAt) / 1000;
    const isOurs = stop !== null && (waited === null || stop.asked_age_s + age <= waited + 0.25);
    if (isOurs && stop.confirmed_after_s !== null) {
      this.pressedAt = null;
      const on = !stale && (snapshot.mode === "stopped" || snapshot.mode === "fault");
      this.tell(on ? t("stop_confirmed", { seconds: number(stop.confirmed_after_s, 2) }) : "", "done");
    } else if (waited !== null || isOurs) {
      const seconds = waited ?? stop.asked_age_s + age;
      const late = seconds > UNCONFIRMED_S;
      const key = late ? "stop_unconfirmed" : seconds > 0.2 ? "stop_waiting" : "stop_sending";
      this.tell(t(key, { seconds: number(seconds, late ? 0 : 1) }), late ? "bad" : "busy");
    } else {
      this.tell("", "");
    }
  }

  tell(text, tone) {
    say(this.note, text);
    byId("stop-hint").hidden = text !== "";
    this.note.dataset.tone = tone;
  }

  offer(snapshot) {
    const mode = snapshot?.mode ?? null;
    const wantsPlace = (snapshot?.faults ?? []).some((fault) => fault.present && WANT_PLACE.includes(fault.code));
    const key = `${mode} ${wantsPlace} ${who?.name} ${who?.rights} ${who?.set_up}`;
    if (key === this.offered) return;
    this.offered = key;
    this.acts.replaceChildren(...(may("operate") ? this.buttons(mode, wantsPlace) : signInParts(mode)));
  }

  buttons(mode, wantsPlace) {
    const names = BUTTONS[mode] ?? [];
    if (wantsPlace && names.includes("release")) return [make("p", { class: "waits" }, t("release_waits")), placeButton()];
    return names.map((name) => make("button", { type: "button", class: `act ${name}`, onclick: () => this.act(name) }, t(name)));
  }

  async act(name) {
    this.pressedAt = null;
    this.failed = "";
    const why = await command(name === "resume" ? "release" : name);
    if (why !== null) {
      this.failed = t("command_failed", { name: t(name), why });
      this.tell(this.failed, "bad");
    } else if (name === "resume") {
      this.resumeUntil = performance.now() + RESUME_MS;
      this.acts.replaceChildren(make("p", {}, t("resume_waiting")));
    }
  }

  /** After "release and go on": start once the robot is ready, and give up after a while. */
  followResume(snapshot, age, stale) {
    if (!this.resumeUntil || stale) return;
    const waited = RESUME_MS - (this.resumeUntil - performance.now());
    const last = snapshot?.last_command;
    if (last && last.name !== "release" && (last.age_s + age) * 1000 < waited) {
      this.resumeUntil = 0; // someone has asked for something else since
      this.offered = null;
    } else if (snapshot?.mode === "ready") {
      this.resumeUntil = 0;
      this.act("start");
    } else if (performance.now() > this.resumeUntil) {
      this.resumeUntil = 0;
      this.offered = null;
      this.failed = t("resume_given_up");
      this.tell(this.failed, "bad");
    }
  }
}

function placeButton() {
  const go = () => {
    if (!byId("setup")) return location.assign("/live#setup");
    byId("setup").open = true;
    const field = byId("field-set_position");
    field.scrollIntoView({ block: "center" });
    field.focus();
  };
  return make("button", { type: "button", class: "act place", onclick: go }, t("give_place"));
}

function signInParts(mode) {
  if (!who || (mode === null && may("look"))) return [];
  if (who.signed_in) return [make("p", { class: "waits" }, t("viewer_acts"))];
  const [path, text] = who.set_up ? ["/sign-in", t(may("look") ? "sign_in_to_act" : "sign_in")] : ["/setup", t("set_up")];
  return [make("a", { class: "act button", href: path }, text)];
}
