// The STOP button. It needs no account, and early.js has stopped with it until this module came.

import { byId, say } from "./dom.js";
import { t } from "./strings.js";

/** Call `press` at once when STOP is touched, clicked or pressed by key; returns when it was pressed before, or null. */
export function prepareStop(press) {
  const button = byId("stop");
  const root = document.documentElement;
  say(byId("stop-does"), t("stop_hint"));
  // pointerdown, not click: a glove that slides off the button still stops the robot.
  button.addEventListener("pointerdown", press);
  button.addEventListener("click", (event) => event.detail === 0 && press()); // keyboard
  root.dataset.stop = "taken";
  return root.dataset.pressed ? Number(root.dataset.pressed) : null;
}
