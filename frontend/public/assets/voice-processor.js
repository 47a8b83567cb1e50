// The audio thread's shell: hands samples and messages to the wasm that does the work. The wasm comes as bytes through
// processorOptions, because port messages would arrive too late in an OfflineAudioContext, and Safari clones no Module.

const STATS_EVERY_S = 0.25;

class VoiceProcessor extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    const module = new WebAssembly.Module(processorOptions.wasm);
    this.wasm = new WebAssembly.Instance(module, {}).exports;
    this.wasm.init(sampleRate);
    const { memory } = this.wasm;
    this.pushed = new Int16Array(memory.buffer, this.wasm.push_buffer(), this.wasm.push_capacity());
    this.upstream = new Int16Array(memory.buffer, this.wasm.upstream_buffer(), 160);
    this.output = new Float32Array(memory.buffer, this.wasm.output_buffer(), 1024);
    this.statsAt = 0;
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  receive(message) {
    switch (message.kind) {
      case "audio": {
        const samples = new Int16Array(message.samples);
        this.pushed.set(samples.subarray(0, this.pushed.length));
        this.wasm.push(samples.length);
        break;
      }
      case "press": this.wasm.press(message.code); break;
      case "release": this.wasm.release(); break;
      case "upstream": this.wasm.set_upstream(message.on ? 1 : 0); break;
      case "flush": this.wasm.flush(); break;
    }
  }

  process(_inputs, outputs) {
    const channels = outputs[0];
    const length = channels[0].length;
    this.wasm.process(length);
    for (const channel of channels) channel.set(this.output.subarray(0, length));
    const onset = this.wasm.onset();
    if (onset >= 0) this.port.postMessage({ kind: "onset", time: currentTime + onset / sampleRate });
    while (this.wasm.take_upstream()) this.port.postMessage({ kind: "frame", samples: this.upstream.slice().buffer });
    if (currentTime >= this.statsAt) {
      this.statsAt = currentTime + STATS_EVERY_S;
      this.port.postMessage({ kind: "stats", buffered: this.wasm.buffered(), underruns: this.wasm.underruns() });
    }
    return true;
  }
}

registerProcessor("dialbench-voice", VoiceProcessor);
