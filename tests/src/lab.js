// Has the prompt lab's worker open a WAV file and render it, as the page asks for it. Returns the replies with what is
// beside them.
(async ({ file, wanted, from }) => {
  const address = document.querySelector('meta[data-name="lab-worker.js"]').content;
  const worker = new Worker(address, { type: "module" });
  const replies = [];
  let arrived;
  worker.onmessage = ({ data }) => {
    const beside = data.beside?.map((array) => Array.from(array));
    replies.push({ number: data.number, failed: data.failed, reply: JSON.parse(data.json ?? "null"), beside });
    arrived();
  };
  worker.onerror = ({ message }) => {
    replies.push({ failed: message });
    arrived();
  };
  const send = (number, request, beside) => {
    worker.postMessage({ number, json: JSON.stringify(request), beside }, beside);
  };
  // Both at once: the first message comes before the core is there.
  send(1, { Open: 7 }, [Uint8Array.from(file).buffer]);
  send(2, { Render: { clip: 7, wanted, from } }, []);
  const isOver = () => replies.some(({ number, failed, reply }) => failed || (number === 2 && reply.Part === undefined));
  while (!isOver()) await new Promise((resolve) => (arrived = resolve));
  worker.terminate();
  return replies;
})
