// The audio thread's shell: hands samples and messages to the wasm that does the work. The wasm comes as bytes through
// processorOptions, because port messages would arrive too late in an OfflineAudioContext, and Safari clones no Module.
// Messages that are known beforehand come the same way, in `first`.

// Time between two reports: for figures, and for meters while somebody watches them.
const REPORT_INTERVAL_S = 0.25;
const METER_INTERVAL_S = 0.125;
const MAX_QUANTUM = 1024;
const FRAME_SAMPLES = 160;

class VoiceProcessor extends AudioWorkletProcessor {
  /** @param {VoiceOptions} options */
  constructor({ processorOptions: { wasm, first = [] } }) {
    super();
    this.wasm = /** @type {VoiceExports} */ (new WebAssembly.Instance(new WebAssembly.Module(wasm), {}).exports);
    this.wasm.init(sampleRate);
    const { buffer } = this.wasm.memory;
    this.pushed = new Uint8Array(buffer, this.wasm.push_buffer(), this.wasm.push_capacity());
    this.input = new Float32Array(buffer, this.wasm.input_buffer(), MAX_QUANTUM);
    this.output = new Float32Array(buffer, this.wasm.output_buffer(), MAX_QUANTUM);
    this.heard = this.output.subarray(0, 128);
    this.upstream = new Int16Array(buffer, this.wasm.upstream_buffer(), FRAME_SAMPLES);
    this.settings = new Float32Array(buffer, this.wasm.settings_buffer(), this.wasm.settings_numbers());
    this.report = new Float64Array(buffer, this.wasm.report_buffer(), this.wasm.report_numbers());
    this.reportAt = 0;
    this.reportEvery = REPORT_INTERVAL_S;
    this.silent = false;
    /** @type {MessagePort | null} */
    this.line = null;
    this.port.onmessage = ({ data }) => this.receive(data);
    for (const message of first) this.receive(message);
  }

  /** @param {VoiceMessage} message */
  receive(message) {
    switch (message.kind) {
      case "join":
        this.line = message.port;
        this.line.onmessage = ({ data }) => this.receive(data);
        break;
      case "open": this.wasm.open(); break;
      case "newCall": this.wasm.new_call(); break;
      case "audio": this.push(message); break;
      case "close": this.wasm.close(); break;
      case "press": this.wasm[message.local ? "sound" : "press"](message.code); break;
      case "send": this.wasm.dial(message.code); break;
      case "release": this.wasm.release(); break;
      case "capture": this.wasm.set_capture(message.on ? 1 : 0); break;
      case "chain": this.settings.set(message.settings); this.wasm.set_chain(); break;
      case "wait": this.wasm.set_min_wait(message.ms); break;
      case "tones": this.wasm.set_tones(message.lengthMs, message.gapMs, message.levelDbm0); break;
      case "meters": this.reportEvery = message.on ? METER_INTERVAL_S : REPORT_INTERVAL_S; break;
      case "flush": this.wasm.flush(); break;
    }
  }

  /**
   * Takes audio that came at `at` by the worker's clock, before which the worker was silent for `silence`, in milliseconds.
   * @param {{ bytes: ArrayBuffer, at?: number, silence?: number }} message
   */
  push({ bytes: buffer, at = NaN, silence = 0 }) {
    const bytes = new Uint8Array(buffer);
    this.wasm.arrived(bytes.length, at, silence);
    for (let from = 0; from < bytes.length; from += this.pushed.length) {
      const part = bytes.subarray(from, from + this.pushed.length);
      this.pushed.set(part);
      this.wasm.push(part.length);
    }
  }

  // Creates no object but messages: what is collected here is heard as a gap.
  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    const input = inputs[0], output = outputs[0];
    const { length } = output[0];
    if (this.heard.length !== length) this.heard = this.output.subarray(0, length);
    if (input !== undefined && input.length > 0) {
      this.input.set(input[0]);
      this.silent = false;
    } else if (!this.silent) {
      this.input.fill(0);
      this.silent = true;
    }
    this.wasm.process(length);
    for (let channel = 0; channel < output.length; channel += 1) output[channel].set(this.heard);
    const onset = this.wasm.onset();
    if (onset >= 0) this.port.postMessage({ kind: "onset", time: currentTime + onset / sampleRate });
    while (this.wasm.take_upstream()) {
      const { buffer } = this.upstream.slice();
      this.line?.postMessage(buffer, [buffer]);
    }
    if (currentTime >= this.reportAt) {
      // From when it was due, so that a quantum's length does not add up.
      this.reportAt = Math.max(this.reportAt, currentTime - this.reportEvery) + this.reportEvery;
      this.wasm.report();
      this.port.postMessage({ kind: "report", numbers: this.report.slice() });
    }
    return true;
  }
}

registerProcessor("dialbench-voice", VoiceProcessor);
