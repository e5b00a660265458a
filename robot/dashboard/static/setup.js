// The form for row, place and speed: each value is handed over by its own button.

import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { lengthUnit } from "./format.js";
import { t } from "./strings.js";
import { may, onWho } from "./who.js";

export function setupCard(root) {
  const note = make("p", { class: "note", role: "status" });
  const far = lengthUnit.perMetre;
  const number = (least, most) => ({ type: "number", step: "0.01", min: least * far, max: most * far, inputmode: "decimal" });
  const fields = [
    field("set_position", number(-20, 500), note, lengthUnit.name),
    field("set_row", { type: "text", maxlength: "80", autocomplete: "off" }, note),
    field("set_speed", { ...number(0.02, 0.5), step: "any" }, note, `${lengthUnit.name}/s`),
  ];
  root.replaceChildren(make("summary", {}, t("setup_title")), make("div", { class: "fields" }, ...fields), note);
  onWho(() => {
    root.hidden = !may("operate");
    fields[2].hidden = !may("tune");
  });
  root.open = location.hash === "#setup";
}

function field(name, attributes, note, unit = "") {
  const input = make("input", { id: `field-${name}`, ...attributes });
  const send = async (event) => {
    event.preventDefault();
    if (!input.value.trim() || !input.checkValidity()) return say(note, input.validationMessage || t("set_missing"));
    const given = name === "set_row" ? { text: input.value.trim() } : { value: Number(input.value) / lengthUnit.perMetre };
    const why = await command(name, given);
    say(note, why === null ? t("set_done") : t("command_failed", { name: t(name, { unit }), why }));
    if (why === null) input.value = "";
  };
  return make("form", { onsubmit: send }, make("label", { for: input.id }, t(name, { unit })), input, make("button", { type: "submit" }, t("set")));
}
