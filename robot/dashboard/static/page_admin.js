// What the admin looks after: people and the tokens of programs.

import { make } from "./dom.js";
import { choice, field, form, sureButton, tick } from "./forms.js";
import { clock, day } from "./format.js";
import { t } from "./strings.js";
import { ask, who } from "./who.js";

const ROLES = ["viewer", "operator", "technician", "admin"];
const SCOPES = ["look", "stop", "operate", "tune", "audit"];
const roleOptions = () => ROLES.map((role) => [role, t(`role_${role}`)]);

/** A list that is loaded anew after each change; `row(item, reload, tell)` draws one. */
function list(path, row) {
  const note = make("p", { class: "note", role: "alert" });
  const items = make("ul", { class: "list" });
  const tell = (text) => note.replaceChildren(text);
  const reload = async () => {
    const { ok, data, why } = await ask("GET", path);
    if (ok) items.replaceChildren(...(data.length ? data.map((item) => row(item, reload, tell)) : [make("li", { class: "quiet" }, t("none_yet"))]));
    else tell(why);
  };
  reload();
  return { root: make("div", {}, note, items), reload, tell };
}

export function usersPage() {
  const people = list("/api/v1/users", personRow);
  const add = async ({ name, role, password }) => {
    const { ok, why } = await ask("POST", "/api/v1/users", { name, role, password });
    if (!ok) return why;
    people.reload();
    return t("user_added", { name, role: t(`role_${role}`) });
  };
  const parts = [
    field("name", t("name"), { type: "text", autocomplete: "off", maxlength: 40 }),
    choice("role", t("role"), roleOptions(), "operator"),
    field("password", t("first_password"), { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 200 }),
  ];
  const roles = ROLES.map((role) => make("li", {}, make("strong", {}, t(`role_${role}`)), ` ${t(`role_${role}_may`)}`));
  return [
    make("section", { class: "card" }, people.root),
    make("section", { class: "card narrow" }, make("h2", {}, t("add_user")), form(parts, t("add_user"), add), make("ul", { class: "roles quiet" }, ...roles)),
  ];
}

function personRow(person, reload, tell) {
  const path = `/api/v1/users/${encodeURIComponent(person.name)}`;
  const act = async (method, body, done) => {
    const { ok, why } = await ask(method, path, body);
    tell(ok ? done : why);
    reload();
  };
  const role = make("select", { "aria-label": t("role_of", { name: person.name }) }, ...roleOptions().map(([value, text]) => make("option", { value, selected: value === person.role }, text)));
  role.addEventListener("change", () => act("PATCH", { role: role.value }, t("role_set", { name: person.name, role: t(`role_${role.value}`) })));
  const reset = form(
    [field("password", t("new_password_of", { name: person.name }), { type: "text", autocomplete: "off", spellcheck: "false", maxlength: 200 })],
    t("set"),
    async ({ password }) => {
      const { ok, why } = await ask("PATCH", path, { password });
      return ok ? t("password_set", { name: person.name }) : why;
    },
  );
  return make(
    "li",
    {},
    make("div", { class: "about" }, make("strong", {}, person.name), make("small", {}, person.name === who.name ? t("that_is_you") : t("since", { day: day(person.made) }))),
    role,
    make("details", {}, make("summary", {}, t("new_password")), reset),
    sureButton(t("remove"), t("remove_sure", { name: person.name }), () => act("DELETE", undefined, t("removed", { name: person.name }))),
  );
}

export function tokensPage() {
  const tokens = list("/api/v1/tokens", tokenRow);
  const shown = make("div", { class: "secret", role: "status", hidden: true });
  const add = async ({ name, days }, data) => {
    const scopes = data.getAll("scope");
    if (!scopes.length) return t("scopes_missing");
    const made = await ask("POST", "/api/v1/tokens", { name, scopes, days: Number(days) || null });
    if (!made.ok) return made.why;
    tokens.reload();
    showSecret(shown, name, made.data.secret);
    return null;
  };
  const boxes = SCOPES.map((scope) => tick("scope", scope, t(`scope_${scope}`), scope === "look"));
  const parts = [
    field("name", t("program"), { type: "text", autocomplete: "off", maxlength: 40 }),
    make("fieldset", {}, make("legend", {}, t("scopes")), ...boxes),
    choice("days", t("ends_after"), [["30", t("days", { n: 30 })], ["365", t("days", { n: 365 })], ["0", t("never")]], "365"),
  ];
  return [
    make("section", { class: "card" }, tokens.root),
    make("section", { class: "card narrow" }, make("h2", {}, t("add_token")), make("p", { class: "quiet" }, t("token_about")), form(parts, t("add_token"), add), shown),
  ];
}

function showSecret(root, name, secret) {
  const box = make("input", { type: "text", readonly: true, value: secret, "aria-label": t("secret_of", { name }), onfocus: () => box.select() });
  const hide = make("button", { type: "button", class: "plain", onclick: () => ((root.hidden = true), root.replaceChildren()) }, t("secret_kept"));
  root.replaceChildren(make("p", {}, make("strong", {}, t("secret_once", { name }))), box, hide);
  root.hidden = false;
  box.focus();
}

function tokenRow(token, reload, tell) {
  const revoke = async () => {
    const { ok, why } = await ask("DELETE", `/api/v1/tokens/${token.id}`);
    tell(ok ? t("revoked", { name: token.name }) : why);
    reload();
  };
  const over = token.ends !== null && token.ends * 1000 < Date.now();
  const ends = token.ends === null ? t("ends_never") : t(over ? "ended_on" : "ends_on", { day: day(token.ends) });
  return make(
    "li",
    {},
    make("div", { class: "about" }, make("strong", {}, token.name), make("small", {}, `${token.scopes.map((scope) => t(`scope_${scope}_short`)).join(", ")} · ${t("made_by", { name: token.made_by, time: clock(token.made) })} · ${ends}`)),
    sureButton(t("revoke"), t("revoke_sure", { name: token.name }), revoke),
  );
}
