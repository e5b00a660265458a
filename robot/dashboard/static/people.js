// The pages about people: sign-in, set-up, account, users, tokens, audit. STOP is on each of them.

import { accountPage, setUpPage, signInPage } from "./page_account.js";
import { tokensPage, usersPage } from "./page_admin.js";
import { auditPage } from "./page_audit.js";
import { byId, make, say } from "./dom.js";
import { StopButton } from "./stop_button.js";
import { t } from "./strings.js";
import { askWho, may, onWho, who } from "./who.js";

const PAGES = {
  "/sign-in": { title: "sign_in", show: signInPage },
  "/setup": { title: "set_up", show: setUpPage },
  "/account": { title: "account", show: accountPage, right: "account" },
  "/users": { title: "users", show: usersPage, right: "manage" },
  "/tokens": { title: "tokens", show: tokensPage, right: "manage" },
  "/audit": { title: "audit", show: auditPage, right: "audit" },
};
const page = PAGES[location.pathname] ?? PAGES["/sign-in"];

new StopButton();
say(byId("stop-hint"), t("not_safety_short"));
document.title = `${t(page.title)} · Bombus`;

function link(path, text) {
  const here = path === location.pathname;
  return make("a", { href: path, "aria-current": here ? "page" : null }, text);
}

function showNav() {
  const links = [link("/", t("to_robot"))];
  for (const [path, one] of Object.entries(PAGES)) if (one.right && may(one.right)) links.push(link(path, t(one.title)));
  if (who && !who.signed_in) links.push(who.set_up ? link("/sign-in", t("sign_in")) : link("/setup", t("set_up")));
  byId("nav").replaceChildren(...links);
}

function show() {
  showNav();
  const root = byId("main");
  const title = make("h1", {}, t(page.title));
  if (page.right && !may(page.right)) {
    if (!who.signed_in) return location.replace(who.set_up ? `/sign-in?to=${encodeURIComponent(location.pathname)}` : "/setup");
    return root.replaceChildren(title, make("p", { class: "card" }, t("not_for_you", { role: t(`role_${who.role}`) })));
  }
  root.replaceChildren(title, ...page.show());
}

let shownFor = "";
onWho((next) => {
  // The page is drawn once for each person, not again while they write into it.
  const key = `${next.name} ${next.role} ${next.set_up}`;
  if (key === shownFor) return;
  shownFor = key;
  show();
});

async function begin() {
  while (!(await askWho())) {
    byId("main").replaceChildren(make("p", { class: "card", role: "alert" }, t("banner_page")));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
begin();
