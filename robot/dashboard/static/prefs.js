// What a person chose for this browser: language, units, colours, how many pictures.

const DEFAULTS = { language: "", theme: "auto", units: "", pictures: "all" };

function read(name) {
  try {
    return localStorage.getItem(`bombus-${name}`) ?? DEFAULTS[name];
  } catch {
    return DEFAULTS[name]; // a browser that keeps nothing
  }
}

export const prefs = {
  theme: read("theme"),
  pictures: read("pictures"),
  // Feet and Fahrenheit where the browser's own region uses them.
  units: read("units") || (/-(US|LR|MM)$/i.test(navigator.language) ? "feet" : "metres"),
};

/** Keep a choice; false when this browser keeps nothing. */
export function keep(name, value) {
  try {
    localStorage.setItem(`bombus-${name}`, value);
    return true;
  } catch {
    return false;
  }
}
