// Buttons to commands. A press has one id, so that trying again never acts twice.

import { ask, askWho } from "./who.js";

const TRIES = 3;

/** Send one command; resolves to null, or to the reason why it was not taken. */
export async function command(name, { value = null, text = "" } = {}) {
  const request_id = newId();
  const [path, body] = name === "stop" ? ["/api/v1/stop", { request_id }] : ["/api/v1/commands", { request_id, name, value, text }];
  let why = "";
  for (let i = 0; i < TRIES; i++) {
    const answer = await ask("POST", path, body);
    if (answer.ok) return null;
    why = answer.why;
    if (answer.status === 0) await new Promise((resolve) => setTimeout(resolve, 150));
    else if (answer.status === 401 || answer.status === 403) await askWho(); // signed out, or in, in another tab
    else if (answer.status !== 503) return why;
  }
  return why;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
