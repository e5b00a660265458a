// One robot's rows in order: dragged, or moved by arrow buttons; each says why it is there.

import { make } from "./dom.js";
import { hour, soon } from "./format.js";
import { t } from "./strings.js";

/** Return the list; `move(row, to)` and `skip(row)` hear of wishes, `acts(visit)` adds more buttons. */
export function planList(visits, free, { move, skip, acts }) {
  const list = make("ol", { class: "plan-list" });
  visits.forEach((visit, place) => list.append(item(visit, place, visits.length, free, { move, skip, acts })));
  return list;
}

function item(visit, place, count, free, { move, skip, acts }) {
  const { row } = visit;
  const button = (key, text, act, off = false) => make("button", { type: "button", class: "small", "aria-label": t(key, { row }), disabled: off, onclick: act }, text);
  const buttons = free
    ? [
        button("plan_up", "↑", () => move(row, place - 1), place === 0),
        button("plan_down", "↓", () => move(row, place + 1), place === count - 1),
        button("plan_skip", t("plan_skip_short"), () => skip(row)),
        ...acts(visit),
      ]
    : [];
  const about = make("div", { class: "about" }, make("strong", {}, `${place + 1}. ${row}`), make("span", {}, t("plan_visit", { start: soon(visit.start), end: hour(visit.end) })), make("small", { class: visit.late ? "bad" : "" }, why(visit)));
  const made = make("li", { draggable: free ? "true" : null }, about, make("div", { class: "moves" }, ...buttons));
  if (!free) return made;
  made.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", row));
  made.addEventListener("dragover", (event) => event.preventDefault());
  made.addEventListener("drop", (event) => {
    event.preventDefault();
    const dragged = event.dataTransfer.getData("text/plain");
    if (dragged && dragged !== row) move(dragged, place);
  });
  return made;
}

function why(visit) {
  const parts = [];
  if (visit.infected) parts.push(t("plan_why_infected"));
  if (visit.late) parts.push(t("plan_why_late"));
  else if (visit.must) parts.push(t("plan_why_must"));
  if (visit.deadline !== null && !visit.late) parts.push(t("plan_why_due", { time: soon(visit.deadline) }));
  return parts.join(", ") || t("plan_why_any");
}
