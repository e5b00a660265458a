// Forms with large fields: a label above each, the reason of a refusal below, nothing sent twice.

import { make, say } from "./dom.js";
import { t } from "./strings.js";

let count = 0;

/** A labelled input; `attributes` go to it. */
export function field(name, label, attributes = {}) {
  const id = `${name}-${count++}`;
  const input = make("input", { id, name, required: true, ...attributes });
  return make("div", { class: "field" }, make("label", { for: id }, label), input);
}

/** A labelled choice of [value, text]. */
export function choice(name, label, options, chosen) {
  const id = `${name}-${count++}`;
  const items = options.map(([value, text]) => make("option", { value, selected: value === chosen }, text));
  return make("div", { class: "field" }, make("label", { for: id }, label), make("select", { id, name }, ...items));
}

/** A box to tick, with its label beside it. */
export function tick(name, value, label, checked = false) {
  const id = `${name}-${count++}`;
  return make("div", { class: "tickbox" }, make("input", { id, name, value, type: "checkbox", checked }), make("label", { for: id }, label));
}

/** A form; `send(values)` resolves to null when done, or to the reason why not. */
export function form(parts, button, send) {
  const note = make("p", { class: "note", role: "alert" });
  const submit = make("button", { type: "submit", class: "main" }, button);
  const onsubmit = async (event) => {
    event.preventDefault();
    const empty = [...made.elements].find((one) => one.willValidate && !one.checkValidity());
    if (empty) {
      empty.focus();
      return say(note, `${empty.labels?.[0]?.textContent ?? ""}: ${empty.validationMessage || t("set_missing")}`);
    }
    submit.disabled = true;
    say(note, t("sending"));
    const data = new FormData(made);
    const why = await send(Object.fromEntries(data.entries()), data);
    submit.disabled = false;
    note.dataset.tone = why === null ? "done" : "bad";
    say(note, why ?? "");
  };
  const made = make("form", { class: "form", onsubmit, novalidate: true }, ...parts, submit, note);
  return made;
}

/** A button that asks once more before it acts: the second press within five seconds counts. */
export function sureButton(label, sure, act) {
  let timer = 0;
  const button = make("button", { type: "button", class: "plain danger" }, label);
  const back = () => {
    timer = 0;
    say(button, label);
    button.classList.remove("sure");
  };
  button.addEventListener("click", () => {
    if (!timer) {
      say(button, sure);
      button.classList.add("sure");
      timer = setTimeout(back, 5000);
      return;
    }
    clearTimeout(timer);
    back();
    act();
  });
  return button;
}
