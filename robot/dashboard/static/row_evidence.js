// Pictures as evidence: each flower of a stretch as the recording of the run shows it, the flower in the ring.

import { make, say } from "./dom.js";
import { inEnglish } from "./faults_told.js";
import { prefs } from "./prefs.js";
import { t } from "./strings.js";
import { ask } from "./who.js";

export class Evidence {
  constructor() {
    this.note = make("p", { class: "quiet", role: "status" });
    this.urls = [];
  }

  /** Ask for the pictures of the stretch and put each to its line in `root`, while `wanted()`. */
  async show(where, root, wanted) {
    if (prefs.pictures === "none") return say(this.note, t("pictures_are_off"));
    say(this.note, t("row_pictures_come"));
    const { ok, data, why } = await ask("GET", `/api/v1/flowers/pictures?${where}`);
    if (!wanted()) return;
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = [];
    const problem = ok ? data.problem : why;
    if (problem) return say(inEnglish(this.note), t("cannot_load", { why: problem }));
    for (const { flower, jpeg } of data.pictures) this.add(root.querySelector(`[data-flower="${flower}"]`), flower, jpeg);
    say(this.note, t(data.pictures.length ? "row_pictures_about" : "row_no_pictures"));
  }

  add(line, flower, jpeg) {
    if (!line) return;
    const bytes = Uint8Array.from(atob(jpeg), (one) => one.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    this.urls.push(url);
    line.prepend(make("span", { class: "cut-out" }, make("img", { src: url, width: 128, height: 128, alt: t("row_picture", { id: flower }) })));
  }
}
