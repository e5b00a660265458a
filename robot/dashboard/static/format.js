// Numbers, units and times as people read them in their language.

import { prefs } from "./prefs.js";
import { locale, t } from "./strings.js";

const FEET = 3.28084;
const inFeet = prefs.units === "feet";
const forms = new Map();

/** Return `value` with `digits` behind the point, or a dash when there is none. */
export function number(value, digits = 0) {
  if (!Number.isFinite(value)) return "–";
  if (!forms.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    forms.set(digits, new Intl.NumberFormat(locale, options));
  }
  return forms.get(digits).format(value);
}

/** The unit of lengths, and how many of it make a metre. */
export const lengthUnit = inFeet ? { name: "ft", perMetre: FEET } : { name: "m", perMetre: 1 };

/** Return a length, given in metres. */
export const metres = (m, digits = 0) => `${number(Number.isFinite(m) ? m * lengthUnit.perMetre : NaN, digits)} ${lengthUnit.name}`;

/** Return a speed, given in m/s. */
export const speed = (mps) => `${number(Number.isFinite(mps) ? mps * lengthUnit.perMetre : NaN, 2)} ${lengthUnit.name}/s`;

/** Return a temperature, given in °C. */
export const warmth = (celsius) => (inFeet ? `${number(celsius * 1.8 + 32, 1)} °F` : `${number(celsius, 1)} °C`);

/** Return a share of 1 in per cent, never rounded up to a whole that it is not. */
export const percent = (share) => (Number.isFinite(share) ? `${number(Math.floor(share * 1000) / 10, share >= 1 ? 0 : 1)} %` : "–");

/** Return a duration in s, min or h. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 10) return t("seconds", { n: number(seconds, 1) });
  if (seconds < 100) return t("seconds", { n: Math.round(seconds) });
  if (seconds < 6000) return t("minutes", { n: Math.round(seconds / 60) });
  return t("hours", { n: number(seconds / 3600, seconds < 36000 ? 1 : 0) });
}

/** Return "3 s ago". */
export function ago(seconds) {
  return seconds === null || seconds === undefined ? t("age_never") : t("age", { age: duration(seconds) });
}

const when = (wall, options) => new Date(wall * 1000).toLocaleString(locale, options);

/** Return a wall time (POSIX seconds) with its day. */
export const clock = (wall) => when(wall, { dateStyle: "short", timeStyle: "short" });

/** Return a wall time with its seconds, for a log. */
export const moment = (wall) => when(wall, { dateStyle: "short", timeStyle: "medium" });

/** Return a wall time's day. */
export const day = (wall) => when(wall, { dateStyle: "medium" });

/** Return a wall time's hour and minute, with its weekday where that is another day than today. */
export function soon(wall) {
  const other = new Date(wall * 1000).toDateString() !== new Date().toDateString();
  return when(wall, { hour: "2-digit", minute: "2-digit", ...(other ? { weekday: "short" } : {}) });
}

/** Return a wall time's day as people say it of today and yesterday, else its date; for the head of a sentence. */
export function dayName(wall) {
  const noon = (time) => new Date(time).setHours(12, 0, 0, 0);
  const days = Math.round((noon(wall * 1000) - noon(Date.now())) / 86_400_000);
  const text = Math.abs(days) > 1 ? day(wall) : new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

/** Return a wall time's hour and minute. */
export const hour = (wall) => when(wall, { timeStyle: "short" });
