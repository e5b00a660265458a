// Buttons to commands. A press has one id, so that trying again never acts twice.

import { t } from "./strings.js";

const TRIES = 3;
let token = "";

async function fetchToken() {
  const answer = await fetch("/api/v1/session");
  token = (await answer.json()).token;
}

/** Get ready, so that the first press needs one request only. */
export function prepareCommands() {
  fetchToken().catch(() => {});
}

/** Send one command; resolves to null, or to the reason why it was not taken. */
export async function command(name, { value = null, text = "" } = {}) {
  const body = JSON.stringify({ request_id: newId(), name, value, text });
  let why = t("offline_why");
  for (let i = 0; i < TRIES; i++) {
    try {
      if (!token) await fetchToken();
      const answer = await fetch("/api/v1/command", {
        method: "POST",
        headers: { "content-type": "application/json", "x-bombus-token": token },
        body,
      });
      if (answer.ok) return null;
      const { detail } = await answer.json();
      why = typeof detail === "string" ? detail : JSON.stringify(detail);
      if (answer.status === 403) token = ""; // the dashboard has restarted: its token is a new one
      else if (answer.status !== 503) return why;
    } catch (error) {
      why = t("offline_why");
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }
  return why;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
