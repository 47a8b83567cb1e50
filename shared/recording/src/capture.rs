//! Captures of a network: the digits in their streams of RTP, each stream a channel.

use std::{collections::BTreeMap, net::SocketAddr};

use crate::{
    listen::{Heard, InOrder},
    packet::{CaptureError, Datagram, PacketReader},
    rtp::RtpPacket,
    stream::{Counts, Stream, law_of},
};

/// The most streams that are listened to: each takes 20 kB.
const MAX_STREAMS: usize = 64;
/// The most addresses whose first packet waits for a second one.
const MAX_CANDIDATES: usize = 256;
/// The most by which the numbers of a stream's first two packets differ.
const MAX_STEP: i16 = 3;

/// The streams' key: a number of a source's own choice, between two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    ssrc: u32,
    source: SocketAddr,
    destination: SocketAddr,
}

/// A stream of RTP as it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamFacts {
    /// The channel; absent where nothing in the stream is heard.
    pub channel: Option<usize>,
    /// The synchronisation source.
    pub ssrc: u32,
    /// The sender's address.
    pub source: SocketAddr,
    /// The receiver's address.
    pub destination: SocketAddr,
    /// The name of the last encoding that is not decoded, if there is one.
    pub undecoded: Option<&'static str>,
    /// The counts of its packets.
    pub counts: Counts,
}

#[derive(Debug)]
struct Entry {
    stream: Option<Stream>,
    undecoded: Option<u8>,
}

/// A packet that may be the first of a stream.
#[derive(Debug)]
struct Candidate {
    at_ms: f64,
    bytes: Vec<u8>,
    /// The count of times it came again: on a capture of all interfaces, each packet does.
    repeated: u64,
}

/// Hears the digits in a capture whose bytes come in pieces of any length.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    packets: PacketReader,
    streams: Streams,
}

#[derive(Debug, Default)]
struct Streams {
    entries: BTreeMap<Key, Entry>,
    candidates: BTreeMap<Key, Candidate>,
    channels: usize,
    now_ms: f64,
    left_out: bool,
    digits: InOrder,
    /// Whether near misses are told.
    explains: bool,
}

impl Capture {
    pub(crate) fn new(explains: bool) -> Self {
        Self { streams: Streams { explains, ..Streams::default() }, ..Self::default() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        let Self { packets, streams } = self;
        packets.push(bytes, |datagram| streams.take(&datagram))
    }

    pub(crate) fn finish(&mut self) {
        self.streams.finish();
    }

    pub(crate) fn poll(&mut self) -> Option<Heard> {
        self.streams.digits.poll()
    }

    /// Returns the packets of which the capture has only the beginning.
    pub(crate) const fn shortened(&self) -> u64 {
        self.packets.shortened
    }

    /// Returns true where it ends within a packet.
    pub(crate) fn is_cut(&self) -> bool {
        self.packets.is_cut()
    }

    /// Returns true where there are more streams than are listened to.
    pub(crate) const fn is_crowded(&self) -> bool {
        self.streams.left_out
    }

    /// Returns the time of the last packet, in ms since the first.
    pub(crate) const fn duration_ms(&self) -> f64 {
        self.streams.now_ms
    }

    /// Returns the streams, those that are heard first.
    pub(crate) fn streams(&self) -> Vec<StreamFacts> {
        let facts = |(key, entry): (&Key, &Entry)| StreamFacts {
            channel: entry.stream.as_ref().map(|stream| stream.channel),
            ssrc: key.ssrc,
            source: key.source,
            destination: key.destination,
            undecoded: entry.undecoded.map(RtpPacket::encoding_name),
            counts: entry.stream.as_ref().map(|stream| stream.counts).unwrap_or_default(),
        };
        let mut all: Vec<StreamFacts> = self.streams.entries.iter().map(facts).collect();
        all.sort_by_key(|facts| (facts.channel.is_none(), facts.channel));
        all
    }
}

impl Streams {
    fn take(&mut self, datagram: &Datagram<'_>) {
        let Some(packet) = RtpPacket::read(datagram.payload) else { return };
        let key = Key { ssrc: packet.ssrc, source: datagram.source, destination: datagram.destination };
        self.now_ms = self.now_ms.max(datagram.at_ms);
        if self.entries.contains_key(&key) {
            self.hear(key, datagram.at_ms, &packet);
        } else {
            self.consider(key, datagram, &packet);
        }
        for entry in self.entries.values_mut() {
            if let Some(stream) = &mut entry.stream {
                stream.look_after(self.now_ms, &mut self.digits);
            }
        }
        self.release();
    }

    /// Takes a packet for one of a new stream where another went before it: one alone may be of another protocol.
    fn consider(&mut self, key: Key, datagram: &Datagram<'_>, packet: &RtpPacket<'_>) {
        let Some(first) = self.candidates.remove(&key) else {
            if self.candidates.len() == MAX_CANDIDATES {
                self.candidates.clear();
            }
            let candidate =
                Candidate { at_ms: datagram.at_ms, bytes: datagram.payload.to_vec(), repeated: 0 };
            self.candidates.insert(key, candidate);
            return;
        };
        let Some(before) = RtpPacket::read(&first.bytes) else { return };
        let step = packet.sequence.wrapping_sub(before.sequence).cast_signed();
        if step == 0 {
            self.candidates.insert(key, Candidate { repeated: first.repeated + 1, ..first });
            return;
        }
        if step.unsigned_abs() > MAX_STEP.unsigned_abs() {
            let newer = Candidate { at_ms: datagram.at_ms, bytes: datagram.payload.to_vec(), repeated: 0 };
            self.candidates.insert(key, newer);
            return;
        }
        if self.entries.len() == MAX_STREAMS {
            self.left_out = true;
            return;
        }
        self.entries.insert(key, Entry { stream: None, undecoded: None });
        let mut both = [(first.at_ms, before), (datagram.at_ms, *packet)];
        if step < 0 {
            both.reverse();
        }
        for (at_ms, packet) in both {
            self.hear(key, at_ms, &packet);
        }
        if let Some(Entry { stream: Some(stream), .. }) = self.entries.get_mut(&key) {
            stream.counts.repeated += first.repeated;
        }
    }

    fn hear(&mut self, key: Key, at_ms: f64, packet: &RtpPacket<'_>) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        let is_heard = law_of(packet.payload_type).is_some() || packet.telephone_event().is_some();
        if !is_heard && packet.payload_type != COMFORT_NOISE {
            entry.undecoded = Some(packet.payload_type);
        }
        if is_heard && entry.stream.is_none() {
            entry.stream = Some(Stream::new(self.channels, at_ms, packet.timestamp, self.explains));
            self.channels += 1;
        }
        if let Some(stream) = &mut entry.stream {
            stream.push(at_ms, packet, &mut self.digits);
        }
    }

    fn release(&mut self) {
        let streams = self.entries.values().filter_map(|entry| entry.stream.as_ref());
        let settled = streams.map(|stream| stream.settled_ms(self.now_ms)).fold(f64::INFINITY, f64::min);
        self.digits.release(settled);
    }

    fn finish(&mut self) {
        for entry in self.entries.values_mut() {
            if let Some(stream) = &mut entry.stream {
                stream.finish(&mut self.digits);
            }
        }
        self.digits.release(f64::INFINITY);
    }
}

/// RFC 3389: sound that is not worth sending.
const COMFORT_NOISE: u8 = 13;
