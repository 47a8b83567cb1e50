//! The page's audio thread.
//!
//! `frontend/public/assets/voice-processor.js` instantiates this wasm in an `AudioWorkletProcessor` and calls its exports:
//! numbers in, numbers out, samples through buffers whose addresses are asked for once. Nothing is allocated after
//! [`init`], so memory never grows and the processor's views stay valid.

mod capture;
mod clock;
mod engine;
mod keys;

use std::cell::RefCell;

use engine::Engine;
use signal::key_tones::KeyTones;

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

fn with<T>(act: impl FnOnce(&mut Engine) -> T) -> T {
    ENGINE.with_borrow_mut(|engine| act(engine.as_mut().expect("the processor calls init first")))
}

/// Sets the engine up for a sound card of `rate` Hz.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn init(rate: f64) {
    ENGINE.with_borrow_mut(|engine| *engine = Some(Engine::new(rate)));
}

/// Returns the address where the processor puts up to [`push_capacity`] bytes of the voice stream before [`push`].
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn push_buffer() -> *const u8 {
    with(|engine| engine.pushed.as_ptr())
}

/// Returns the number of bytes that the push buffer holds.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn push_capacity() -> u32 {
    with(|engine| engine.pushed.len() as u32)
}

/// Notes that the voice stream opened: frames for the far end are made from here on.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn open() {
    with(Engine::open);
}

/// Begins to count the figures of another call.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn new_call() {
    with(Engine::new_call);
}

/// Counts a message of `bytes` that came at `at_ms` by the clock of the voice stream's worker; not a number where the time is
/// not known. The worker was silent for at most `silence_ms` since the message before. The message is pushed next.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn arrived(bytes: u32, at_ms: f64, silence_ms: f64) {
    with(|engine| engine.arrived(bytes as usize, at_ms, silence_ms));
}

/// Takes the first `bytes` of the push buffer, cut anywhere, as what arrived just now.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn push(bytes: u32) {
    with(|engine| engine.push(bytes as usize));
}

/// Notes that the voice stream closed.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn close() {
    with(Engine::close);
}

/// Drops what was pushed and not heard yet.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn flush() {
    with(Engine::flush);
}

/// Returns the address where the processor puts the sound card's input before [`process`]: up to 1,024 samples.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn input_buffer() -> *const f32 {
    with(|engine| engine.input.as_ptr())
}

/// Returns the address where [`process`] leaves its samples.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn output_buffer() -> *const f32 {
    with(|engine| engine.output.as_ptr())
}

/// Makes the next `samples` of output, at most 1,024; what the sound card asks for at a time is 128.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn process(samples: u32) {
    with(|engine| engine.process(samples as usize));
}

/// Returns the sample of the last [`process`] at which a key's tone began; −1 where none did.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn onset() -> i32 {
    with(|engine| engine.onset().and_then(|sample| i32::try_from(sample).ok()).unwrap_or(-1))
}

/// Returns the address where [`take_upstream`] leaves a frame of 160 samples of 16 bits, 8 kHz.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn upstream_buffer() -> *const i16 {
    with(|engine| engine.upstream.as_ptr())
}

/// Makes the next frame for the far end, if one is due. Returns 1 then, otherwise 0.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn take_upstream() -> u32 {
    with(|engine| u32::from(engine.take_upstream()))
}

/// Begins (1) or ends (0) to send the far end what the sound card hears.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn set_capture(on: u32) {
    with(|engine| engine.set_capture(on != 0));
}

/// Sets the keys' tones: their length and the pause between them in milliseconds, and their level in dBm0.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn set_tones(length_ms: u32, gap_ms: u32, level_dbm0: f32) {
    with(|engine| engine.set_tones(KeyTones { length_ms, gap_ms, level_dbm0 }.clamped()));
}

/// Sets the shortest time that frames wait until they are heard, in milliseconds.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn set_min_wait(ms: u32) {
    with(|engine| engine.set_min_wait(ms));
}

/// Returns the address where the processor puts the chain's settings before [`set_chain`]: `shared`'s `ChainConfig::to_numbers`.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn settings_buffer() -> *const f32 {
    with(|engine| engine.settings.as_ptr())
}

/// Returns the number of numbers that the settings are.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn settings_numbers() -> u32 {
    with(|engine| engine.settings.len() as u32)
}

/// Applies the settings in the buffer.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn set_chain() {
    with(Engine::set_chain);
}

/// Presses a key: the digit with this code of RFC 4733.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn press(code: u32) {
    with(|engine| engine.press(code as u8));
}

/// Presses a key that is heard here and not sent.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn sound(code: u32) {
    with(|engine| engine.sound(code as u8));
}

/// Sends the far end a digit, which is not heard here.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn dial(code: u32) {
    with(|engine| engine.dial(code as u8));
}

/// Releases the key that was pressed last.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn release() {
    with(Engine::release);
}

/// Returns the address where [`report`] leaves its numbers: `shared`'s `AudioReport::to_numbers`.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn report_buffer() -> *const f64 {
    with(|engine| engine.report.as_ptr())
}

/// Returns the number of numbers that a report has.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn report_numbers() -> u32 {
    with(|engine| engine.report.len() as u32)
}

/// Writes a report; its levels are those since the one before.
#[expect(unsafe_code, reason = "an export that the processor calls by name")]
#[unsafe(no_mangle)]
pub extern "C" fn report() {
    with(Engine::make_report);
}
