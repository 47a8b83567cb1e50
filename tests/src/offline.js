// Renders the page's audio thread without a sound card. `first` are messages it gets before its first sample.
(async ({ first, samples, rate, processor }) => {
  const address = (name) => document.querySelector(`meta[data-name="${name}"]`).content;
  const context = new OfflineAudioContext(1, samples, rate);
  const options = {};
  if (processor === undefined) {
    await context.audioWorklet.addModule(address("voice-processor.js"));
    const wasm = await (await fetch(address("worklet.wasm"))).arrayBuffer();
    const messages = first.map((message) => ({
      ...message,
      ...(message.samples && { bytes: new Int16Array(message.samples).buffer }),
    }));
    options.processorOptions = { wasm, first: messages };
  } else {
    await context.audioWorklet.addModule(processor);
  }
  const node = new AudioWorkletNode(context, processor === undefined ? "dialbench-voice" : "empty", options);
  node.connect(context.destination);
  const began = performance.now();
  const rendered = await context.startRendering();
  return { ms: performance.now() - began, samples: Array.from(rendered.getChannelData(0)) };
})