// The prompt lab's own thread. It loads the lab's core, which then takes the messages itself, those first that came while it
// was loading; a larger core, which has Opus, is loaded when the core asks for it.

/** @type {MessageEvent[]} */
const early = [];
onmessage = (event) => {
  early.push(event);
};

globalThis.loadOpus = () => import("./lab-opus.js").then(({ default: start }) => start());

import("./lab.js")
  .then(({ default: start }) => start())
  .then(() => {
    for (const event of early) self.onmessage?.(event);
  })
  .catch((/** @type {Error} */ error) => postMessage(error.message));
