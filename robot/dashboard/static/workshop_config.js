// The machine file: checked against the one in force, put in force, and the way back.

import { make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { form, sureButton } from "./forms.js";
import { table } from "./loader.js";
import { t } from "./strings.js";
import { ask } from "./who.js";

export function configCard() {
  const area = make("textarea", { id: "config-text", name: "text", rows: 12, spellcheck: "false", autocomplete: "off" });
  const verdict = make("p", { class: "note", role: "status" });
  const diff = make("div", {});
  const history = make("div", {});
  const field = make("div", { class: "field" }, make("label", { for: "config-text" }, t("config_text")), area);

  const check = async ({ text }) => {
    const { ok, data, why } = await ask("POST", "/api/v1/config/check", { text });
    if (!ok) return why;
    verdict.dataset.tone = data.valid ? "done" : "bad";
    say(verdict, data.valid ? t("config_valid", { n: data.changes.length }) : t("config_invalid", { why: data.problem }));
    if (!data.valid) inEnglish(verdict);
    const rows = data.changes.map((one) => [one.key, one.now, one.then]);
    diff.replaceChildren(...(rows.length ? [table(t("config_title"), [t("config_key"), t("config_now"), t("config_then")], rows)] : []));
    if (data.valid && rows.length) diff.append(sureButton(t("config_apply"), t("config_apply_sure"), () => change("apply", { text })));
    return null;
  };

  async function change(way, body) {
    verdict.dataset.tone = "busy";
    say(verdict, t("config_applying"));
    const { ok, data, why } = await ask("POST", `/api/v1/config/${way}`, body);
    verdict.dataset.tone = ok ? "done" : "bad";
    say(verdict, ok ? t("config_applied", { said: data.text }) : t("config_not_applied", { why }));
    inEnglish(verdict);
    diff.replaceChildren();
    if (ok) load();
  }

  async function load() {
    const { ok, data, why } = await ask("GET", "/api/v1/config");
    if (ok && data.text) area.value = data.text;
    else say(verdict, ok ? t("config_none") : why);
    const kept = await ask("GET", "/api/v1/config/history");
    history.replaceChildren(...(kept.ok && kept.data.versions.length ? [versions(kept.data.versions)] : []));
  }

  function versions(found) {
    const back = (one) => (one.now ? t("config_in_force") : sureButton(t("config_back"), t("config_back_sure", { n: one.number }), () => change("rollback", { number: one.number })));
    const rows = found.map((one) => [String(one.number), one.when, one.by, back(one)]);
    return make("details", {}, make("summary", {}, t("config_history")), table(t("config_history"), [t("config_number"), t("config_when"), t("config_by"), ""], rows));
  }

  load();
  return make("section", { class: "card", id: "config" }, make("h2", {}, t("config_title")), make("p", { class: "quiet" }, t("config_about")), form([field], t("config_check"), check), diff, verdict, history);
}
