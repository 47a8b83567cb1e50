//! One stream of RTP: its packets in order, what is lost made up, its digits heard and its telephone-events followed.

use std::collections::BTreeMap;

use base::digit::Digit;
use signal::{
    codec::Law,
    detect::SAMPLE_RATE,
    plc::{Concealer, UNIT, Unit},
};

use crate::{
    listen::{Ear, Heard, InOrder, Origin},
    rtp::{RtpPacket, TelephoneEvent},
};

/// The packets that wait for one that is missing, before it is taken for lost.
const MAX_WAITING: usize = 16;
/// The time for which they wait, in ms.
const MAX_WAIT_MS: f64 = 100.0;
/// A jump of sequence numbers beyond which the sender has begun anew (RFC 3550, A.1: `MAX_DROPOUT`).
const MAX_JUMP: i64 = 3_000;
/// The longest gap that is filled, in samples: behind a longer one, hearing begins anew.
const MAX_GAP: u32 = SAMPLE_RATE;
/// The silence after which a stream holds up no other's digits, in ms.
const IDLE_MS: f64 = 250.0;
/// The silence after which a digit that has not ended is taken for ended, in ms.
const LEFT_OPEN_MS: f64 = 1_000.0;
/// Time by which concealment delays what is heard, in ms.
const DELAY_MS: f64 = Concealer::DELAY as f64 / SAMPLES_PER_MS;
const SAMPLES_PER_MS: f64 = SAMPLE_RATE as f64 / 1_000.0;

/// The counts of a stream's packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that came, each counted once.
    pub packets: u64,
    /// Packets that did not come, or too late.
    pub lost: u64,
    /// Packets that came after a later one, and in time.
    pub reordered: u64,
    /// Packets that came again.
    pub repeated: u64,
}

#[derive(Debug)]
enum Content {
    Sound(Vec<i16>),
    Event(TelephoneEvent),
    /// Nothing that is heard: comfort noise, another encoding.
    Other,
}

#[derive(Debug)]
struct Held {
    timestamp: u32,
    arrival_ms: f64,
    content: Content,
}

/// A telephone-event that has not ended.
#[derive(Clone, Copy, Debug)]
struct OpenEvent {
    digit: Digit,
    timestamp: u32,
    start_ms: f64,
    duration: u16,
}

/// Hears one stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) channel: usize,
    pub(crate) counts: Counts,
    /// The number of the packet that comes next, continued past 65,535.
    next: Option<i64>,
    waiting: BTreeMap<i64, Held>,
    /// A bit for each of the last numbers before `next`, set where the packet came.
    came: u64,
    /// The timestamp of the sample that comes next, and its time in ms.
    timestamp: u32,
    clock_ms: f64,
    last_ms: f64,
    concealer: Concealer,
    unit: Vec<i16>,
    /// Whether a part of `unit` is missing.
    is_broken: bool,
    ear: Ear,
    event: Option<OpenEvent>,
    /// The timestamp of the last event that was reported.
    reported: Option<u32>,
}

impl Stream {
    /// Creates a stream whose first packet comes at `arrival_ms`.
    pub(crate) fn new(channel: usize, arrival_ms: f64, timestamp: u32, explains: bool) -> Self {
        Self {
            channel,
            counts: Counts::default(),
            next: None,
            waiting: BTreeMap::new(),
            came: 0,
            timestamp,
            clock_ms: arrival_ms,
            last_ms: arrival_ms,
            concealer: Concealer::new(),
            unit: Vec::with_capacity(UNIT),
            is_broken: false,
            ear: Ear::new(SAMPLE_RATE, arrival_ms - DELAY_MS, explains),
            event: None,
            reported: None,
        }
    }

    /// Takes a packet.
    pub(crate) fn push(&mut self, arrival_ms: f64, packet: &RtpPacket<'_>, digits: &mut InOrder) {
        self.last_ms = arrival_ms;
        let law = law_of(packet.payload_type);
        let content = match (law, packet.telephone_event()) {
            (Some(law), _) => {
                Content::Sound(packet.payload.iter().map(|&code| law.decode_sample(code)).collect())
            }
            (None, Some(event)) => Content::Event(event),
            (None, None) => Content::Other,
        };
        let held = Held { timestamp: packet.timestamp, arrival_ms, content };
        let next = *self.next.get_or_insert(packet.sequence.into());
        let number = next + i64::from(packet.sequence.wrapping_sub(next as u16).cast_signed());
        if (number - next).abs() > MAX_JUMP {
            self.deliver_waiting(digits);
            self.next = Some(number + 1);
            self.came = 1;
            self.counts.packets += 1;
            self.restart(arrival_ms, packet.timestamp, digits);
            self.play(held, 0, digits);
            return;
        }
        if number < next {
            let age = (next - number - 1) as u32;
            if self.came.checked_shr(age).unwrap_or(0) & 1 == 1 {
                self.counts.repeated += 1;
            } else {
                // It was counted as lost, and is made up already.
                self.came |= 1_u64.checked_shl(age).unwrap_or(0);
            }
            return;
        }
        if self.waiting.last_key_value().is_some_and(|(last, _)| number < *last) {
            self.counts.reordered += 1;
        }
        if self.waiting.insert(number, held).is_some() {
            self.counts.repeated += 1;
            self.counts.reordered = self.counts.reordered.saturating_sub(1);
        }
        self.deliver_due(arrival_ms, digits);
    }

    /// Ends what the stream is in the middle of, where it has been silent for long.
    pub(crate) fn look_after(&mut self, now_ms: f64, digits: &mut InOrder) {
        if now_ms - self.last_ms > LEFT_OPEN_MS && (self.event.is_some() || self.ear.is_within_digit()) {
            self.finish(digits);
        }
    }

    /// Ends the stream; it can go on afterwards.
    pub(crate) fn finish(&mut self, digits: &mut InOrder) {
        self.deliver_waiting(digits);
        self.close_event(digits);
        self.restart(self.clock_ms, self.timestamp, digits);
    }

    /// Returns the time before which no digit of this stream can begin any more, in ms.
    pub(crate) fn settled_ms(&self, now_ms: f64) -> f64 {
        let tones = if now_ms - self.last_ms > IDLE_MS && !self.ear.is_within_digit() {
            f64::INFINITY
        } else {
            self.ear.settled_ms()
        };
        self.event.map_or(tones, |event| tones.min(event.start_ms))
    }

    fn deliver_due(&mut self, now_ms: f64, digits: &mut InOrder) {
        while let Some((&number, first)) = self.waiting.first_key_value() {
            let is_next = Some(number) == self.next;
            if is_next || self.waiting.len() > MAX_WAITING || now_ms - first.arrival_ms > MAX_WAIT_MS {
                self.deliver_first(digits);
            } else {
                return;
            }
        }
    }

    fn deliver_waiting(&mut self, digits: &mut InOrder) {
        while !self.waiting.is_empty() {
            self.deliver_first(digits);
        }
    }

    fn deliver_first(&mut self, digits: &mut InOrder) {
        let (Some((number, held)), Some(next)) = (self.waiting.pop_first(), self.next) else { return };
        let lost = (number - next) as u32;
        self.counts.lost += u64::from(lost);
        self.counts.packets += 1;
        self.came = self.came.checked_shl(lost + 1).unwrap_or(0) | 1;
        self.next = Some(number + 1);
        self.play(held, lost, digits);
    }

    fn play(&mut self, held: Held, lost: u32, digits: &mut InOrder) {
        // Repeats of an event have the event's timestamp, which lies behind the clock once sound goes on beside it.
        let gap = held.timestamp.wrapping_sub(self.timestamp);
        if matches!(held.content, Content::Sound(_)) || (gap > 0 && gap <= MAX_GAP) {
            self.catch_up(&held, gap, lost, digits);
        }
        match held.content {
            Content::Sound(samples) => {
                self.close_event_before(held.timestamp, digits);
                self.timestamp = self.timestamp.wrapping_add(samples.len() as u32);
                self.clock_ms += samples.len() as f64 / SAMPLES_PER_MS;
                self.hear(&samples, false, digits);
            }
            Content::Event(event) => self.follow(event, held.timestamp, digits),
            Content::Other => {}
        }
    }

    /// Fills the gap up to a packet's timestamp: made up where packets are lost, silent where none were sent.
    fn catch_up(&mut self, held: &Held, gap: u32, lost: u32, digits: &mut InOrder) {
        if gap == 0 {
            return;
        }
        if gap > MAX_GAP {
            // Where the timestamps are right about the time they have skipped, they are believed.
            let by_timestamp = self.clock_ms + f64::from(gap.cast_signed()) / SAMPLES_PER_MS;
            let is_right = (by_timestamp - held.arrival_ms).abs() < LEFT_OPEN_MS;
            let at_ms = if is_right { by_timestamp } else { held.arrival_ms };
            self.restart(at_ms, held.timestamp, digits);
            return;
        }
        self.timestamp = held.timestamp;
        self.clock_ms += f64::from(gap) / SAMPLES_PER_MS;
        self.hear(&vec![0; gap as usize], lost > 0, digits);
    }

    fn hear(&mut self, mut samples: &[i16], is_missing: bool, digits: &mut InOrder) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(UNIT - self.unit.len()));
            self.unit.extend(now);
            self.is_broken |= is_missing;
            samples = later;
            if let Ok(mut unit) = Unit::try_from(&self.unit[..]) {
                if self.is_broken {
                    self.concealer.missing(&mut unit);
                } else {
                    self.concealer.received(&mut unit);
                }
                self.unit.clear();
                self.is_broken = false;
                let channel = self.channel;
                self.ear.push(&unit, None, |origin, start_ms, end_ms| {
                    digits.add(Heard::new(channel, origin, start_ms, end_ms));
                });
            }
        }
    }

    /// Ends hearing, and begins anew with the sample of `timestamp` at `clock_ms`.
    fn restart(&mut self, clock_ms: f64, timestamp: u32, digits: &mut InOrder) {
        // What the concealer still holds, and what is no whole unit.
        let fill = 2 * UNIT - self.unit.len();
        self.hear(&[0; 2 * UNIT][..fill], false, digits);
        let channel = self.channel;
        self.ear.restart(clock_ms - DELAY_MS, |origin, start_ms, end_ms| {
            digits.add(Heard::new(channel, origin, start_ms, end_ms));
        });
        self.concealer = Concealer::new();
        (self.clock_ms, self.timestamp) = (clock_ms, timestamp);
    }

    fn follow(&mut self, event: TelephoneEvent, timestamp: u32, digits: &mut InOrder) {
        if self.reported == Some(timestamp) {
            return;
        }
        if self.event.is_some_and(|open| open.timestamp != timestamp) {
            self.close_event(digits);
        }
        let behind = timestamp.wrapping_sub(self.timestamp).cast_signed();
        let start_ms = self.clock_ms + f64::from(behind) / SAMPLES_PER_MS;
        let open =
            self.event.get_or_insert(OpenEvent { digit: event.digit, timestamp, start_ms, duration: 0 });
        open.duration = open.duration.max(event.duration);
        if event.is_end {
            self.close_event(digits);
        }
    }

    /// Ends an event whose last packets are lost, once sound goes on behind it.
    fn close_event_before(&mut self, timestamp: u32, digits: &mut InOrder) {
        let is_over = |open: OpenEvent| {
            let end = open.timestamp.wrapping_add(open.duration.into());
            timestamp.wrapping_sub(end).cast_signed() >= SAMPLE_RATE.cast_signed() / 10
        };
        if self.event.is_some_and(is_over) {
            self.close_event(digits);
        }
    }

    fn close_event(&mut self, digits: &mut InOrder) {
        if let Some(OpenEvent { digit, timestamp, start_ms, duration }) = self.event.take() {
            self.reported = Some(timestamp);
            let end_ms = start_ms + f64::from(duration) / SAMPLES_PER_MS;
            digits.add(Heard {
                channel: self.channel,
                digit,
                start_ms,
                end_ms,
                origin: Origin::Event(digit),
            });
        }
    }
}

/// Returns the law that a payload type stands for (RFC 3551, table 4).
pub(crate) const fn law_of(payload_type: u8) -> Option<Law> {
    match payload_type {
        0 => Some(Law::Mu),
        8 => Some(Law::A),
        _ => None,
    }
}
