// A camera's lens, measured with the printed board: live pictures with the found corners, where they were seen, and the fit.

import { draw, make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { choice, form, sureButton } from "./forms.js";
import { number, percent } from "./format.js";
import { t, told } from "./strings.js";
import { ask } from "./who.js";

const EVERY_MS = 500;

export function lensCard() {
  const choices = make("div", {});
  const picture = make("img", { class: "lens-picture", alt: t("lens_picture"), hidden: true });
  const marks = draw("svg", { class: "marks", "aria-hidden": "true" });
  const frame = make("div", { class: "picture", hidden: true }, picture, marks);
  const stands = make("p", { class: "figure", role: "status" });
  const found = make("p", {});
  const note = make("p", { class: "note", role: "alert" });
  const acts = make("div", { class: "moves" });
  let timer = 0;
  let shown = null;
  let offered = "";

  async function look() {
    clearTimeout(timer);
    const { ok, data, why } = await ask("GET", "/api/v1/lens");
    if (!ok) say(note, why);
    else show(data);
    if (ok && data.camera && root.isConnected) timer = setTimeout(look, document.hidden ? 4 * EVERY_MS : EVERY_MS);
  }

  function show(state) {
    if (!choices.firstChild && state.cameras.length) choices.append(form([choice("camera", t("lens_camera"), state.cameras.map((one) => [one, one]))], t("lens_begin"), (body) => act("POST", "/api/v1/lens", body)));
    const on = state.camera !== "";
    frame.hidden = !on || state.seq === null;
    if (on && state.seq !== shown && state.seq !== null) {
      shown = state.seq;
      picture.src = `/api/v1/lens/picture?n=${state.seq}`;
      picture.hidden = false;
    }
    if (on) {
      marks.setAttribute("viewBox", `0 0 ${state.width} ${state.height}`);
      const dots = (points, kind, r) => points.map(([x, y]) => draw("circle", { cx: x, cy: y, r, class: kind }));
      marks.replaceChildren(...dots(state.seen, "lens-seen", state.width / 160), ...dots(state.corners, "lens-corner", state.width / 110));
    }
    say(stands, on && !state.fit ? t("lens_stands", { told: told("lens", state.told.replaceAll(" ", "_")), taken: state.taken, least: state.least, coverage: percent(state.coverage) }) : "");
    say(found, state.fit ? t("lens_found", { ...state.fit, rms: number(state.fit.rms_px, 2), fx: number(state.fit.fx, 1), std: number(state.fit.focal_std, 1), coverage: percent(state.coverage) }) : "");
    if (state.problem) {
      say(note, state.problem);
      inEnglish(note);
    }
    offer(state);
  }

  function offer(state) {
    const key = `${state.camera} ${state.taken >= state.least} ${Boolean(state.fit)}`;
    if (key === offered) return;
    offered = key;
    const button = (text, go) => make("button", { type: "button", class: "small", onclick: go }, text);
    const parts = [];
    if (state.camera && !state.fit && state.taken >= state.least) parts.push(button(t("lens_fit"), () => act("POST", "/api/v1/lens/fit")));
    if (state.fit) parts.push(sureButton(t("config_apply"), t("config_apply_sure"), () => act("POST", "/api/v1/lens/apply")));
    if (state.camera) parts.push(button(t("lens_end"), () => act("DELETE", "/api/v1/lens")));
    acts.replaceChildren(...parts);
  }

  /** Resolves to null, or to the reason why not, which the page shows as well. */
  async function act(method, path, body) {
    say(note, t("sending"));
    const { ok, data, why } = await ask(method, path, body);
    note.dataset.tone = ok ? "done" : "bad";
    say(note, ok ? (path.endsWith("apply") ? t("config_applied", { said: data.text }) : "") : why);
    inEnglish(note);
    look();
    return ok ? null : why;
  }

  const paper = make("a", { class: "button", href: "/api/v1/lens/board", download: "" }, t("lens_board"));
  const root = make("section", { class: "card", id: "lens" }, make("h2", {}, t("lens_title")), make("p", { class: "quiet" }, t("lens_about")), paper, choices, frame, stands, found, acts, note);
  look();
  return { root, leave: () => clearTimeout(timer) };
}
