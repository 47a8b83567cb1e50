use std::sync::LazyLock;

use proptest::{collection::vec, prelude::*, sample::select};
use recording::{Kind, Sniffed};

use crate::{fixtures::fixture, read};

/// A file of each reader and encoding, which damage is done to.
static FILES: LazyLock<Vec<(Kind, Vec<u8>)>> = LazyLock::new(|| {
    let names = [
        "pcm16.wav",
        "pcm24.wav",
        "float32.wav",
        "float64.wav",
        "mulaw.wav",
        "ima-adpcm.wav",
        "ms-adpcm.wav",
        "gsm.wav",
        "rf64.wav",
        "two-sides.wav",
        "odd-chunk.wav",
        "data-first.wav",
        "length-0.wav",
        "mulaw.au",
        "pcm16.au",
        "raw.gsm",
        "raw.alaw",
        "two-streams.pcap",
        "two-streams.pcapng",
        "events.pcap",
        "lossy.pcap",
        "raw-ip6.pcap",
        "vlan.pcap",
    ];
    names.iter().map(|name| (Kind::of(&fixture(name), Some(name)).unwrap(), fixture(name))).collect()
});
/// The bytes of a file that are read: headers and some packets or samples, so that many files can be.
const LENGTH: usize = 1_200;

#[derive(Clone, Debug)]
enum Damage {
    Set(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    // Most of what is read by its meaning stands at the beginning.
    let place = || prop_oneof![3 => 0..80_usize, 1 => 0..LENGTH];
    let byte = prop_oneof![select(vec![0, 1, 0x7f, 0x80, 0xff]), any::<u8>()];
    prop_oneof![
        4 => (place(), byte).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => (place(), 1..20_usize).prop_map(|(at, count)| Damage::Remove(at, count)),
        1 => (place(), 1..40_usize).prop_map(|(at, count)| Damage::Repeat(at, count)),
        1 => place().prop_map(Damage::Cut),
    ]
}

fn damaged(bytes: &[u8], all: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes[..bytes.len().min(LENGTH)].to_vec();
    for damage in all {
        let end = bytes.len();
        match *damage {
            Damage::Set(at, byte) => {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            Damage::Remove(at, count) => drop(bytes.drain(at.min(end)..(at + count).min(end))),
            Damage::Repeat(at, count) => {
                let part = bytes[at.min(end)..(at + count).min(end)].to_vec();
                bytes.splice(at.min(end)..at.min(end), part);
            }
            Damage::Cut(at) => bytes.truncate(at),
        }
    }
    bytes
}

proptest! {
    #[test]
    fn no_damage_brings_a_reader_down_and_pieces_make_no_difference(
        file in 0..FILES.len(),
        damage in vec(damage(), 1..5),
        length in prop_oneof![Just(1_usize), 2..64_usize, 64..2_000_usize],
    ) {
        let (kind, bytes) = &FILES[file];
        let bytes = damaged(bytes, &damage);
        let result = read(*kind, &bytes, length);
        prop_assert!(result.digits.iter().all(|heard| heard.start_ms <= heard.end_ms));
        // What a fault of the header's hides was heard before it in pieces that are short enough.
        let whole = read(*kind, &bytes, usize::MAX);
        prop_assert_eq!(&result.failure, &whole.failure);
        if result.failure.is_none() {
            prop_assert_eq!(result.digits.len(), whole.digits.len());
            prop_assert_eq!(result.remarks, whole.remarks);
        }
    }

    #[test]
    fn no_bytes_bring_the_look_at_a_beginning_down(bytes in vec(any::<u8>(), 0..64), is_all: bool) {
        let sniffed = Kind::of_stream(&bytes, is_all);
        prop_assert!(!is_all || sniffed != Sniffed::NeedsMore);
        if let Sniffed::Known(kind) = sniffed {
            prop_assert_eq!(Kind::of(&bytes, None), Some(kind));
            read(kind, &bytes, 7);
        }
    }
}
