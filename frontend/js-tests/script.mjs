// Runs one of the page's scripts as it is shipped, in a world made of stand-ins.

import { readFileSync } from "node:fs";
import vm from "node:vm";

/** Runs `public/assets/NAME` with these globals, and returns the world it ran in. `load` is called with each module's name
 * that it imports, and promises the module. */
export const run = (name, globals, load) => {
  const file = new URL(`../public/assets/${name}`, import.meta.url);
  const world = vm.createContext(globals);
  // Node's own `import` would look for the module beside this file.
  const text = readFileSync(file, "utf8").replaceAll(/\bimport\(/g, "load(");
  if (load !== undefined) world.load = load;
  vm.runInContext(text, world, { filename: name });
  return world;
};

/** A port, or anything else that messages are posted to: it remembers them. */
export class Port {
  posted = [];
  onmessage = null;

  postMessage(message, transferred = []) {
    this.posted.push({ message, transferred });
  }

  /** The messages posted since the last call. */
  take() {
    return this.posted.splice(0).map(({ message }) => message);
  }
}

/** Values as plain JSON, since objects of another world have another prototype. */
export const plain = (value) => JSON.parse(JSON.stringify(value));
