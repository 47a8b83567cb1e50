// Starts the page, and says where the panels' module is, which is loaded when one of them is wanted.

import start from "./page.js";

globalThis.dialbench = {
  load: async () => {
    const { default: start } = await import("./panels.js");
    await start();
  },
};

start();
