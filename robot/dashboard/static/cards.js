// Figures of flowers and machine, and faults with their remedy.

import { make, say } from "./dom.js";
import { faultText, remedyOf } from "./faults_told.js";
import { duration, number } from "./format.js";
import { t, told } from "./strings.js";

const SHOWN_REASONS = 6;

/** A card of name-value lines that keeps its elements, so that only texts change. */
export class Lines {
  constructor(root, title) {
    this.list = make("dl");
    this.values = new Map();
    root.replaceChildren(make("h2", {}, title, make("span", { class: "age card-age" })), this.list);
  }

  set(key, text, tone = "") {
    if (!this.values.has(key)) {
      const value = make("dd");
      this.list.append(make("dt", {}, t(key)), value);
      this.values.set(key, value);
    }
    const value = this.values.get(key);
    say(value, text);
    value.dataset.tone = tone;
  }
}

export class CountsCard extends Lines {
  constructor(root) {
    super(root, t("counts_title"));
    this.reasons = make("ul", { class: "reasons" });
    root.append(make("h3", {}, t("why_missed")), this.reasons);
  }

  show(snapshot) {
    if (!snapshot) return;
    const { counts } = snapshot;
    const passed = counts.treated + counts.missed; // not those ahead, nor those that were spared
    const share = passed ? ` (${t("share", { share: Math.floor((100 * counts.treated) / passed) })})` : "";
    this.set("ready", String(counts.ready));
    this.set("treated", `${counts.treated}${share}`);
    this.set("missed", String(counts.missed));
    this.set("unsure", String(counts.unsure));
    this.set("pulses", t("pulses_value", { done: counts.pulses_done, sent: counts.pulses_sent }));
    this.set("pulses_refused", String(counts.pulses_refused));
    this.set("buds_spared", String(counts.buds_spared));
    const reasons = Object.entries(counts.missed_by_reason).sort((a, b) => b[1] - a[1]);
    const lines = reasons.slice(0, SHOWN_REASONS).map(([reason, n]) => `${n} × ${told("reason", reason)}`);
    const texts = lines.length ? lines : [t("none_missed")];
    if (this.shown !== texts.join("\n")) {
      this.shown = texts.join("\n");
      this.reasons.replaceChildren(...texts.map((text) => make("li", {}, text)));
    }
  }
}

export class MachineCard extends Lines {
  constructor(root) {
    super(root, t("machine_title"));
  }

  show(snapshot) {
    if (!snapshot) return;
    const { link, air, latency_ms: latency } = snapshot;
    this.set("link", link.up ? t("link_up") : `${t("link_down")} ${link.text}`, link.up ? "good" : "bad");
    this.set("estop", t(link.estop ? "estop_on" : "estop_off"), link.estop ? "bad" : "");
    this.set("armed", t(link.armed ? "armed_yes" : "armed_no"), link.armed ? "good" : "");
    this.set("pressure", air.pressure_kpa === null ? "–" : `${number(air.pressure_kpa)} kPa`);
    this.set("air_used", `${number(air.used_normal_l, 1)} L`);
    this.set("battery", link.battery_v === null ? "–" : `${number(link.battery_v, 1)} V`);
    const times = (found) => (found ? `${number(found[0], 1)} / ${number(found[1], 0)} ms` : "–");
    this.set("latency", times(latency.step));
    this.set("picture_age", times(latency.frame_age));
  }
}

/** What the valve controller says of itself. */
export class ControllerCard extends Lines {
  constructor(root) {
    super(root, t("controller_title"));
    root.append(make("p", { class: "quiet" }, t("link_about")));
  }

  show(snapshot) {
    if (!snapshot) return;
    const { up, text, controller: said, quality } = snapshot.link;
    this.set("link", up ? t("link_up") : `${t("link_down")} ${text}`, up ? "good" : "bad");
    if (quality) {
      this.set("link_trip", `${number(quality.trip_p50_ms ?? NaN, 1)} / ${number(quality.trip_p99_ms ?? NaN, 1)} ms`);
      this.set("link_frames", `${number(quality.sent)} / ${number(quality.received)}`);
      for (const key of ["bad", "repeated", "foreign", "sessions"]) this.set(`link_${key}`, number(quality[key]));
    }
    if (!said) return;
    this.set("firmware", said.firmware);
    this.set("reset_cause", said.reset_cause.replaceAll("_", " "));
    if (said.problem) this.set("controller_problem", said.problem, "bad");
    for (const key of ["nozzles", "openings", "refused", "bad_frames", "deadman_trips"]) this.set(`controller_${key}`, number(said[key]));
  }
}

export class FaultsCard {
  constructor(root, mayAct, acknowledge) {
    this.root = root;
    this.mayAct = mayAct;
    this.acknowledge = acknowledge;
    this.shown = "";
  }

  show(faults) {
    const key = JSON.stringify(faults.map((f) => [f.code, f.text, f.present, f.acknowledged, duration(f.age_s), this.mayAct()]));
    if (key === this.shown) return;
    this.shown = key;
    this.root.hidden = faults.length === 0;
    this.root.replaceChildren(...faults.map((fault) => this.fault(fault)));
  }

  fault(fault) {
    const severity = fault.present ? fault.severity : "gone";
    const when = fault.present ? t("fault_since", { age: duration(fault.age_s) }) : t("fault_gone");
    const box = make(
      "article",
      { class: "fault", "data-severity": severity },
      make("div", {}, make("strong", {}, `${told("severity", severity)}: ${faultText(fault)}`), make("p", {}, `${remedyOf(fault)}. `, make("small", {}, when))),
    );
    if (!fault.acknowledged && this.mayAct()) {
      box.append(make("button", { type: "button", onclick: () => this.acknowledge(fault.code) }, t("acknowledge")));
    }
    return box;
  }
}
