// The analysis, in wasm: node judge.js MODULE NODES STEPS NODES STEPS …
// Output: a line for each pair with the milliseconds that judging such a run takes, the best of five.
"use strict";

const { Run } = require(process.argv[2]);

const PASSES = 5;

const sizes = process.argv.slice(3).map(Number);
for (let at = 0; at + 1 < sizes.length; at += 2) {
  const run = new Run(sizes[at], sizes[at + 1]);
  let least = Infinity;
  for (let pass = 0; pass < PASSES; pass++) {
    const started = performance.now();
    if (!run.judge()) throw new Error("not every state was looked at");
    least = Math.min(least, performance.now() - started);
  }
  run.free();
  console.log(least);
}
