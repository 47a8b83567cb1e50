// Starts the page, and says where the panels' module and styles are, which are loaded when one of them is wanted.

import start from "./page.js";

const loadStyles = () => new Promise((resolve) => {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL("./panels.css", import.meta.url).href;
  sheet.onload = sheet.onerror = resolve;
  document.head.append(sheet);
});

const loadPanels = async () => {
  const [{ default: start }] = await Promise.all([import("./panels.js"), loadStyles()]);
  await start();
};

/** @type {Promise<void> | undefined} */
let loading;

globalThis.dialbench = {
  // Several may want it at once, and one that failed is asked for again.
  load: () => loading ??= loadPanels().catch((error) => {
    loading = undefined;
    throw error;
  }),
};

start();
