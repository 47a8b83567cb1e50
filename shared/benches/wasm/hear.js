// The receiver, in wasm, on the trials of its benchmark: node hear.js MODULE [time].
// Input: per trial a 32-bit length and as many 16-bit samples, in the machine's order.
// Output: per trial a line with what is reported, or with nanoseconds a sample.
"use strict";

const { readSync } = require("node:fs");
const { Signal, has_simd, transcript } = require(process.argv[2]);

const PASSES = 101;

/** The next bytes of the standard input; undefined at its end. */
function next(bytes) {
  const buffer = new Uint8Array(bytes);
  for (let at = 0; at < bytes; ) {
    const count = readSync(0, buffer, at, bytes - at);
    if (count === 0) return undefined;
    at += count;
  }
  return buffer.buffer;
}

/** The fastest of many passes: the first ones run before the code is optimised, others beside other programs. */
function time(pcm) {
  const signal = new Signal(pcm);
  let least = Infinity;
  for (let pass = 0; pass < PASSES; pass++) {
    const started = performance.now();
    signal.decode();
    least = Math.min(least, performance.now() - started);
  }
  signal.free();
  return (least * 1e6) / pcm.length;
}

if (!has_simd()) throw new Error("the module was compiled without simd128");
const answer = process.argv[3] === "time" ? time : transcript;
const lines = [];
for (let head; (head = next(4)); ) {
  lines.push(answer(new Int16Array(next(2 * new Uint32Array(head)[0]))));
}
process.stdout.write(lines.map((line) => line + "\n").join(""));
