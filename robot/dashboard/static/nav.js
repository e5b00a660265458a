// The way between the pages: a bar below the header, on a phone at the lower edge with a button for the rest.

import { byId, make } from "./dom.js";
import { PAGES, path } from "./pages.js";
import { t } from "./strings.js";
import { may, onWho, who } from "./who.js";

const NARROW = matchMedia("(max-width: 700px)");

function link(to, text) {
  return make("a", { href: to, "aria-current": to === path ? "page" : null }, text);
}

function links(place) {
  return Object.entries(PAGES)
    .filter(([, one]) => one.place === place && may(one.right))
    .map(([to, one]) => link(to, to === "/account" ? who.name : t(one.title)));
}

function signIn() {
  if (who.signed_in) return [];
  return [who.set_up ? link("/sign-in", t("sign_in")) : link("/setup", t("set_up"))];
}

function show() {
  const nav = byId("nav");
  const rest = make("div", { class: "rest", id: "nav-rest" }, ...links("more"), ...signIn());
  const open = () => {
    const wide = nav.classList.toggle("open");
    more.setAttribute("aria-expanded", String(wide));
  };
  const more = make("button", { type: "button", class: "more", "aria-expanded": "false", "aria-controls": "nav-rest", onclick: open }, t("more"));
  nav.replaceChildren(...links("first"), rest, more);
  nav.classList.remove("open");
}

/** Keep the links right for whoever uses the page. */
export function prepareNav() {
  byId("nav").setAttribute("aria-label", t("pages"));
  onWho(show);
  NARROW.addEventListener("change", () => byId("nav").classList.remove("open"));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("nav").classList.contains("open")) byId("nav").querySelector(".more").click();
  });
}
