use std::collections::VecDeque;

use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use wire::api::{Gap, GapReason, ServerMessage};

use crate::socket::Limits;

/// Offset before the first entry; a page that has seen nothing resumes after it.
const NO_OFFSET: u64 = 0;

/// Recent events, as the texts that pages are sent, each with an offset that rises by one.
///
/// A gap takes an offset too: it stands in the stream where the events are missing, so that a page that resumes before it
/// gets it and one that resumes after it does not get it again.
#[derive(Debug)]
pub(crate) struct Ring {
    epoch: String,
    next: u64,
    entries: VecDeque<Utf8Bytes>,
    bytes: usize,
    max_entries: usize,
    max_bytes: usize,
}

/// Place in the ring where a page goes on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resumed {
    /// Gap that the page is sent first.
    pub(crate) gap: Option<Gap>,
    /// First offset that the page is sent.
    pub(crate) from: u64,
}

/// Refusal to resume after an offset that no entry of this ring has had.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NeverGiven {
    /// The newest offset.
    pub(crate) newest: u64,
}

impl Ring {
    /// Returns an empty ring that holds at most `max_entries` entries and about `max_bytes` bytes.
    pub(crate) fn new(epoch: String, max_entries: usize, max_bytes: usize) -> Self {
        Self {
            epoch,
            next: NO_OFFSET + 1,
            entries: VecDeque::new(),
            bytes: 0,
            max_entries: max_entries.max(1),
            max_bytes,
        }
    }

    /// Returns the identifier of this ring.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Returns the offset of the next entry.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Returns the oldest offset that is held; [`Self::next`] where nothing is.
    pub(crate) fn first(&self) -> u64 {
        self.next - self.entries.len() as u64
    }

    /// Appends an event of CXone's. Text that is no JSON grows when it is written as a JSON string: where the message would be
    /// longer than a page is sent, a gap takes the event's place, and false is returned.
    pub(crate) fn push_event(&mut self, event: Box<RawValue>) -> bool {
        let text = text_of(&ServerMessage::Event { epoch: self.epoch.clone(), offset: self.next, event });
        let fits = text.len() <= Limits::PAGE.sent;
        if fits {
            self.push(text);
        } else {
            self.push_gap(GapReason::Expired);
        }
        fits
    }

    /// Appends a gap: events may be missing here.
    pub(crate) fn push_gap(&mut self, reason: GapReason) {
        let gap = Gap { epoch: self.epoch.clone(), from: self.next, to: Some(self.next), reason };
        self.push(text_of(&ServerMessage::Gap(gap)));
    }

    fn push(&mut self, text: String) {
        self.bytes += text.len();
        self.entries.push_back(text.into());
        self.next += 1;
        while self.entries.len() > self.max_entries || (self.bytes > self.max_bytes && self.entries.len() > 1)
        {
            let dropped = self.entries.pop_front().expect("the ring holds more than one entry");
            self.bytes -= dropped.len();
        }
    }

    /// Returns up to `max_entries` entries from offset `from`, or a gap where that is no longer held.
    pub(crate) fn read(&self, from: u64, max_entries: usize) -> Result<Vec<Utf8Bytes>, Gap> {
        let first = self.first();
        if from < first {
            return Err(self.gap(from, first - 1, GapReason::SlowConsumer));
        }
        let skip = usize::try_from(from - first).unwrap_or(usize::MAX);
        Ok(self.entries.iter().skip(skip).take(max_entries).cloned().collect())
    }

    /// Returns the place where a page goes on that has last seen `offset` of `epoch`.
    pub(crate) fn resume(&self, epoch: &str, offset: u64) -> Result<Resumed, NeverGiven> {
        let first = self.first();
        if epoch != self.epoch {
            // Everything here is new to the page, and nobody knows what it missed of the other ring.
            let gap = self.gap(NO_OFFSET, first - 1, GapReason::Expired);
            return Ok(Resumed { gap: Some(gap), from: first });
        }
        if offset >= self.next {
            return Err(NeverGiven { newest: self.next - 1 });
        }
        let from = offset + 1;
        if from < first {
            let gap = self.gap(from, first - 1, GapReason::Expired);
            return Ok(Resumed { gap: Some(gap), from: first });
        }
        Ok(Resumed { gap: None, from })
    }

    fn gap(&self, from: u64, to: u64, reason: GapReason) -> Gap {
        Gap { epoch: self.epoch.clone(), from, to: Some(to), reason }
    }
}

fn text_of(message: &ServerMessage) -> String {
    serde_json::to_string(message).expect("a message has string keys only")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(number: u64) -> Box<RawValue> {
        RawValue::from_string(format!("{{\"n\": {number}}}")).unwrap()
    }

    /// Model of a page: the offsets that it has seen, each once.
    #[derive(Default)]
    struct Page {
        last: u64,
        events: Vec<u64>,
        missing: Vec<(u64, u64)>,
    }

    impl Page {
        fn receive(&mut self, text: &str) {
            match ServerMessage::parse(text).unwrap() {
                ServerMessage::Event { offset, .. } => {
                    assert_eq!(offset, self.last + 1, "an event out of order");
                    self.events.push(offset);
                    self.last = offset;
                }
                ServerMessage::Gap(gap) => self.gap(&gap),
                ServerMessage::Link(_) => unreachable!("the ring holds no link states"),
            }
        }

        fn gap(&mut self, gap: &Gap) {
            assert_eq!(gap.from, self.last + 1, "a gap out of order");
            let to = gap.to.unwrap();
            self.missing.push((gap.from, to));
            self.last = to;
        }
    }

    #[test]
    fn a_page_of_another_ring_gets_a_gap_and_everything_that_is_held() {
        let mut ring = Ring::new("new".into(), 2, 1 << 20);
        for number in 0..3 {
            ring.push_event(event(number));
        }
        let resumed = ring.resume("old", 77).unwrap();
        assert_eq!(resumed.from, 2);
        assert_eq!(
            resumed.gap,
            Some(Gap { epoch: "new".into(), from: 0, to: Some(1), reason: GapReason::Expired })
        );
    }

    #[test]
    fn an_event_keeps_its_text() {
        let mut ring = Ring::new("e".into(), 2, 1 << 20);
        ring.push_event(RawValue::from_string("{\"a\" : 1.00}".into()).unwrap());
        assert_eq!(
            ring.read(1, 9).unwrap(),
            [Utf8Bytes::from_static(r#"{"type":"event","epoch":"e","offset":1,"event":{"a" : 1.00}}"#)]
        );
    }

    #[test]
    fn what_grows_too_long_as_it_is_written_is_a_gap() {
        let check = |text: String, expect: bool| {
            let mut ring = Ring::new("e".into(), 9, 8 << 20);
            assert_eq!(ring.push_event(serde_json::value::to_raw_value(&text).unwrap()), expect);
            assert!(ring.push_event(event(2)));
            let entries = ring.read(1, 9).unwrap();
            assert!(entries.iter().all(|entry| entry.len() <= Limits::PAGE.sent));
            let mut page = Page::default();
            for entry in &entries {
                page.receive(entry);
            }
            assert_eq!(page.missing.is_empty(), expect);
            assert_eq!(page.last, 2);
        };
        check("a line\n".repeat(100_000), true);
        check("\n".repeat(990_000), false);
        check("\"".repeat(600_000), false);
        check("\u{1}".repeat(200_000), false);
        check("x".repeat(1 << 20), true);
    }

    #[test]
    fn an_offset_that_was_never_given_is_refused() {
        let mut ring = Ring::new("e".into(), 2, 1 << 20);
        let check = |ring: &Ring, offset: u64, newest: Option<u64>| {
            assert_eq!(
                ring.resume("e", offset).err(),
                newest.map(|newest| NeverGiven { newest }),
                "{offset}"
            );
        };
        check(&ring, 0, None);
        check(&ring, 1, Some(0));
        ring.push_event(event(1));
        check(&ring, 1, None);
        check(&ring, 2, Some(1));
        check(&ring, u64::MAX, Some(1));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Event,
        Lost,
        Read(usize),
        Reload,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => Just(Step::Event),
            1 => Just(Step::Lost),
            3 => (1usize..6).prop_map(Step::Read),
            2 => Just(Step::Reload),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        /// The model: every offset is either one event, seen once, or lies in one gap, sent once.
        #[test]
        fn nothing_is_lost_or_repeated_without_a_gap(steps in steps(), held in 1usize..12, bytes in 60usize..2_000) {
            let mut ring = Ring::new("e".into(), held, bytes);
            let mut page = Page::default();
            let mut cursor = ring.next();
            let mut lost = Vec::new();
            for step in steps {
                match step {
                    Step::Event => prop_assert!(ring.push_event(event(ring.next()))),
                    Step::Lost => { lost.push(ring.next()); ring.push_gap(GapReason::UpstreamReconnect); }
                    Step::Read(most) => match ring.read(cursor, most) {
                        Ok(texts) => { cursor += texts.len() as u64; for text in &texts { page.receive(text); } }
                        Err(gap) => { page.gap(&gap); cursor = gap.to.unwrap() + 1; }
                    },
                    Step::Reload => {
                        let resumed = ring.resume("e", page.last).unwrap();
                        if let Some(gap) = resumed.gap { page.gap(&gap); }
                        cursor = resumed.from;
                    }
                }
                prop_assert_eq!(cursor, page.last + 1);
                prop_assert!(ring.entries.len() <= held);
                prop_assert_eq!(ring.bytes, ring.entries.iter().map(|text| text.len()).sum::<usize>());
            }
            while cursor < ring.next() {
                match ring.read(cursor, 3) {
                    Ok(texts) => { cursor += texts.len() as u64; for text in &texts { page.receive(text); } }
                    Err(gap) => { page.gap(&gap); cursor = gap.to.unwrap() + 1; }
                }
            }
            let covered: u64 = page.missing.iter().map(|(from, to)| to - from + 1).sum::<u64>() + page.events.len() as u64;
            prop_assert_eq!(covered, ring.next() - 1);
            for offset in lost {
                prop_assert!(page.missing.iter().any(|(from, to)| (*from..=*to).contains(&offset)));
            }
        }
    }
}
