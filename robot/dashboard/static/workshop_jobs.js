// Long work: the doctor, and a recording replayed with another model; one at a time, while the robot stands.

import { make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { choice, form } from "./forms.js";
import { ago, clock, duration } from "./format.js";
import { loader, table } from "./loader.js";
import { t, told } from "./strings.js";
import { rigCard } from "./workshop_rig.js";
import { ask } from "./who.js";

const EVERY_S = 2;

/** Return { doctor, replay, rig, leave, takeRecordings }: cards over one list of work. */
export function jobCards() {
  const found = make("div", {});
  const runs = make("div", {});
  const choices = make("div", {});
  let recordings = [];
  let models = [];
  let offered = "";
  let drawnRig = "";
  const rig = rigCard((job) => head(job, data.reload), (path, body) => begin(path, body, data.reload));
  const data = loader(() => "/api/v1/jobs", EVERY_S, (next) => {
    models = next.models;
    offer();
    found.replaceChildren(...lastOf(next.jobs, "doctor").map((job) => doctorRun(job, data.reload)));
    const drives = JSON.stringify(next.jobs.filter((job) => job.kind === "rig"));
    if (drives !== drawnRig || drives.includes(`"running"`)) rig.show(next.jobs); // a button that was pressed once stays as it is
    drawnRig = drives;
    runs.replaceChildren(...next.jobs.filter((job) => job.kind === "replay").map((job) => replayRun(job, data.reload)));
  });

  /** The form changes only when there is something else to choose from. */
  function offer() {
    const key = JSON.stringify([recordings, models]);
    if (key === offered || !recordings.length || !models.length) return;
    offered = key;
    const send = async (body) => begin("/api/v1/replays", body, data.reload);
    choices.replaceChildren(form([choice("recording", t("replay_recording"), recordings.map((one) => [one, one])), choice("model", t("replay_model"), models.map((one) => [one, one]))], t("replay_begin"), send));
  }

  return {
    leave: data.leave,
    takeRecordings(names) {
      recordings = names;
      offer();
      rig.offer(names);
    },
    doctor: make("section", { class: "card", id: "doctor" }, make("h2", {}, t("doctor_title")), make("p", { class: "quiet" }, t("doctor_about")), form([], t("doctor_begin"), () => begin("/api/v1/doctor", undefined, data.reload)), found),
    rig: rig.root,
    replay: make("section", { class: "card", id: "replay" }, make("h2", {}, t("replay_title")), make("p", { class: "quiet" }, t("replay_about")), choices, runs, data.note),
  };
}

async function begin(path, body, reload) {
  const { ok, why } = await ask("POST", path, body);
  if (!ok) return why;
  reload();
  return null;
}

const lastOf = (jobs, kind) => jobs.filter((job) => job.kind === kind).slice(0, 1);

/** One line: what it is, how it stands, and a button to stop it. */
function head(job, reload) {
  const state = make("p", { class: "job", "data-tone": job.state === "done" ? "done" : job.state === "running" ? "busy" : "bad" });
  const since = job.state === "running" ? ago(Date.now() / 1000 - job.began) : clock(job.ended);
  say(state, t("job_line", { what: job.what, state: told("job", job.state), by: job.by, when: since }));
  const parts = [state];
  if (job.state === "running") parts.push(...wayOf(job));
  if (job.state === "running") parts.push(make("button", { type: "button", class: "small", onclick: async () => (await ask("DELETE", "/api/v1/jobs"), reload()) }, t("job_stop")));
  if (job.why && job.kind !== "doctor") parts.push(inEnglish(make("p", { class: "quiet" }, job.why)));
  return parts;
}

/** How far it is: a bar and the time left once it says so, and the last thing it said. */
function wayOf(job) {
  const parts = [];
  if (job.share !== null) {
    const share = `${Math.floor(100 * job.share)} %`;
    const words = job.left_s === null ? share : t("job_left", { share, left: duration(job.left_s) });
    parts.push(make("progress", { max: 1, value: job.share, "aria-label": job.what }), make("p", { class: "figure" }, words));
  }
  if (job.line) parts.push(inEnglish(make("p", { class: "quiet" }, job.line)));
  return parts;
}

function doctorRun(job, reload) {
  const root = make("div", {}, ...head(job, reload));
  const checks = job.result?.checks ?? [];
  if (!checks.length) return root;
  const rows = checks.map((one) => [one.name, t(one.ok ? "doctor_ok" : "doctor_bad"), one.detail, one.remedy]);
  const made = table(t("doctor_title"), [t("doctor_check"), t("doctor_state"), t("doctor_found"), t("doctor_remedy")], rows);
  root.append(inEnglish(made));
  return root;
}

function replayRun(job, reload) {
  const root = make("div", { class: "replay-run" }, ...head(job, reload));
  const { result } = job;
  if (!result) return root;
  root.append(make("p", {}, result.same === null ? t("replay_alike", { frames: result.frames, pulses: result.pulses }) : t("replay_changes", result)));
  if (result.note) root.append(inEnglish(make("p", { class: "quiet" }, result.note)));
  if (job.report) root.append(make("a", { class: "button", href: `/api/v1/replays/${job.id}/report`, download: "" }, t("replay_report")));
  return root;
}
