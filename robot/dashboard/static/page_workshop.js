// Workshop: a frame's way in time, the serial link, recordings, the machine file, the doctor; valves tested; for technicians.

import { draw, make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { ago, number } from "./format.js";
import { Histogram, latencyCharts } from "./histogram.js";
import { ControllerCard, MachineCard } from "./cards.js";
import { configCard } from "./workshop_config.js";
import { recordingsCard } from "./workshop_files.js";
import { jobCards } from "./workshop_jobs.js";
import { lensCard } from "./workshop_lens.js";
import { valvesCard } from "./workshop_valves.js";
import { t, told } from "./strings.js";

const WAY = ["link", "check", "detect", "map", "plan", "fire", "tell"];
const WHOLE = ["step", "frame_age"];

export function page() {
  const way = make("div", { class: "way" });
  const detector = make("p", {});
  const latencies = make("div", { class: "latencies" });
  const machine = make("section", { class: "card" });
  const controller = make("section", { class: "card" });
  const cards = [new MachineCard(machine), new ControllerCard(controller)];
  const histogram = new Histogram();
  const jobs = jobCards();
  const lens = lensCard();
  const recordings = recordingsCard(jobs.takeRecordings);
  const config = configCard();
  const valves = valvesCard();
  let before = null;

  function show({ snapshot, age, stale }) {
    if (!snapshot) return;
    for (const card of cards) card.show(snapshot);
    valves.show(snapshot, stale);
    for (const element of document.querySelectorAll(".card-age")) say(element, ago(age));
    drawWay(way, snapshot.latency_ms);
    latencyCharts(latencies, snapshot.latency_bins, snapshot.latency_edges_ms);
    say(detector, snapshot.detector || "–");
    if (!stale && snapshot.time !== before) histogram.add((age ?? 0) * 1000);
    before = snapshot.time;
    histogram.show();
  }

  return {
    layout: "roomy",
    show,
    leave: () => (recordings.leave(), jobs.leave(), lens.leave(), valves.leave()),
    parts: [
      make("section", { class: "card" }, make("h2", {}, t("timing_title")), make("p", { class: "quiet" }, t("timing_about")), way),
      make("section", { class: "card" }, make("h2", {}, t("latency_title")), latencies),
      make("div", { class: "two" }, machine, controller),
      make("section", { class: "card" }, make("h2", {}, t("histogram_title")), histogram.root, make("h2", {}, t("timing_detector")), inEnglish(detector)),
      recordings.root,
      jobs.replay,
      config,
      lens.root,
      jobs.rig,
      jobs.doctor,
      valves.root,
      make("section", { class: "card" }, make("h2", {}, t("logs_title")), make("p", {}, t("logs_about")), make("a", { class: "button", href: "/history" }, t("logs_journal"))),
    ],
  };
}

/** A bar a step, one after the other as a frame meets them: dark to the usual time, light to the worst. */
function drawWay(root, latency) {
  const steps = WAY.filter((step) => step in latency).concat(Object.keys(latency).filter((step) => !WAY.includes(step) && !WHOLE.includes(step)));
  if (!steps.length) return root.replaceChildren(make("p", {}, t("timing_none")));
  const whole = steps.reduce((sum, step) => sum + latency[step][1], 0) || 1;
  let from = 0;
  const lines = steps.map((step) => {
    const [usual, worst] = latency[step];
    const svg = draw("svg", { class: "share", viewBox: "0 0 1000 30", preserveAspectRatio: "none", "aria-hidden": "true" });
    const x = (1000 * from) / whole;
    svg.append(
      draw("rect", { width: 1000, height: 30, class: "share-ground" }),
      draw("rect", { x, width: Math.max(2, (1000 * worst) / whole), height: 30, class: "way-worst" }),
      draw("rect", { x, width: Math.max(2, (1000 * usual) / whole), height: 30, class: "way-usual" }),
    );
    from += worst;
    return make("div", { class: "share-line" }, make("span", {}, told("step", step)), svg, make("span", { class: "figure" }, said(latency[step])));
  });
  for (const one of WHOLE) if (latency[one]) lines.push(make("p", { class: "figure" }, `${t(`step_${one}`)}: ${said(latency[one])}`));
  root.replaceChildren(...lines);
}

const said = ([usual, worst]) => t("timing_line", { usual: number(usual, 1), worst: number(worst, 1) });

