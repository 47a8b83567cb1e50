// Has the prompt lab's worker open a WAV file and render it, as the page asks for it. Returns the replies with what is
// beside them.
(async ({ file, wanted, from }) => {
  const address = document.querySelector('meta[data-name="lab-worker.js"]').content;
  const worker = new Worker(address, { type: "module" });
  const replies = [];
  let arrived;
  worker.onmessage = ({ data }) => {
    // Text alone says why there is no core.
    const [number, json, beside] = typeof data === "string" ? [0, JSON.stringify({ Failed: data }), []] : data;
    replies.push({ number, reply: JSON.parse(json), beside: beside.map((array) => Array.from(array)) });
    arrived();
  };
  worker.onerror = ({ message }) => {
    replies.push({ number: 0, reply: { Failed: message } });
    arrived();
  };
  const send = (number, request, beside) => {
    worker.postMessage([number, JSON.stringify(request), beside], beside);
  };
  // Both at once: the first message comes before the core is there.
  send(1, { Open: 7 }, [Uint8Array.from(file).buffer]);
  send(2, { Render: { clip: 7, wanted, from } }, []);
  const isOver = () => replies.some(({ number, reply }) => number === 0 || (number === 2 && reply.Part === undefined));
  while (!isOver()) await new Promise((resolve) => (arrived = resolve));
  worker.terminate();
  return replies;
})
