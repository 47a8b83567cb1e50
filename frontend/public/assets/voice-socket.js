// The voice stream's own thread. Audio goes between socket and audio thread without passing through the page's, which may be
// busy for longer than a frame lasts. The page says when to dial and to hang up, each by the call's number, and hears of
// everything but the audio itself.

/** @type {{ socket: WebSocket, number: number } | null} */
let dialled = null;
/** @type {MessagePort | null} */
let audio = null;

const hangUp = () => {
  if (dialled === null) return;
  const { socket } = dialled;
  dialled = null;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  audio?.postMessage({ kind: "close" });
};

/** @param {{ url: string, number: number }} message */
const dial = ({ url, number }) => {
  hangUp();
  const socket = new WebSocket(url);
  let received = 0;
  dialled = { socket, number };
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
    audio?.postMessage({ kind: "audio", bytes: data, at: performance.timeOrigin + performance.now() }, [data]);
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
