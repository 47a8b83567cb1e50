// The voice stream's own thread. Audio goes between socket and audio thread without passing through the page's, which may be
// busy for longer than a frame lasts. The page says when to dial and to hang up, each by the call's number, and hears of
// everything but the audio itself.

// Time between two signs of this thread's timer. Where a message is the first sign after a longer silence, the thread did not
// run, and the message may have waited for it.
const PULSE_MS = 50;

/** @type {{ socket: WebSocket, number: number, pulse: number } | null} */
let dialled = null;
/** @type {MessagePort | null} */
let audio = null;

const hangUp = () => {
  if (dialled === null) return;
  const { socket, pulse } = dialled;
  dialled = null;
  clearInterval(pulse);
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  audio?.postMessage({ kind: "close" });
};

/** @param {{ url: string, number: number }} message */
const dial = ({ url, number }) => {
  hangUp();
  const socket = new WebSocket(url);
  let received = 0, lastSign = performance.now(), silence = 0;
  const sign = () => {
    const now = performance.now();
    silence = Math.max(silence, now - lastSign);
    lastSign = now;
  };
  dialled = { socket, number, pulse: setInterval(sign, PULSE_MS) };
  /** @param {CallMessage} message */
  const tell = (message) => postMessage({ ...message, number });
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    audio?.postMessage({ kind: "open" });
    tell({ kind: "opened" });
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") return tell({ kind: "text", text: data });
    received += data.byteLength;
    sign();
    audio?.postMessage({ kind: "audio", bytes: data, at: performance.timeOrigin + lastSign, silence }, [data]);
    silence = 0;
  };
  socket.onclose = ({ code }) => {
    tell({ kind: "closed", code, received });
    hangUp();
  };
};

/** @param {{ port: MessagePort }} message */
const join = ({ port }) => {
  audio = port;
  audio.onmessage = ({ data }) => {
    if (dialled?.socket.readyState === WebSocket.OPEN) dialled.socket.send(data);
  };
  if (dialled?.socket.readyState === WebSocket.OPEN) audio.postMessage({ kind: "open" });
};

/** @param {MessageEvent<PageMessage>} event */
onmessage = ({ data }) => {
  switch (data.kind) {
    case "join": join(data); break;
    case "dial": dial(data); break;
    case "hangUp": if (data.number === dialled?.number) hangUp(); break;
  }
};
