// The operator's page: puts the parts together and decides what is stale.

import { CameraCard } from "./camera.js";
import { CountsCard, FaultsCard, historyCard, MachineCard } from "./cards.js";
import { command } from "./commands.js";
import { byId, make, say } from "./dom.js";
import { ago, duration } from "./format.js";
import { openLive } from "./live.js";
import { RowCard, rowSentence } from "./row.js";
import { setupCard } from "./setup.js";
import { StopBar } from "./stop.js";
import { t, told } from "./strings.js";
import { askWho, may, onWho, who } from "./who.js";

const STALE_S = 1.0; // snapshots come ten times a second
const TONES = { running: "good", holding: "warn", ready: "calm", starting: "calm", done: "calm", stopped: "bad", fault: "bad" };

let state = { control: false, age_s: null, snapshot: null };
let stateAt = performance.now();
let lineOpen = false;

const stopBar = new StopBar();
const cameras = { left: new CameraCard(byId("camera-left"), "left"), right: new CameraCard(byId("camera-right"), "right") };
const row = new RowCard(byId("row"));
const counts = new CountsCard(byId("counts"));
const machine = new MachineCard(byId("machine"));
const faults = new FaultsCard(byId("faults"), () => may("operate"), (code) => command("acknowledge", { text: code }));
setupCard(byId("setup"));
historyCard(byId("history"));
say(byId("stop-hint"), t("not_safety_short"));
say(byId("safety"), t("not_safety"));

function show() {
  const { snapshot } = state;
  const age = snapshot ? (state.age_s ?? 0) + (performance.now() - stateAt) / 1000 : null;
  const stale = !lineOpen || !state.control || age === null || age > STALE_S;
  document.body.classList.toggle("stale", stale);
  const unseen = who !== null && !may("look");
  showMode(snapshot, stale, unseen);
  say(byId("age"), unseen ? "" : ago(age));
  for (const element of document.querySelectorAll(".card-age")) say(element, ago(age));
  say(byId("sentence"), unseen ? "" : snapshot && !stale && snapshot.mode !== "running" ? `${snapshot.reason} ${rowSentence(snapshot, stale)}` : rowSentence(snapshot, stale));
  showLast(snapshot, age ?? 0, stale);
  showBanner(stale, unseen);
  stopBar.show(snapshot, age ?? 0, stale);
  faults.show(snapshot?.faults ?? []);
  row.show(snapshot);
  counts.show(snapshot);
  machine.show(snapshot);
  for (const [side, card] of Object.entries(cameras)) card.showState(snapshot?.cameras[side], age ?? 0, stale);
}

function showMode(snapshot, stale, unseen) {
  const holds = snapshot?.mode === "running" && snapshot.faults.some((fault) => fault.present && fault.severity === "hold");
  const mode = unseen ? "unseen" : stale || !snapshot ? "unknown" : holds ? "holding" : snapshot.mode;
  say(byId("mode"), t(`mode_${mode}`));
  byId("mode").dataset.tone = TONES[mode] ?? "off";
}

const FORGET_S = 600; // what was pressed longer ago is for the audit log

function showLast(snapshot, age, stale) {
  const last = stale ? null : snapshot?.last_command;
  const seconds = last ? last.age_s + age : Infinity;
  byId("last").hidden = seconds > FORGET_S;
  if (seconds > FORGET_S) return;
  const key = last.name.startsWith("set_") ? "last_value" : "last_command";
  say(byId("last"), t(key, { who: nameOf(last.by), name: told("said", last.name), age: seconds < 100 ? t("seconds", { n: Math.floor(seconds) }) : duration(seconds) }));
}

function nameOf(by) {
  if (who?.signed_in && by === who.name) return t("you");
  if (by.startsWith("token:")) return `${t("program")} ${by.slice(6)}`;
  if (by === "someone at the robot") return t("someone_here");
  if (by.startsWith("someone at ")) return t("someone_at", { address: by.slice(11) });
  return by;
}

function showBanner(stale, unseen) {
  const banner = byId("banner");
  const key = unseen ? "sign_in_to_look" : !lineOpen ? "banner_page" : !state.control ? "banner_control" : "banner_silent";
  banner.hidden = !stale;
  byId("main").hidden = unseen;
  const why = state.snapshot?.recording_problem ?? "";
  byId("recording").hidden = !why;
  say(byId("recording"), why ? t("recording_problem", { why }) : "");
  if (stale) say(banner, t(key));
}

onWho(() => {
  const [path, text] = who.signed_in ? ["/account", who.name] : who.set_up ? ["/sign-in", t("sign_in")] : ["/setup", t("set_up")];
  byId("nav").replaceChildren(make("a", { href: path }, text));
  show();
});
openLive({
  mayOpen: async () => (await askWho(), may("look")),
  onState(next) {
    state = next;
    stateAt = performance.now();
    show();
  },
  onFrame: (header, blob) => cameras[header.side]?.showFrame(header, blob),
  onLine(open) {
    lineOpen = open;
    show();
  },
});
// Someone may have signed in or out in another tab.
document.addEventListener("visibilitychange", () => document.hidden || askWho());
setInterval(show, 250);
show();
