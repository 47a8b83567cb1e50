import assert from "node:assert/strict";
import { test } from "node:test";

import { Port, plain, run } from "./script.mjs";

const CAPACITY = 8;
const BUFFERS = { push: 0, input: 1024, output: 8192, upstream: 16384, settings: 20480, report: 24576 };

/** The wasm's exports: real memory, and a list of the calls. */
const stubbed = () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const calls = [];
  const frames = [];
  const state = { onset: -1, frames };
  const record = (name, result) => (...values) => {
    calls.push([name, ...values]);
    return result;
  };
  const exports = {
    memory,
    push_buffer: () => BUFFERS.push,
    push_capacity: () => CAPACITY,
    input_buffer: () => BUFFERS.input,
    output_buffer: () => BUFFERS.output,
    upstream_buffer: () => BUFFERS.upstream,
    settings_buffer: () => BUFFERS.settings,
    settings_numbers: () => 3,
    report_buffer: () => BUFFERS.report,
    report_numbers: () => 2,
    onset: () => state.onset,
    take_upstream: () => {
      const frame = frames.shift();
      if (frame === undefined) return 0;
      new Int16Array(memory.buffer, BUFFERS.upstream, 160).fill(frame);
      return 1;
    },
    push: (bytes) => calls.push(["push", ...new Uint8Array(memory.buffer, BUFFERS.push, bytes)]),
    process: (samples) => {
      calls.push(["process", samples]);
      const input = new Float32Array(memory.buffer, BUFFERS.input, samples);
      const output = new Float32Array(memory.buffer, BUFFERS.output, samples);
      for (let at = 0; at < samples; at += 1) output[at] = input[at] / 2;
    },
  };
  const silent = ["init", "open", "new_call", "arrived", "close", "flush", "set_capture", "set_min_wait", "set_tones", "set_chain", "press", "sound", "dial", "release", "report"];
  for (const name of silent) exports[name] = record(name);
  return { exports, calls, state, memory };
};

/** A processor with its wasm, and the world it runs in. */
const processor = (first) => {
  const wasm = stubbed();
  const registered = {};
  class Instance {
    exports = wasm.exports;
  }
  class Processor {
    port = new Port();
  }
  const world = run("voice-processor.js", {
    AudioWorkletProcessor: Processor,
    WebAssembly: { Module: class {}, Instance },
    registerProcessor: (name, kind) => (registered[name] = kind),
    sampleRate: 48000,
    currentTime: 0,
  });
  const options = first === undefined ? { wasm: null } : { wasm: null, first };
  const node = new registered["dialbench-voice"]({ processorOptions: options });
  const tell = (data) => node.port.onmessage({ data });
  /** Runs one quantum and returns what is heard. */
  const quantum = (input, channels = 1) => {
    const output = Array.from({ length: channels }, () => new Float32Array(128));
    assert.equal(node.process([input === undefined ? [] : [input]], [output]), true);
    return output;
  };
  return { node, tell, quantum, world, ...wasm };
};

test("the wasm is set up for the sound card before anything else, then told what was known beforehand", () => {
  const { calls } = processor([{ kind: "press", code: 5 }, { kind: "open" }]);
  assert.deepEqual(calls, [["init", 48000], ["press", 5], ["open"]]);
});

test("each message calls its export", () => {
  const { tell, calls, memory } = processor();
  calls.length = 0;
  tell({ kind: "open" });
  tell({ kind: "newCall" });
  tell({ kind: "press", code: 11 });
  tell({ kind: "release" });
  tell({ kind: "capture", on: true });
  tell({ kind: "capture", on: false });
  tell({ kind: "wait", ms: 80 });
  tell({ kind: "tones", lengthMs: 100, gapMs: 70, levelDbm0: -9 });
  tell({ kind: "flush" });
  tell({ kind: "close" });
  tell({ kind: "chain", settings: [1, 2, 3] });
  const expected = [
    ["open"], ["new_call"], ["press", 11], ["release"], ["set_capture", 1], ["set_capture", 0], ["set_min_wait", 80], ["set_tones", 100, 70, -9],
    ["flush"],    ["close"], ["set_chain"],
  ];
  assert.deepEqual(calls, expected);
  assert.deepEqual([...new Float32Array(memory.buffer, BUFFERS.settings, 3)], [1, 2, 3]);
});

test("audio that is longer than the buffer is pushed in parts, in order", () => {
  const { tell, calls } = processor();
  calls.length = 0;
  tell({ kind: "audio", bytes: Uint8Array.from({ length: 19 }, (_, at) => at).buffer, at: 1234.5, silence: 80 });
  assert.deepEqual(calls, [
    ["arrived", 19, 1234.5, 80],
    ["push", 0, 1, 2, 3, 4, 5, 6, 7],
    ["push", 8, 9, 10, 11, 12, 13, 14, 15],
    ["push", 16, 17, 18],
  ]);
});

test("audio comes by way of the worker's port as well", () => {
  const { tell, calls } = processor();
  const line = new Port();
  tell({ kind: "join", port: line });
  calls.length = 0;
  line.onmessage({ data: { kind: "audio", bytes: Uint8Array.of(1, 2).buffer } });
  assert.deepEqual(calls, [["arrived", 2, NaN, 0], ["push", 1, 2]]);
});

test("what the wasm makes is heard on every channel", () => {
  const { quantum } = processor();
  const [left, right] = quantum(new Float32Array(128).fill(0.5), 2);
  assert.ok(left.every((sample) => sample === 0.25));
  assert.ok(right.every((sample) => sample === 0.25));
});

test("an input that goes away is silence, not what was heard last", () => {
  const { quantum } = processor();
  quantum(new Float32Array(128).fill(0.5));
  const [heard] = quantum(undefined);
  assert.ok(heard.every((sample) => sample === 0));
});

test("each frame for the far end is a buffer of its own, given away", () => {
  const { tell, quantum, state } = processor();
  const line = new Port();
  tell({ kind: "join", port: line });
  state.frames.push(1, 2);
  quantum(undefined);
  assert.equal(line.posted.length, 2);
  for (const [at, { message, transferred }] of line.posted.entries()) {
    assert.equal(message.byteLength, 320);
    assert.ok(new Int16Array(message).every((sample) => sample === at + 1));
    assert.equal(transferred[0], message);
  }
});

test("frames are taken where nobody has joined, so that none is stale later", () => {
  const { quantum, state } = processor();
  state.frames.push(1, 2, 3);
  quantum(undefined);
  assert.deepEqual(state.frames, []);
});

test("a tone's onset is told at the time of its sample", () => {
  const { node, quantum, state, world } = processor();
  world.currentTime = 2;
  state.onset = 48;
  quantum(undefined);
  const onsets = plain(node.port.take()).filter(({ kind }) => kind === "onset");
  assert.deepEqual(onsets, [{ kind: "onset", time: 2.001 }]);
});

test("reports come four times a second, and ten times while meters are watched", () => {
  const { node, tell, quantum, calls, memory, world } = processor();
  new Float64Array(memory.buffer, BUFFERS.report, 2).set([6, 7]);
  const reportsIn = (seconds) => {
    node.port.take();
    calls.length = 0;
    const end = world.currentTime + seconds;
    while (world.currentTime < end) {
      quantum(undefined);
      world.currentTime += 128 / 48000;
    }
    const reports = node.port.take().filter(({ kind }) => kind === "report");
    assert.equal(calls.filter(([name]) => name === "report").length, reports.length);
    assert.ok(reports.every(({ numbers }) => numbers[0] === 6 && numbers[1] === 7));
    return reports.length;
  };
  assert.equal(reportsIn(1), 4);
  tell({ kind: "meters", on: true });
  reportsIn(1);
  const fast = reportsIn(1);
  assert.ok(fast >= 9 && fast <= 10, `${fast}`);
});
