// The words of the pages in the person's language; `words_*.js` hold them, a test holds the languages together.

export const LANGUAGES = { en: "English", nl: "Nederlands", es: "Español", fr: "Français" };
export const language = document.documentElement.lang;

/** The language with its region, for numbers and dates: the browser's own where it is of this language. */
export const locale = navigator.languages.find((one) => one.startsWith(language)) ?? (language === "en" ? "en-GB" : language);

const AREAS = ["robot", "people", "faults", "pages", "work"];
const parts = await Promise.all(AREAS.map((area) => import(`./words_${language}_${area}.js`)));
const words = Object.assign({}, ...parts.map((part) => part.default));

/** Whether there is a text of that key. */
export const has = (key) => Object.hasOwn(words, key);

/** Return the text of `key` with its {names} filled in; an unknown key shows itself. */
export function t(key, values = {}) {
  const text = has(key) ? words[key] : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Return the text of a code that came from the robot, or the code in words when we have none. */
export function told(prefix, code) {
  const key = `${prefix}_${code}`;
  return has(key) ? t(key) : String(code).replaceAll("_", " ");
}
