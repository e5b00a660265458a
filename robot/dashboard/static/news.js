// What the robot said last, how old it is, and whether that still holds; the one live line of this tab feeds it.

import { openLive } from "./live.js";
import { page } from "./pages.js";
import { prefs } from "./prefs.js";
import { askWho, may } from "./who.js";

const STALE_S = 1.0; // snapshots come ten times a second

let state = { control: false, age_s: null, snapshot: null };
let stateAt = performance.now();
let lineOpen = false;
const hearers = new Set();
const lookers = new Set();

/** Return { snapshot, age, stale, lineOpen, control }; `age` in s, null before the first snapshot. */
export function news() {
  const { snapshot, control } = state;
  const age = snapshot ? (state.age_s ?? 0) + (performance.now() - stateAt) / 1000 : null;
  const stale = !lineOpen || !control || age === null || age > STALE_S;
  return { snapshot, age, stale, lineOpen, control };
}

/** Call `hear(news)` with each state, and four times a second so that ages grow. */
export const onNews = (hear) => hearers.add(hear);

/** Call `look(header, blob)` with each picture. */
export const onPicture = (look) => lookers.add(look);

export function tellNews() {
  const now = news();
  for (const hear of hearers) hear(now);
}

/** Open the line. */
export function listen() {
  openLive({
    pictures: page.pictures ? prefs.pictures : "none",
    mayOpen: async () => (await askWho(), may("look")),
    onState(next) {
      state = next;
      stateAt = performance.now();
      tellNews();
    },
    onFrame: (header, blob) => lookers.forEach((look) => look(header, blob)),
    onLine(open) {
      lineOpen = open;
      tellNews();
    },
  });
  setInterval(tellNews, 250);
}
