// The words of the pages in the person's language; `words_*.js` hold them, a test holds the languages together.

export const LANGUAGES = { en: "English", nl: "Nederlands", es: "Español", fr: "Français" };
export const language = document.documentElement.lang;

/** The language with its region, for numbers and dates: the browser's own where it is of this language. */
export const locale = navigator.languages.find((one) => one.startsWith(language)) ?? (language === "en" ? "en-GB" : language);

const AREAS = ["robot", "people", "faults", "pages", "work"];
const parts = await Promise.all(AREAS.map((area) => import(`./words_${language}_${area}.js`)));
const words = Object.assign({}, ...parts.map((part) => part.default));

<<<<<<< HEAD
  start: "Start",
  pause: "Pause",
  release: "Release",
  resume: "Release and go on",
  resume_waiting: "Released. Waiting until the robot is ready …",
  resume_given_up: "Released, but the robot is not ready. Look at the messages, then press Start.",
  acknowledge: "Seen",
  command_failed: "{name} did not work: {why}",

  mode_starting: "Starting",
  mode_ready: "Ready",
  mode_running: "Working",
  mode_holding: "Waiting",
  mode_stopped: "Stopped",
  mode_fault: "Fault",
  mode_done: "Row done",
  mode_unknown: "No contact",
  mode_unseen: "Not signed in",

  age: "{age} ago",
  age_never: "nothing yet",
  banner_page: "No contact with the dashboard. All values are old. To stop the robot, press the red e-stop button.",
  banner_control: "The robot's control program does not run. All values are old. The page comes back by itself.",
  banner_silent: "The robot's control program is silent. All values are old. To stop, press the red e-stop button.",

  side_left: "Left",
  side_right: "Right",
  no_picture: "No picture",
  frames_per_second: "{fps} pictures/s",
  legend_planned: "will be shot",
  legend_treated: "treated",
  legend_waiting: "looked at",
  legend_refused: "left alone",
  flower_planned: "Flower {id}, {stage} {sure} %: will be shot",
  flower_treated: "Flower {id}, {stage} {sure} %: treated",
  flower_waiting: "Flower {id}, {stage} {sure} %: not decided yet",
  flower_refused: "Flower {id}, {stage} {sure} %: left alone, {reason}",
  tap_flower: "Touch a flower to see why it is shot or left alone.",
  shot: "Nozzle {nozzle} at {s} m",
  stage_bud: "bud",
  stage_open: "open",
  stage_spent: "spent",

  row_title: "Row {name}",
  row_sentence: "{done} % of row {name} is done: {treated} of {ready} ready flowers treated, {missed} missed.",
  row_sentence_left: "About {minutes} min to go.",
  row_sentence_unknown: "The robot does not know where it stands in row {name}.",
  row_sentence_off: "We do not know how the row stands.",
  row_place: "{s} m of {length} m",
  row_speed: "{speed} m/s (cruise {cruise})",
  row_key: "Above the line: left side. Below: right side.",
  strip_label: "Row {name}: the cart is at {s} m of {length} m. {treated} flowers treated, {missed} missed.",

  counts_title: "Flowers",
  ready: "Ready flowers seen",
  treated: "Treated",
  missed: "Missed",
  unsure: "Left alone, stage or place not sure",
  share: "{share} %",
  pulses: "Air pulses",
  pulses_value: "{done} of {sent} done",
  pulses_refused: "Pulses held back",
  buds_spared: "Left alone to spare a bud",
  why_missed: "Why missed",
  none_missed: "Nothing was missed so far.",

  machine_title: "Machine",
  pressure: "Air pressure",
  air_used: "Air used",
  link: "Valve controller",
  link_up: "connected",
  link_down: "no contact",
  armed: "Valves",
  armed_yes: "armed",
  armed_no: "locked",
  estop: "E-stop",
  estop_on: "stop is latched",
  estop_off: "free",
  battery: "Battery",
  latency: "Time per step, usual / worst",
  picture_age: "Picture to shot, usual / worst",

  setup_title: "Row, place and speed",
  set_position: "The cart stands at (m from the row's head)",
  set_row: "Begin row",
  set_speed: "Cruise speed (m/s)",
  set: "Set",
  set_done: "Handed to the robot.",
  set_missing: "Write a value first.",

  history_title: "Past runs",
  history_none: "No runs yet.",
  history_failed: "The past runs cannot be read now.",
  history_row: "Row",
  history_start: "Begun",
  history_end: "Ended",
  history_running: "running, or was cut off",
  history_treated: "Treated",
  history_passed: "Left alone",
  history_pulses: "Pulses done",
  journal_title: "Journal",

  severity_warn: "Take note",
  severity_hold: "Waiting",
  severity_stop: "Stopped",
  severity_gone: "Over",
  fault_gone: "It is over now.",
  fault_since: "since {age}",

  seconds: "{n} s",
  minutes: "{n} min",
  hours: "{n} h",

  last_command: "{who} pressed {name} {age} ago",
  last_value: "{who}: {name}, {age} ago",
  you: "You",
  program: "Program",
  someone_here: "Someone at the robot",
  someone_at: "Someone at {address}",
  said_stop: "STOP",
  said_start: "START",
  said_pause: "PAUSE",
  said_release: "RELEASE",
  said_acknowledge: "SEEN",
  said_set_position: "place set",
  said_set_row: "row begun",
  said_set_speed: "speed set",
  sign_in_to_act: "Sign in to act",
  sign_in_to_look: "Sign in to see the robot. STOP works without signing in.",
  viewer_acts: "You may look and stop. Ask the admin for more.",
  release_waits: "Release waits for the place: the robot does not know where it stands.",
  give_place: "Give the place",
  recording_problem: "Nothing is recorded: {why}",

  reason_not_ready: "not in bloom",
  reason_unsure: "stage not sure",
  reason_place_unsure: "place not sure",
  reason_look_again: "not sure, looked at again on the way back",
  reason_out_of_reach: "out of reach of the nozzles",
  reason_treated_recently: "treated a short time ago",
  reason_daily_cap: "had its pulses for today",
  reason_bud_in_jet: "a bud is in the jet",
  reason_passed: "the nozzle had passed it",
  reason_nozzle_busy: "the nozzle was busy",
  reason_over_air_budget: "too much air at once",
  reason_not_armed: "the valves were locked",
  reason_estop: "e-stop",
  reason_low_pressure: "air pressure too low",
  reason_link_down: "no contact with the valve controller",
  reason_position_unsure: "the cart's place was not sure",
  reason_outside_row: "outside the row",
  reason_over_cap: "the pulse was too long",
  reason_queue_full: "too many pulses at once",
  reason_late: "too late",
  reason_stale: "old data",
  reason_bad_session: "the controller had restarted",
  reason_no_answer: "the controller did not answer",
  reason_stopped: "the robot was stopped",
};

const languages = { en };
const chosen = languages[(navigator.language || "en").slice(0, 2)] || en;
=======
/** Whether there is a text of that key. */
export const has = (key) => Object.hasOwn(words, key);
>>>>>>> 55591a9 (dashboard: today, row, results, history; four languages)

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
