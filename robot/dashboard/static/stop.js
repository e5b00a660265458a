// The STOP button, what became of it, and the buttons that fit the mode.

import { command } from "./commands.js";
import { byId, make, say } from "./dom.js";
import { number } from "./format.js";
import { t } from "./strings.js";

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

export class StopBar {
  constructor() {
    this.button = byId("stop");
    this.note = byId("stop-note");
    this.acts = byId("acts");
    this.pressedAt = null; // performance.now() of a press that is not yet answered for
    this.failed = "";
    this.resumeUntil = 0;
    this.offered = null;
    this.button.append(make("span", { class: "word" }, t("stop")), make("small", {}, t("stop_hint")));
    // pointerdown, not click: a glove that slides off the button still stops the robot.
    this.button.addEventListener("pointerdown", () => this.stop());
    this.button.addEventListener("click", (event) => event.detail === 0 && this.stop()); // keyboard
  }

  async stop() {
    this.pressedAt = performance.now();
    this.failed = "";
    this.resumeUntil = 0;
    this.tell(t("stop_sending"), "busy");
    const why = await command("stop");
    if (why !== null) {
      this.failed = t("stop_failed", { why });
      this.tell(this.failed, "bad");
    }
  }

  /** `age` is how old the snapshot is, in s. */
  show(snapshot, age, stale) {
    if (this.failed && snapshot?.stop?.confirmed_after_s !== null && !stale && snapshot?.mode === "stopped") this.failed = "";
    if (!this.failed) this.tellStop(snapshot, age, stale);
    this.offer(stale ? null : snapshot?.mode ?? null);
    this.followResume(snapshot, stale);
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

  offer(mode) {
    if (mode === this.offered) return;
    this.offered = mode;
    const buttons = (BUTTONS[mode] ?? []).map((name) =>
      make("button", { type: "button", class: `act ${name}`, onclick: () => this.act(name) }, t(name)),
    );
    this.acts.replaceChildren(...buttons);
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
  followResume(snapshot, stale) {
    if (!this.resumeUntil || stale) return;
    const waited = RESUME_MS - (this.resumeUntil - performance.now());
    if (waited > 500 && snapshot?.last_command?.name !== "release") {
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
