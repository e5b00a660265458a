// The one WebSocket: states as text, pictures as bytes. It opens again by itself.

const RETRY_MS = [200, 500, 1000, 2000];
const SILENT_MS = 3000; // the dashboard sends at least twice a second
const FEW_MS = 2000; // with few pictures: one of each side this often

/** Call `onState(state)`, `onFrame(header, blob)` and `onLine(open)` as things come, while `mayOpen()` says yes. */
export function openLive({ pictures, mayOpen, onState, onFrame, onLine }) {
  let socket = null;
  let tries = 0;
  let lastHeard = 0;
  let resting = false;
  let asked = "";

  async function open() {
    if (!(await mayOpen())) return openLater();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/api/v1/live`);
    socket.binaryType = "arraybuffer";
    lastHeard = performance.now();
    socket.onopen = () => {
      tries = 0;
      asked = "";
      resting = false;
      tellWishes();
      onLine(true);
    };
    socket.onmessage = ({ data }) => {
      lastHeard = performance.now();
      if (typeof data === "string") onState(JSON.parse(data));
      else takePicture(data);
    };
    socket.onclose = () => {
      onLine(false);
      openLater();
    };
  }

  function takePicture(data) {
    onFrame(...splitFrame(data));
    if (pictures !== "few" || resting) return;
    // The other side's picture is on its way; then there are none for a while.
    resting = true;
    setTimeout(tellWishes, 300);
    setTimeout(() => ((resting = false), tellWishes()), FEW_MS);
  }

  function openLater() {
    setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  }

  function tellWishes() {
    if (socket?.readyState !== WebSocket.OPEN) return;
    const wish = document.hidden || pictures === "none" || resting ? "frames off" : "frames on";
    if (wish !== asked) socket.send(wish);
    asked = wish;
  }

  // A dead network closes nothing, and would answer no farewell for seconds: a silent line is left here and now.
  setInterval(() => {
    if (socket?.readyState !== WebSocket.OPEN || performance.now() - lastHeard < SILENT_MS) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    onLine(false);
    openLater();
  }, 500);
  document.addEventListener("visibilitychange", tellWishes);
  open();
}

function splitFrame(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return [header, new Blob([new Uint8Array(buffer, 4 + length)], { type: "image/jpeg" })];
}
