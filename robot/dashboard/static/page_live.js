// Live: both cameras with what the robot means to do, the row, figures, faults, and row, place and speed.

import { CameraCard } from "./camera.js";
import { CountsCard, FaultsCard, MachineCard } from "./cards.js";
import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { ago } from "./format.js";
import { onPicture } from "./news.js";
import { RowCard } from "./row.js";
import { setupCard } from "./setup.js";
import { may } from "./who.js";

const part = (id, kind = "card") => make("section", { class: kind, id });

export function page() {
  const roots = {
    faults: make("section", { id: "faults", class: "faults", "aria-live": "polite", hidden: true }),
    left: part("camera-left", "card camera"),
    right: part("camera-right", "card camera"),
    row: part("row", "card wide"),
    counts: part("counts"),
    machine: part("machine"),
    setup: make("details", { class: "card wide", id: "setup" }),
  };
  const cameras = { left: new CameraCard(roots.left, "left"), right: new CameraCard(roots.right, "right") };
  const cards = [new RowCard(roots.row), new CountsCard(roots.counts), new MachineCard(roots.machine)];
  const faults = new FaultsCard(roots.faults, () => may("operate"), (code) => command("acknowledge", { text: code }));
  setupCard(roots.setup);
  onPicture((header, blob) => cameras[header.side]?.showFrame(header, blob));
  return {
    layout: "tiles",
    parts: Object.values(roots),
    show({ snapshot, age, stale }) {
      for (const card of cards) card.show(snapshot);
      faults.show(snapshot?.faults ?? []);
      for (const [side, card] of Object.entries(cameras)) card.showState(snapshot?.cameras[side], age ?? 0, stale);
      for (const element of document.querySelectorAll(".card-age")) say(element, ago(age));
    },
  };
}
