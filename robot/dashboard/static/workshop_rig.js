// How a camera is mounted and how late it is, from a recorded drive: measured, shown, put into the machine file.

import { make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { choice, form, sureButton } from "./forms.js";
import { number } from "./format.js";
import { table } from "./loader.js";
import { t } from "./strings.js";
import { ask } from "./who.js";

const UNITS = { latency_s: "ms", readout_s: "ms", s_offset: "mm", h: "mm", d: "mm" };

/** Return { root, offer, show }; `head(job)` makes the line of a job, `begin(path, body)` begins one. */
export function rigCard(head, begin) {
  const choices = make("div", {});
  const runs = make("div", {});
  let cameras = [];
  let offered = "";

  async function offer(recordings) {
    if (!cameras.length) cameras = (await ask("GET", "/api/v1/lens")).data?.cameras ?? [];
    const key = JSON.stringify([recordings, cameras]);
    if (key === offered || !recordings.length || !cameras.length) return;
    offered = key;
    const parts = [
      choice("recording", t("rig_recording"), recordings.map((one) => [one, one])),
      choice("camera", t("lens_camera"), cameras.map((one) => [one, one])),
      choice("landmarks", t("rig_landmarks"), [["tags", t("rig_tags")], ["flowers", t("rig_flowers")]]),
    ];
    choices.replaceChildren(form(parts, t("rig_begin"), (body) => begin("/api/v1/rigs", body)));
  }

  return {
    offer,
    show: (jobs) => runs.replaceChildren(...jobs.filter((job) => job.kind === "rig").slice(0, 1).map((job) => run(job, head))),
    root: make("section", { class: "card", id: "rig" }, make("h2", {}, t("rig_title")), make("p", { class: "quiet" }, t("rig_about")), choices, runs),
  };
}

function run(job, head) {
  const root = make("div", {}, ...head(job));
  const { result } = job;
  if (!result) return root;
  const value = (one) => number(1000 * one, 1);
  const rows = Object.entries(result.parameters).map(([name, one]) => [`${name}, ${UNITS[name] ?? "mrad"}`, value(one.before), one.told ? value(one.value) : t("rig_stays"), one.told ? value(one.std) : "–"]);
  root.append(make("p", {}, t("rig_found", { n: result.seen.length, rms: number(result.rms_px, 2) })));
  root.append(table(t("rig_title"), [t("config_key"), t("config_now"), t("rig_measured"), "±"], rows));
  const note = make("p", { class: "note", role: "alert" });
  const apply = async () => {
    const { ok, data, why } = await ask("POST", `/api/v1/rigs/${job.id}/apply`);
    note.dataset.tone = ok ? "done" : "bad";
    say(inEnglish(note), ok ? t("config_applied", { said: data.text }) : why);
  };
  if (Object.keys(result.told).length) root.append(sureButton(t("config_apply"), t("config_apply_sure"), apply), note);
  return root;
}
