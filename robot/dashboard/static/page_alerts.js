// Alerts: what nobody has seen yet, what was seen and by whom, and whether sending them out works.

import { command } from "./commands.js";
import { make, say } from "./dom.js";
import { faultText, inEnglish, remedyOf } from "./faults_told.js";
import { clock, moment } from "./format.js";
import { nameOf } from "./header.js";
import { loader } from "./loader.js";
import { t, told } from "./strings.js";
import { may } from "./who.js";

const EVERY_S = 5;

export function page() {
  const open = make("section", { class: "faults", "aria-live": "polite" });
  const past = make("ul", { class: "journal", tabindex: "0", "aria-label": t("alerts_past") });
  const channels = make("ul", { class: "plain-list" });
  const sending = make("section", { class: "card", hidden: true }, make("h2", {}, t("alerts_channels")), channels);
  const failed = make("p", { class: "note", role: "alert" });
  const seen = async (code) => {
    const why = await command("acknowledge", { text: code });
    say(failed, why === null ? "" : t("command_failed", { name: t("acknowledge"), why }));
    failed.dataset.tone = why === null ? "" : "bad";
    data.reload();
  };
  const data = loader(() => "/api/v1/alerts", EVERY_S, (alerts) => {
    open.replaceChildren(...(alerts.open.length ? alerts.open.map((one) => box(one, seen)) : [make("p", { class: "card" }, t("alerts_none"))]));
    past.replaceChildren(...(alerts.past.length ? alerts.past.map(line) : [make("li", {}, t("alerts_past_none"))]));
    sending.hidden = alerts.channels.length === 0;
    channels.replaceChildren(...alerts.channels.map(channel));
  });
  return {
    layout: "roomy",
    leave: data.leave,
    show: () => {},
    parts: [
      make("section", { class: "card" }, make("h2", {}, t("alerts_open")), data.note, failed),
      open,
      make("section", { class: "card" }, make("h2", {}, t("alerts_past")), past),
      sending,
    ],
  };
}

function box(one, seen) {
  const times = one.count > 1 ? `, ${t("alerts_times", { n: one.count })}` : "";
  const when = `${t("alerts_raised", { time: clock(one.raised) })}${times}, ${t(one.present ? "alerts_present" : "alerts_over")}`;
  const severity = one.present ? one.severity : "gone";
  const text = make("div", {}, make("strong", {}, `${told("severity", one.severity)}: ${faultText(one)}`), make("p", {}, `${remedyOf(one)}. `, make("small", {}, when)));
  const button = may("operate") ? make("button", { type: "button", onclick: () => seen(one.code) }, t("acknowledge")) : null;
  return make("article", { class: "fault", "data-severity": severity }, text, button);
}

function line(one) {
  const who = t("alerts_seen_by", { who: nameOf(one.acknowledged_by), time: clock(one.acknowledged) });
  return make("li", {}, make("time", {}, moment(one.raised)), ` ${faultText(one)} (${who})`);
}

function channel(one) {
  const works = one.tries === 0 ? t("alerts_channel_ok") : t("alerts_channel_bad", { n: one.tries, why: one.problem });
  return inEnglish(make("li", {}, `${one.name}: ${works}`));
}
