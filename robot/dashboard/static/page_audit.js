// Who did what, newest first, and the whole log as a file.

import { make } from "./dom.js";
import { moment } from "./format.js";
import { t, told } from "./strings.js";
import { ask } from "./who.js";

const REFRESH_MS = 5000;

export function auditPage() {
  const list = make("ol", { class: "audit" });
  const note = make("p", { class: "note", role: "alert" });
  const more = make("button", { type: "button", class: "plain", hidden: true }, t("older"));
  let oldest = null;
  let newest = 0;

  async function load(before) {
    const { ok, data, why } = await ask("GET", before ? `/api/v1/audit?before=${before}` : "/api/v1/audit");
    note.replaceChildren(ok ? "" : why);
    return ok ? data : null;
  }
  more.addEventListener("click", async () => {
    const page = await load(oldest);
    if (!page) return;
    list.append(...page.lines.map(line));
    oldest = page.lines.at(-1)?.id ?? oldest;
    more.hidden = !page.more;
  });
  async function refresh() {
    const page = await load(null);
    if (!page) return;
    const first = newest === 0;
    const unfinished = new Set([...list.querySelectorAll("[data-open]")].map((one) => Number(one.dataset.id)));
    for (const one of page.lines) if (unfinished.has(one.id) && one.outcome) list.querySelector(`[data-id="${one.id}"]`).replaceWith(line(one));
    list.prepend(...page.lines.filter((one) => one.id > newest).map(line));
    newest = page.lines[0]?.id ?? 0;
    if (!first) return;
    oldest = page.lines.at(-1)?.id ?? null;
    more.hidden = !page.more;
  }
  refresh();
  setInterval(() => document.hidden || refresh(), REFRESH_MS);
  const save = make("a", { class: "button", href: "/api/v1/audit/export", download: "bombus-audit.json" }, t("export"));
  return [make("section", { class: "card" }, make("div", { class: "pair" }, make("p", { class: "quiet" }, t("audit_about")), save), note, list, more)];
}

function line(one) {
  const outcome = one.outcome ?? "unknown";
  const from = one.address === "here" ? t("at_robot") : t("from", { address: one.address });
  return make(
    "li",
    { "data-id": one.id, "data-open": one.outcome ? null : "" },
    make("time", { datetime: new Date(one.wall * 1000).toISOString() }, moment(one.wall)),
    make("span", { class: "did" }, make("strong", {}, one.who), ` ${told("did", one.action)}${one.detail ? ` ${one.detail}` : ""}`),
    make("small", {}, `${told("role", one.role)}, ${from}`),
    make("span", { class: "outcome", "data-outcome": outcome }, t(`outcome_${outcome}`), one.outcome === "done" ? "" : ` ${one.text}`),
  );
}
