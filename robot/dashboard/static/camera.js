// One side's picture with what the robot means to do drawn over it.

import { draw, make, say } from "./dom.js";
import { ago, metres, number } from "./format.js";
import { prefs } from "./prefs.js";
import { t, told } from "./strings.js";

const STALE_S = 1.0;

export class CameraCard {
  constructor(root, side) {
    this.side = side;
    this.root = root;
    this.canvas = make("canvas", { width: 640, height: 384, role: "img", "aria-label": t(`side_${side}`) });
    this.marks = draw("svg", { class: "marks", viewBox: "0 0 640 384" });
    this.empty = make("p", { class: "empty" }, t(prefs.pictures === "none" ? "pictures_are_off" : "no_picture"));
    this.age = make("span", { class: "age" });
    this.rate = make("span", { class: "rate" });
    this.lag = make("span", { class: "rate lag" });
    this.ages = new Map();
    this.problem = make("p", { class: "problem", role: "status" });
    this.detail = make("p", { class: "detail" }, t("tap_flower"));
    root.replaceChildren(
      make("h2", {}, t(`side_${side}`), this.rate, this.lag, this.age),
      make("div", { class: "picture" }, this.canvas, this.marks, this.empty),
      this.problem,
      this.detail,
      legend(),
    );
    this.chosen = null;
  }

  showState(camera, age, stale) {
    const seen = camera?.age_s ?? null;
    const total = seen === null ? null : seen + age;
    this.stale = stale || total === null || total > STALE_S;
    this.root.classList.toggle("stale", this.stale);
    this.root.hidden = !camera;
    say(this.age, ago(total));
    this.noteAge(camera, total);
    say(this.rate, camera ? t("frames_per_second", { fps: number(camera.fps, 0) }) : "");
    say(this.problem, camera?.problem ?? "");
    this.empty.hidden = "seq" in this.canvas.dataset;
  }

  noteAge(camera, age) {
    if (!camera || camera.seq === null || age === null) return;
    this.ages.set(camera.seq, { age, at: performance.now() });
    if (this.ages.size > 8) this.ages.delete(this.ages.keys().next().value);
  }

  async showFrame(header, blob) {
    const came = performance.now();
    const picture = await createImageBitmap(blob).catch(() => null);
    if (!picture) return;
    if (this.canvas.width !== header.width || this.canvas.height !== header.height) {
      this.canvas.width = header.width;
      this.canvas.height = header.height;
      this.marks.setAttribute("viewBox", `0 0 ${header.width} ${header.height}`);
    }
    this.canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.close();
    this.canvas.dataset.seq = header.seq;
    this.empty.hidden = true;
    this.tellLag(header.seq, came);
    this.marks.replaceChildren(
      ...header.flowers.map((flower) => this.flower(flower)),
      ...header.shots.map(shotMark),
    );
  }

  /** How old the picture was when it was drawn: its age in the state that names it, and the time since. */
  tellLag(seq, came) {
    const known = this.ages.get(seq);
    if (known === undefined) return;
    const lag = known.age * 1000 + Math.max(0, came - known.at) + (performance.now() - came);
    say(this.lag, t("lag", { ms: Math.round(lag) }));
  }

  flower(flower) {
    const [x0, y0, x1, y1] = flower.box;
    const text = describe(flower);
    if (flower.flower_id === this.chosen) say(this.detail, text);
    const mark = draw("g", { class: `flower ${flower.state}`, onclick: () => this.choose(flower, text) });
    mark.append(
      draw("title", {}, text),
      draw("rect", { x: x0, y: y0, width: x1 - x0, height: y1 - y0, rx: 4 }),
    );
    if (flower.state === "treated") {
      mark.append(draw("path", { d: `M${x1 - 12} ${y0 + 6}l4 5 8 -10`, class: "tick" }));
    }
    if (flower.state === "planned" || flower.flower_id === this.chosen) {
      mark.append(draw("text", { x: x0, y: y0 - 5 }, String(flower.flower_id)));
    }
    return mark;
  }

  choose(flower, text) {
    this.chosen = flower.flower_id;
    say(this.detail, text);
  }
}

function describe(flower) {
  return t(`flower_${flower.state}`, {
    id: flower.flower_id,
    stage: told("stage", flower.stage),
    sure: Math.round(flower.probability * 100),
    reason: told("reason", flower.reason),
  });
}

function shotMark(shot) {
  const { x, y } = shot;
  return draw(
    "g",
    { class: "shot" },
    draw("title", {}, t("shot", { nozzle: shot.nozzle, s: metres(shot.s, 2) })),
    draw("circle", { cx: x, cy: y, r: 9 }),
    draw("path", { d: `M${x - 15} ${y}h30M${x} ${y - 15}v30` }),
  );
}

function legend() {
  const states = ["planned", "treated", "waiting", "refused"];
  const items = states.map((state) => {
    const swatch = draw("svg", { viewBox: "0 0 20 20", class: "swatch", "aria-hidden": "true" });
    const box = draw("g", { class: `flower ${state}` }, draw("rect", { x: 3, y: 3, width: 14, height: 14, rx: 3 }));
    if (state === "treated") box.append(draw("path", { d: "M6 10l3 4 6 -8", class: "tick" }));
    swatch.append(box);
    return make("li", {}, swatch, t(`legend_${state}`));
  });
  return make("ul", { class: "legend" }, ...items);
}
