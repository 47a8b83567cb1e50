import assert from "node:assert/strict";
import { test } from "node:test";

import { Port, plain, run } from "./script.mjs";

/** The worker, while its core is loading; `loaded` and `refused` say how that ended. */
const worker = () => {
  const page = new Port();
  const asked = [];
  const core = {};
  const module = new Promise((resolve, reject) => {
    core.loaded = (start) => resolve({ default: start });
    core.refused = (why) => reject(new Error(why));
  });
  const load = (name) => {
    asked.push(name);
    return module;
  };
  const world = run("lab-worker.js", { postMessage: (message) => page.postMessage(message) }, load);
  world.self = world;
  const tell = (data) => world.onmessage({ data });
  return { asked, core, page, tell, world };
};

/** Lets everything happen that has been promised. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("what comes while the core is loading is the core's first, in order", async () => {
  const { asked, core, tell, world } = worker();
  assert.deepEqual(asked, ["./lab.js"]);
  tell(1);
  tell(2);
  const taken = [];
  core.loaded(async () => {
    world.onmessage = ({ data }) => taken.push(data);
  });
  await settled();
  tell(3);
  assert.deepEqual(taken, [1, 2, 3]);
});

test("a core that cannot be loaded is told with its reason", async () => {
  const { core, page, tell } = worker();
  tell(1);
  core.refused("Failed to fetch");
  await settled();
  assert.deepEqual(plain(page.take()), ["Failed to fetch"]);
});

test("a core that cannot be started is told with its reason", async () => {
  const { core, page } = worker();
  core.loaded(async () => {
    throw new WebAssembly.CompileError("no memory");
  });
  await settled();
  assert.deepEqual(plain(page.take()), ["no memory"]);
});

test("the larger core is loaded when it is asked for, and not before", async () => {
  const { asked, core, world } = worker();
  core.loaded(async () => {});
  await settled();
  assert.deepEqual(asked, ["./lab.js"]);
  await world.loadOpus();
  assert.deepEqual(asked, ["./lab.js", "./lab-opus.js"]);
});
