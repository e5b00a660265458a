// The foot of every page: language, units, colours and pictures, kept for this browser.

import { make } from "./dom.js";
import { keep, prefs } from "./prefs.js";
import { language, LANGUAGES, t } from "./strings.js";

function choice(name, label, options, chosen) {
  const items = Object.entries(options).map(([value, text]) => make("option", { value, selected: value === chosen, lang: name === "language" ? value : null }, text));
  const id = `view-${name}`;
  const take = ({ target }) => keep(name, target.value) && location.reload();
  return make("p", { class: "view" }, make("label", { for: id }, label), make("select", { id, onchange: take }, ...items));
}

/** Return the four choices. */
export function viewChoices() {
  return [
    choice("language", t("language"), LANGUAGES, language),
    choice("units", t("units"), { metres: "m, °C", feet: "ft, °F" }, prefs.units),
    choice("theme", t("colours"), { auto: t("theme_auto"), light: t("theme_light"), dark: t("theme_dark") }, prefs.theme),
    choice("pictures", t("pictures"), { all: t("pictures_all"), few: t("pictures_few"), none: t("pictures_none") }, prefs.pictures),
  ];
}
