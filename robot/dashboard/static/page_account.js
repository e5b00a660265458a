// Sign-in, first-run set-up, and one's own account.

import { make } from "./dom.js";
import { field, form } from "./forms.js";
import { PAGES } from "./pages.js";
import { t } from "./strings.js";
import { ask, setWho, who } from "./who.js";

const NAME = { type: "text", autocomplete: "username", autocapitalize: "words", spellcheck: "false", maxlength: 40 };
const OLD = { type: "password", autocomplete: "current-password", maxlength: 200 };
const NEW = { type: "password", autocomplete: "new-password", maxlength: 200 };

function goOn() {
  const to = new URLSearchParams(location.search).get("to");
  // Only our own pages: the address is written by whoever made the link.
  location.assign(to !== null && Object.hasOwn(PAGES, to) ? to : "/");
}

/** Hand the new password's two entries to `send` when they agree. */
const ifSame = (send) => (values) => (values.password === values.again ? send(values) : Promise.resolve(t("passwords_differ")));

const notice = (text, href, name) => make("section", { class: "card narrow pair" }, make("p", {}, t(text)), make("a", { class: "button", href }, t(name)));

export function signInPage() {
  if (!who.set_up) return [notice("set_up_first", "/setup", "set_up")];
  const send = async ({ name, password }) => {
    const { ok, data, why } = await ask("POST", "/api/v1/session", { name, password });
    if (!ok) return why;
    setWho(data);
    goOn();
    return null;
  };
  const parts = [field("name", t("name"), { ...NAME, autofocus: true }), field("password", t("password"), OLD)];
  const about = make("p", { class: "quiet" }, t(who.here ? "sign_in_about_here" : "sign_in_about"));
  return [make("section", { class: "card narrow" }, form(parts, t("sign_in"), send), about)];
}

export function setUpPage() {
  if (who.set_up) return [notice("set_up_done", "/sign-in", "sign_in")];
  const send = async ({ code, name, password }) => {
    const { ok, data, why } = await ask("POST", "/api/v1/setup", { code, name, password });
    if (!ok) return why;
    setWho(data);
    goOn();
    return null;
  };
  const code = location.hash.slice(1);
  addEventListener("hashchange", () => location.reload());
  const parts = [
    field("code", t("code"), { type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 40, value: code }),
    field("name", t("your_name"), { ...NAME, autofocus: code !== "" }),
    field("password", t("password"), NEW),
    field("again", t("password_again"), NEW),
  ];
  const about = [make("p", {}, t("set_up_about")), make("p", { class: "quiet" }, t("code_about"))];
  return [make("section", { class: "card narrow" }, ...about, form(parts, t("set_up_do"), ifSame(send)))];
}

export function accountPage() {
  const change = async ({ old, password }) => {
    const { ok, why } = await ask("POST", "/api/v1/password", { old, new: password });
    return ok ? t("password_changed") : why;
  };
  const leave = async (path) => {
    const { ok, why } = await ask("DELETE", path);
    if (!ok) return why;
    location.assign("/sign-in");
    return null;
  };
  const hidden = make("input", { type: "text", name: "username", autocomplete: "username", value: who.name, hidden: true });
  const parts = [hidden, field("old", t("old_password"), OLD), field("password", t("new_password"), NEW), field("again", t("again"), NEW)];
  return [
    make(
      "section",
      { class: "card narrow" },
      make("p", { class: "who" }, t("you_are", { name: who.name, role: t(`role_${who.role}`) })),
      make("p", { class: "quiet" }, t("role_may", { role: t(`role_${who.role}`), may: t(`role_${who.role}_may`) })),
      make("div", { class: "pair" }, form([], t("sign_out"), () => leave("/api/v1/session")), form([], t("sign_out_everywhere"), () => leave("/api/v1/sessions"))),
    ),
    make("section", { class: "card narrow" }, make("h2", {}, t("change_password")), make("p", { class: "quiet" }, t("password_about")), form(parts, t("change_password"), ifSame(change))),
  ];
}
