/** What the audio thread's wasm exports: `worklet/src/lib.rs`. */
interface VoiceExports extends WebAssembly.Exports {
  memory: WebAssembly.Memory;
  init(rate: number): void;
  push_buffer(): number;
  push_capacity(): number;
  open(): void;
  new_call(): void;
  arrived(bytes: number, at: number, silence: number): void;
  push(bytes: number): void;
  close(): void;
  flush(): void;
  input_buffer(): number;
  output_buffer(): number;
  process(samples: number): void;
  onset(): number;
  upstream_buffer(): number;
  take_upstream(): number;
  set_capture(on: number): void;
  set_min_wait(ms: number): void;
  set_tones(lengthMs: number, gapMs: number, levelDbm0: number): void;
  settings_buffer(): number;
  settings_numbers(): number;
  set_chain(): void;
  press(code: number): void;
  sound(code: number): void;
  dial(code: number): void;
  release(): void;
  report_buffer(): number;
  report_numbers(): number;
  report(): void;
}

/** What the page and the voice socket's worker send the audio thread. */
type VoiceMessage =
  | { kind: "join"; port: MessagePort }
  | { kind: "open" }
  | { kind: "newCall" }
  | { kind: "audio"; bytes: ArrayBuffer; at?: number; silence?: number }
  | { kind: "close" }
  | { kind: "press"; code: number; local?: boolean }
  | { kind: "send"; code: number }
  | { kind: "release" }
  | { kind: "capture"; on: boolean }
  | { kind: "chain"; settings: ArrayLike<number> }
  | { kind: "wait"; ms: number }
  | { kind: "tones"; lengthMs: number; gapMs: number; levelDbm0: number }
  | { kind: "meters"; on: boolean }
  | { kind: "flush" };

/** What the page starts the processor with. */
type VoiceOptions = { processorOptions: { wasm: BufferSource; first?: VoiceMessage[] } };
