// The analysis, in wasm: node judge.js MODULE NODES STEPS NODES STEPS …
// Output: a line for each pair with the milliseconds that judging such a run takes, at the best of many passes.
"use strict";

const { Run } = require(process.argv[2]);

/** At least so many passes, and so many steps in all: the first ones run before the code is optimised. */
const PASSES = 5;
const STEPS = 3_000_000;

const sizes = process.argv.slice(3).map(Number);
for (let at = 0; at + 1 < sizes.length; at += 2) {
  const run = new Run(sizes[at], sizes[at + 1]);
  let least = Infinity;
  for (let pass = 0; pass < Math.max(PASSES, STEPS / sizes[at + 1]); pass++) {
    const started = performance.now();
    if (!run.judge()) throw new Error("not every state was looked at");
    least = Math.min(least, performance.now() - started);
  }
  run.free();
  console.log(least);
}
