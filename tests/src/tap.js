// Runs before the page's own scripts: whatever reaches the loudspeaker reaches an analyser of the test's as well.
(() => {
  const connect = AudioNode.prototype.connect;
  const tap = { analyser: null, pointer: {}, after: null };
  window.tap = tap;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      // A panel may have a context of its own; the newest is listened to.
      if (tap.analyser?.context !== target.context) {
        tap.analyser = new AnalyserNode(target.context, { fftSize: 32768 });
      }
      connect.call(this, tap.analyser);
    }
    return connect.call(this, target, ...rest);
  };

  // The last samples that went out, newest last: up to 683 ms at 48 kHz.
  tap.samples = () => {
    const samples = new Float32Array(tap.analyser?.fftSize ?? 0);
    tap.analyser?.getFloatTimeDomainData(samples);
    return samples;
  };
  tap.take = () => ({
    rate: tap.analyser.context.sampleRate,
    samples: Array.from(tap.samples(), (sample) => Math.round(sample * 1e6) / 1e6),
    heldMs: tap.pointer.pointerup - tap.pointer.pointerdown,
  });
  // Root mean square of the last `ms`.
  tap.level = (ms) => {
    if (tap.analyser === null) return 0;
    const last = tap.samples().slice(-Math.round((ms / 1000) * tap.analyser.context.sampleRate));
    return Math.sqrt(last.reduce((sum, sample) => sum + sample * sample, 0) / last.length);
  };

  const KEPT_AFTER_RELEASE_MS = 120;
  for (const kind of ["pointerdown", "pointerup"]) {
    addEventListener(kind, (event) => { tap.pointer[kind] = event.timeStamp; }, true);
  }
  addEventListener("pointerup", () => {
    tap.after = new Promise((kept) => setTimeout(() => kept(tap.take()), KEPT_AFTER_RELEASE_MS));
  }, true);
})();
