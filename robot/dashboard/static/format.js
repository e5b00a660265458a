// Numbers and times as people read them.

import { t } from "./strings.js";

/** Return `value` with `digits` behind the point, or a dash when there is none. */
export function number(value, digits = 0) {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** Return a duration in s, min or h. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 10) return t("seconds", { n: seconds.toFixed(1) });
  if (seconds < 100) return t("seconds", { n: Math.round(seconds) });
  if (seconds < 6000) return t("minutes", { n: Math.round(seconds / 60) });
  return t("hours", { n: Math.round(seconds / 3600) });
}

/** Return "3 s ago". */
export function ago(seconds) {
  return seconds === null || seconds === undefined ? t("age_never") : t("age", { age: duration(seconds) });
}

/** Return a wall time (POSIX seconds) in the browser's own words. */
export function clock(wall) {
  return new Date(wall * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
}

/** Return a wall time with its seconds, for a log. */
export function moment(wall) {
  return new Date(wall * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "medium" });
}

/** Return a wall time's day. */
export function day(wall) {
  return new Date(wall * 1000).toLocaleDateString([], { dateStyle: "medium" });
}
