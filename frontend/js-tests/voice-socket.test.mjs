import assert from "node:assert/strict";
import { test } from "node:test";

import { Port, plain, run } from "./script.mjs";

class Socket {
  static OPEN = 1;
  readyState = 0;
  sent = [];
  isClosed = false;
  onopen = null;
  onmessage = null;
  onclose = null;

  constructor(url) {
    this.url = url;
  }

  open() {
    this.readyState = Socket.OPEN;
    this.onopen?.();
  }

  send(data) {
    this.sent.push(data);
  }

  close() {
    this.isClosed = true;
    this.readyState = 3;
  }
}

/** The worker, with what it dials and what it tells the page. */
const worker = () => {
  const sockets = [];
  const page = new Port();
  class Dialled extends Socket {
    constructor(url) {
      super(url);
      sockets.push(this);
    }
  }
  const clock = { now: 5 };
  const pulses = new Map();
  const world = run("voice-socket.js", {
    WebSocket: Dialled,
    performance: { timeOrigin: 1000, now: () => clock.now },
    setInterval: (run) => {
      pulses.set(pulses.size + 1, run);
      return pulses.size;
    },
    clearInterval: (pulse) => pulses.delete(pulse),
    postMessage: (message) => page.postMessage(message),
  });
  const tell = (data) => world.onmessage({ data });
  return { sockets, page, tell, clock, pulses };
};

const joined = () => {
  const audio = new Port();
  const it = worker();
  it.tell({ kind: "join", port: audio });
  return { ...it, audio };
};

test("an opened call is told to both sides", () => {
  const { sockets, page, audio, tell } = joined();
  tell({ kind: "dial", url: "ws://here/ws/voice/1", number: 7 });
  assert.equal(sockets[0].url, "ws://here/ws/voice/1");
  assert.equal(sockets[0].binaryType, "arraybuffer");
  assert.deepEqual(page.take(), []);
  sockets[0].open();
  assert.deepEqual(plain(page.take()), [{ kind: "opened", number: 7 }]);
  assert.deepEqual(plain(audio.take()), [{ kind: "open" }]);
});

test("an audio thread that joins an open call hears that it is open", () => {
  const { sockets, tell } = worker();
  tell({ kind: "dial", url: "ws://here", number: 1 });
  sockets[0].open();
  const audio = new Port();
  tell({ kind: "join", port: audio });
  assert.deepEqual(plain(audio.take()), [{ kind: "open" }]);
});

test("an audio thread that joins before the call is open is told once", () => {
  const { sockets, audio, tell } = joined();
  tell({ kind: "dial", url: "ws://here", number: 1 });
  assert.deepEqual(audio.take(), []);
  sockets[0].open();
  assert.deepEqual(plain(audio.take()), [{ kind: "open" }]);
});

test("audio goes to the audio thread alone, without a copy", () => {
  const { sockets, page, audio, tell } = joined();
  tell({ kind: "dial", url: "ws://here", number: 3 });
  sockets[0].open();
  audio.take();
  page.take();
  const data = new ArrayBuffer(320);
  sockets[0].onmessage({ data });
  assert.equal(audio.posted.length, 1);
  const [{ message, transferred }] = audio.posted;
  assert.equal(message.kind, "audio");
  assert.equal(message.bytes, data);
  assert.equal(message.at, 1005);
  assert.equal(transferred[0], data);
  assert.ok(page.take().every((message) => message.bytes !== data));
});

test("audio says how long the thread was silent before it, and a silent network is no silent thread", () => {
  const { sockets, audio, tell, clock, pulses } = joined();
  tell({ kind: "dial", url: "ws://here", number: 3 });
  sockets[0].open();
  audio.take();
  const silence = (now) => {
    clock.now = now;
    sockets[0].onmessage({ data: new ArrayBuffer(320) });
    return audio.take()[0].silence;
  };
  assert.equal(silence(25), 20);
  // The timer goes on while nothing comes.
  for (clock.now = 45; clock.now < 300; clock.now += 20) for (const pulse of pulses.values()) pulse();
  assert.equal(silence(clock.now), 20);
  // The thread does not run, and what waited comes in one go: after the message itself, or after the timer.
  const from = clock.now;
  assert.equal(silence(from + 200), 200);
  assert.equal(silence(from + 200), 0);
  clock.now = from + 500;
  for (const pulse of pulses.values()) pulse();
  assert.equal(silence(from + 501), 300);
  tell({ kind: "hangUp", number: 3 });
  assert.equal(pulses.size, 0);
});

test("text goes to the page alone", () => {
  const { sockets, page, audio, tell } = joined();
  tell({ kind: "dial", url: "ws://here", number: 3 });
  sockets[0].open();
  audio.take();
  page.take();
  sockets[0].onmessage({ data: "{}" });
  assert.deepEqual(plain(page.take()), [{ kind: "text", text: "{}", number: 3 }]);
  assert.deepEqual(audio.take(), []);
});

test("frames for the far end are sent while the call is open, and dropped otherwise", () => {
  const { sockets, audio, tell } = joined();
  audio.onmessage({ data: "before any call" });
  tell({ kind: "dial", url: "ws://here", number: 1 });
  audio.onmessage({ data: "while dialling" });
  sockets[0].open();
  audio.onmessage({ data: "open" });
  tell({ kind: "hangUp", number: 1 });
  audio.onmessage({ data: "afterwards" });
  assert.deepEqual(sockets[0].sent, ["open"]);
});

test("a call that the far end closes is told with its code, and over", () => {
  const { sockets, page, audio, tell } = joined();
  tell({ kind: "dial", url: "ws://here", number: 4 });
  sockets[0].open();
  page.take();
  audio.take();
  sockets[0].onmessage({ data: new ArrayBuffer(320) });
  sockets[0].onmessage({ data: new ArrayBuffer(100) });
  audio.take();
  sockets[0].onclose({ code: 1006 });
  assert.deepEqual(plain(page.take()), [{ kind: "closed", code: 1006, received: 420, number: 4 }]);
  assert.deepEqual(plain(audio.take()), [{ kind: "close" }]);
  audio.onmessage({ data: "late" });
  assert.deepEqual(sockets[0].sent, []);
});

test("a socket that was hung up says nothing more", () => {
  const { sockets, page, audio, tell } = joined();
  tell({ kind: "dial", url: "ws://here", number: 1 });
  sockets[0].open();
  page.take();
  audio.take();
  tell({ kind: "hangUp", number: 1 });
  assert.ok(sockets[0].isClosed);
  assert.deepEqual(plain(audio.take()), [{ kind: "close" }]);
  assert.equal(sockets[0].onopen, null);
  assert.equal(sockets[0].onmessage, null);
  assert.equal(sockets[0].onclose, null);
  assert.deepEqual(page.take(), []);
});

test("hanging up an earlier call leaves the present one alone", () => {
  const { sockets, tell } = joined();
  tell({ kind: "dial", url: "ws://first", number: 1 });
  tell({ kind: "dial", url: "ws://second", number: 2 });
  assert.ok(sockets[0].isClosed);
  tell({ kind: "hangUp", number: 1 });
  assert.ok(!sockets[1].isClosed);
  tell({ kind: "hangUp", number: 2 });
  assert.ok(sockets[1].isClosed);
});

test("a message that it does not know changes nothing", () => {
  const { sockets, page, audio, tell } = joined();
  tell({ kind: "somethingElse" });
  assert.deepEqual([sockets, page.take(), audio.take()], [[], [], []]);
});
