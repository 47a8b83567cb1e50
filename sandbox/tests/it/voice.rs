use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use sandbox::SandboxConfig;
use signal::frame::{FRAME_DURATION, Frame, Reassembler};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, LONG_MS, Socket, TIMEOUT, close_code, config, press, refusal, tones};

/// A receiver of a call's audio, which reassembles its frames.
struct Receiver<'a> {
    socket: &'a mut Socket,
    reassembler: Reassembler,
    /// Sizes of the messages.
    sizes: Vec<usize>,
    frames: Vec<Frame>,
}

impl<'a> Receiver<'a> {
    fn new(socket: &'a mut Socket) -> Self {
        Self { socket, reassembler: Reassembler::new(), sizes: Vec::new(), frames: Vec::new() }
    }

    async fn listen_until(&mut self, done: impl Fn(&[Frame]) -> bool) {
        timeout(TIMEOUT, async {
            while !done(&self.frames) {
                let message = self.socket.next().await.unwrap().unwrap();
                if let Message::Binary(bytes) = message {
                    self.sizes.push(bytes.len());
                    self.reassembler.push(&bytes, |frame| self.frames.push(*frame));
                } else {
                    assert!(message.is_ping(), "{message}");
                }
            }
        })
        .await
        .expect("enough audio comes");
    }
}

fn is_silent(frame: &Frame) -> bool {
    frame.iter().all(|sample| *sample == 0)
}

#[tokio::test]
async fn a_prompt_is_heard_as_it_was_recorded_in_odd_pieces_and_in_real_time() {
    let bench = Bench::new().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    let began = Instant::now();
    let mut receiver = Receiver::new(&mut voice);
    let frames = LONG_MS / 20;
    receiver.listen_until(|heard| heard.len() > frames + 20).await;
    let took = began.elapsed();
    assert!(receiver.frames[..frames].iter().all(|frame| frame.iter().all(|sample| sample.abs() == 4_000)));
    assert!(receiver.frames[frames..].iter().all(is_silent), "the prompt goes on");
    assert!(receiver.sizes.iter().any(|size| size % 2 == 1), "no message was cut within a sample");
    let due = FRAME_DURATION * (receiver.frames.len() as u32 - 1);
    assert!(took >= due.saturating_sub(FRAME_DURATION * 3), "{} frames in {took:?}", receiver.frames.len());
    assert!(took < due + Duration::from_millis(500), "{} frames in {took:?}", receiver.frames.len());
}

#[tokio::test]
async fn a_digit_cuts_the_prompt_without_a_click() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    let mut receiver = Receiver::new(&mut voice);
    receiver.listen_until(|heard| heard.len() >= 5).await;
    let pressed = receiver.frames.len();
    press(receiver.socket, "1").await;
    // The prompt of `one`, 10 frames, follows the interrupted one and its fade of 5 ms.
    receiver.listen_until(|heard| heard.len() > 20 && heard[heard.len() - 5..].iter().all(is_silent)).await;
    let seen = events.until("action one").await;
    assert!(seen.contains(&"interrupted root".to_owned()), "{seen:?}");
    let samples = receiver.frames.concat();
    let faded = samples.iter().position(|sample| !matches!(sample.abs(), 4_000)).expect("a fade");
    let frames_on = faded / 160 - pressed;
    assert!(frames_on <= 10, "{frames_on} frames between the key and the cut");
    assert!(samples.len() < LONG_MS * 8, "the prompt was not cut");
}

#[tokio::test]
async fn tones_are_heard_however_they_are_cut() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    let bytes = tones("1");
    for piece in bytes.chunks(37) {
        voice.send(Message::binary(piece.to_vec())).await.unwrap();
    }
    assert_eq!(events.until("entered one").await[0], "digit 1");
}

#[tokio::test]
async fn a_tone_that_is_followed_by_nothing_is_over() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    events.until("started root").await;
    let bytes = tones("5");
    let tone_alone = bytes[..bytes.len() / 2].to_vec();
    voice.send(Message::binary(tone_alone.clone())).await.unwrap();
    events.until("action no_match").await;
    // The caller has been silent for the length of this prompt.
    events.until("ended root").await;
    voice.send(Message::binary(tone_alone)).await.unwrap();
    assert!(events.until("digit 5").await.len() <= 2);
}

#[tokio::test]
async fn the_handshake_wants_a_good_token_and_a_live_call() {
    let bench = Bench::new().await;
    let call = bench.place("tiny").await;
    assert_eq!(refusal(bench.voice_socket(call.call_id.as_str(), "sbx.unknown").await), 401);
    let other = bench.token("interactions").await;
    assert_eq!(refusal(bench.voice_socket(call.call_id.as_str(), &other).await), 403);
    let token = bench.token("voice").await;
    assert_eq!(refusal(bench.voice_socket("call-0", &token).await), 403);
    assert!(bench.voice_socket(call.call_id.as_str(), &token).await.is_ok());
}

#[tokio::test]
async fn a_second_stream_takes_the_first_one_s_place() {
    let bench = Bench::new().await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut first = bench.voice(&call).await;
    events.until("started root").await;
    let mut second = bench.voice(&call).await;
    assert_eq!(close_code(&mut first).await, Some(4409));
    press(&mut second, "1").await;
    events.until("entered one").await;
}

#[tokio::test]
async fn text_is_no_audio() {
    let bench = Bench::new().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    voice.send(Message::text("hello")).await.unwrap();
    assert_eq!(close_code(&mut voice).await, Some(1003));
}

#[tokio::test]
async fn a_socket_that_answers_no_ping_is_dead() {
    let quick = SandboxConfig {
        ping_interval: Duration::from_millis(200),
        dead_after: Duration::from_secs(1),
        ..config()
    };
    let bench = Bench::with(quick).await;
    let mut events = bench.events().await;
    let call = bench.place("tiny").await;
    let mut voice = bench.voice(&call).await;
    // This socket is not read, so its pings go unanswered; the subscriber's socket is read.
    let began = Instant::now();
    events.until("ended root").await;
    assert!(began.elapsed() > Duration::from_millis(800));
    assert_eq!(close_code(&mut voice).await, None, "a dead peer is told nothing");
}
