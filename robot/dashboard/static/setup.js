// The form for row, place and speed: each value is handed over by its own button.

import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { t } from "./strings.js";
import { may, onWho } from "./who.js";

export function setupCard(root) {
  const note = make("p", { class: "note", role: "status" });
  const fields = [
    field("set_position", { type: "number", step: "0.01", min: "-20", max: "500", inputmode: "decimal" }, note),
    field("set_row", { type: "text", maxlength: "80", autocomplete: "off" }, note),
    field("set_speed", { type: "number", step: "0.01", min: "0.02", max: "0.5", inputmode: "decimal" }, note),
  ];
  root.replaceChildren(make("summary", {}, t("setup_title")), make("div", { class: "fields" }, ...fields), note);
  onWho(() => {
    root.hidden = !may("operate");
    fields[2].hidden = !may("tune");
  });
}

function field(name, attributes, note) {
  const input = make("input", { id: `field-${name}`, ...attributes });
  const send = async (event) => {
    event.preventDefault();
    if (!input.value.trim() || !input.checkValidity()) return say(note, input.validationMessage || t("set_missing"));
    const given = name === "set_row" ? { text: input.value.trim() } : { value: Number(input.value) };
    const why = await command(name, given);
    say(note, why === null ? t("set_done") : t("command_failed", { name: t(name), why }));
    if (why === null) input.value = "";
  };
  return make("form", { onsubmit: send }, make("label", { for: input.id }, t(name)), input, make("button", { type: "submit" }, t("set")));
}
