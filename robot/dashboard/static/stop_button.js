// The STOP button by itself, for pages that do not show the robot. It needs no account.

import { command } from "./commands.js";
import { byId, make, say } from "./dom.js";
import { t } from "./strings.js";

/** Fill the page's STOP button and call `press` at once when it is touched, clicked or pressed by key. */
export function prepareStop(press) {
  const button = byId("stop");
  button.append(make("span", { class: "word" }, t("stop")), make("small", {}, t("stop_hint")));
  // pointerdown, not click: a glove that slides off the button still stops the robot.
  button.addEventListener("pointerdown", press);
  button.addEventListener("click", (event) => event.detail === 0 && press()); // keyboard
}

export class StopButton {
  constructor() {
    this.note = byId("stop-note");
    prepareStop(() => this.stop());
  }

  async stop() {
    this.tell(t("stop_sending"), "busy");
    const why = await command("stop");
    if (why === null) this.tell(t("stop_taken"), "done");
    else this.tell(t("stop_failed", { why }), "bad");
  }

  tell(text, tone) {
    say(this.note, text);
    this.note.dataset.tone = tone;
    byId("stop-hint").hidden = text !== "";
  }
}
