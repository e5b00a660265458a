// What the robot does and what is wrong with it, in the person's language.

import { has, language, t } from "./strings.js";

/** Return a fault's text; what comes behind its colon is the robot's own detail. */
export function faultText(fault) {
  const key = `fault_${fault.code}`;
  if (!has(key)) return fault.text;
  const at = fault.text.indexOf(": ");
  return at < 0 ? t(key) : `${t(key)}: ${fault.text.slice(at + 2)}`;
}

/** Return what to do about a fault. */
export const remedyOf = (fault) => (has(`remedy_${fault.code}`) ? t(`remedy_${fault.code}`) : fault.remedy);

const cause = (snapshot) => snapshot.faults.find((fault) => fault.present && ["stop", "hold"].includes(fault.severity));

/** Whether it works but waits for something. */
export const isHeld = (snapshot) => snapshot?.mode === "running" && snapshot.faults.some((one) => one.present && one.severity === "hold");

/** Return one sentence that says what the robot does, and what it waits for. */
export function doing(snapshot) {
  const why = cause(snapshot);
  if (!why) return t(`says_${snapshot.mode}`);
  const because = `${faultText(why)}. ${remedyOf(why)}.`;
  return snapshot.mode === "running" ? t("says_waiting", { why: because }) : `${t(`says_${snapshot.mode}`)} ${because}`;
}

/** Mark a text that came from the robot or the API as what it is: English. */
export const inEnglish = (element) => {
  if (language !== "en") element.lang = "en";
  return element;
};
