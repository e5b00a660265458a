// The workshop's files: recordings on the robot's disk, and the machine file checked against the one in force.

import { make, say } from "./dom.js";
import { form } from "./forms.js";
import { inEnglish } from "./faults_told.js";
import { clock, number } from "./format.js";
import { loader, table } from "./loader.js";
import { t } from "./strings.js";
import { ask } from "./who.js";

const EVERY_S = 20;

export function recordingsCard() {
  const list = make("div", {});
  const data = loader(() => "/api/v1/recordings", EVERY_S, ({ recordings }) => {
    const rows = recordings.map((one) => [one.name, `${number(one.bytes / 1e6, 1)} MB`, clock(one.written)]);
    const heads = [t("recordings_name"), t("recordings_size"), t("recordings_when")];
    list.replaceChildren(...(rows.length ? [table(t("recordings_title"), heads, rows), make("p", { class: "quiet" }, t("recordings_about"))] : [make("p", {}, t("recordings_none"))]));
  });
  return { leave: data.leave, root: make("section", { class: "card" }, make("h2", {}, t("recordings_title")), data.note, list) };
}

export function configCard() {
  const area = make("textarea", { id: "config-text", name: "text", rows: 12, spellcheck: "false", autocomplete: "off" });
  const verdict = make("p", { class: "note", role: "status" });
  const diff = make("div", {});
  const field = make("div", { class: "field" }, make("label", { for: "config-text" }, t("config_text")), area);
  const check = async ({ text }) => {
    const { ok, data, why } = await ask("POST", "/api/v1/config/check", { text });
    if (!ok) return why;
    verdict.dataset.tone = data.valid ? "done" : "bad";
    say(verdict, data.valid ? t("config_valid", { n: data.changes.length }) : t("config_invalid", { why: data.problem }));
    if (!data.valid) inEnglish(verdict);
    const rows = data.changes.map((one) => [one.key, one.now, one.then]);
    diff.replaceChildren(...(rows.length ? [table(t("config_title"), [t("config_key"), t("config_now"), t("config_then")], rows)] : []));
    return null;
  };
  load(area, verdict);
  return make("section", { class: "card" }, make("h2", {}, t("config_title")), make("p", { class: "quiet" }, t("config_about")), form([field], t("config_check"), check), verdict, diff);
}

async function load(area, verdict) {
  const { ok, data, why } = await ask("GET", "/api/v1/config");
  if (ok && data.text) area.value = data.text;
  else say(verdict, ok ? t("config_none") : why);
}
