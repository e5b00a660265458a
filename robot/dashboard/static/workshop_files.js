// The recordings on the robot's disk.

import { make } from "./dom.js";
import { clock, number } from "./format.js";
import { loader, table } from "./loader.js";
import { t } from "./strings.js";

const EVERY_S = 20;

/** Return { root, leave }; `tellNames(names)` hears which there are. */
export function recordingsCard(tellNames) {
  const list = make("div", {});
  const data = loader(() => "/api/v1/recordings", EVERY_S, ({ recordings }) => {
    const rows = recordings.map((one) => [one.name, `${number(one.bytes / 1e6, 1)} MB`, clock(one.written)]);
    tellNames(recordings.map((one) => one.name));
    const heads = [t("recordings_name"), t("recordings_size"), t("recordings_when")];
    list.replaceChildren(...(rows.length ? [table(t("recordings_title"), heads, rows), make("p", { class: "quiet" }, t("recordings_about"))] : [make("p", {}, t("recordings_none"))]));
  });
  return { leave: data.leave, root: make("section", { class: "card" }, make("h2", {}, t("recordings_title")), data.note, list) };
}
