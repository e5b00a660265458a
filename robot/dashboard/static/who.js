// Who uses this page, what they may, and the one way to ask the dashboard for anything.

import { has, language, t } from "./strings.js";

/** Who uses the page, as the dashboard told it last; null before it has. */
export let who = null;
const hearers = new Set();

/** Whether the person may `right`; STOP is for everyone. */
export const may = (right) => (who?.rights ?? ["stop"]).includes(right);

/** Call `hear` whenever it changes who uses the page. */
export function onWho(hear) {
  hearers.add(hear);
  if (who) hear(who);
}

/** Take a new answer about who uses the page. */
export function setWho(next) {
  const changed = JSON.stringify(next) !== JSON.stringify(who);
  who = next;
  if (changed) for (const hear of hearers) hear(who);
}

/** Ask the dashboard who uses the page; keeps the last answer when it cannot be reached. */
export async function askWho() {
  const answer = await ask("GET", "/api/v1/session");
  if (answer.ok) setWho(answer.data);
  return answer.ok;
}

/** Why something was refused: by its code in the person's language, else as the robot says it. */
function inWords({ detail, code }) {
  if (typeof detail !== "string") return t("offline_why");
  const key = [`refusal_${code}`, `reason_${code}`].find(has);
  if (!key || language === "en") return detail;
  return code === "no_reload" ? `${t(key)} (${detail})` : t(key);
}

/** Send one request; resolves to { ok, status, data, why } and never throws. Status 0: no contact. */
export async function ask(method, path, body) {
  const headers = {};
  if (who?.csrf) headers["x-bombus-csrf"] = who.csrf;
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const data = await answer.json().catch(() => ({}));
    const why = answer.ok ? "" : inWords(data);
    return { ok: answer.ok, status: answer.status, data, why };
  } catch (error) {
    return { ok: false, status: 0, data: {}, why: t("offline_why") };
  }
}
