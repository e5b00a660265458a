// Puts a page together: its head with STOP first, then whatever its module draws.

import { byId, make, say } from "./dom.js";
import { Header } from "./header.js";
import { prepareNav } from "./nav.js";
import { listen, news, onNews, tellNews } from "./news.js";
import { page, path } from "./pages.js";
import { t } from "./strings.js";
import { viewChoices } from "./view_choice.js";
import { askWho, may, onWho, who } from "./who.js";

const header = new Header();
say(byId("skip"), t("skip"));
say(byId("safety"), t("not_safety"));
byId("view").append(...viewChoices());
document.title = `${t(page.title)} · Bombus`;
prepareNav();
onNews((now) => header.show(now));

let shown = null;
onNews((now) => shown?.show?.(now));

/** Draw the page for whoever uses it now. */
async function draw() {
  const root = byId("main");
  const title = make("h1", {}, t(page.title));
  shown?.leave?.();
  shown = null;
  root.hidden = false;
  if (page.right && !may(page.right)) {
    root.hidden = page.right === "look"; // the banner says it
    if (page.right === "look") return;
    if (!who.signed_in) return location.replace(who.set_up ? `/sign-in?to=${encodeURIComponent(path)}` : "/setup");
    return root.replaceChildren(title, make("p", { class: "card" }, t("not_for_you", { role: t(`role_${who.role}`) })));
  }
  const module = await import(page.module);
  const made = module[page.draws ?? "page"]();
  root.replaceChildren(title, ...(made.parts ?? made));
  shown = made.parts ? made : null;
  root.className = made.layout ?? "";
  shown?.show?.(news());
}

let drawnFor = "";
onWho((next) => {
  // The page is drawn once for each person, not again while they write into it.
  const key = `${next.name} ${next.role} ${next.set_up} ${next.rights}`;
  if (key !== drawnFor) draw();
  drawnFor = key;
  tellNews();
});

async function begin() {
  while (!(await askWho())) {
    byId("main").replaceChildren(make("p", { class: "card", role: "alert" }, t("banner_page")));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
listen();
begin();
tellNews();
// Someone may have signed in or out in another tab.
document.addEventListener("visibilitychange", () => document.hidden || askWho());
