//! The digits that were dialled into a call, each with its fate: held until the voice stream is open, sent, heard, unheard,
//! or never sent.
//!
//! Sans-IO. A driver hands in what happens together with the time, does what [`DialMachine::poll_output`] says after every
//! call, and calls [`DialMachine::handle_timeout`] when [`DialMachine::poll_timeout`] is due.

#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::VecDeque;

use base::{digit::Digit, time::Instant};

/// Maximum number of presses that are kept; older ones stay in the figures.
const MAX_PRESSES: usize = 256;
/// Maximum number of digits that wait for the line: more than anyone types ahead, and as many as the audio thread keeps.
const MAX_WAITING: usize = 64;
/// Time within which CXone reports a digit that it heard.
pub const REPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time after which a report is no longer taken for that of a digit that was given up.
const MAX_REPORT_DELAY: Duration = Duration::from_secs(30);

/// A digit that was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// Number of the press, from 1, over all calls.
    pub number: u64,
    /// The digit.
    pub digit: Digit,
    /// Time of the press.
    pub at: Instant,
    /// The digit's fate so far.
    pub fate: Fate,
}

/// The fate of a digit that was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits for the voice stream.
    Held,
    /// Its tone begins, or will begin, at this time; CXone has not reported it.
    Sent(Instant),
    /// CXone reported it this long after its tone began; the time is not known of digits from before a reload.
    Heard(Option<Duration>),
    /// CXone has not reported it within [`REPORT_TIMEOUT`].
    Unheard(Instant),
    /// Its tone never went out.
    Unsent(Unsent),
}

impl Fate {
    /// Returns the fate's name in one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Sent(_) => "sent",
            Self::Heard(_) => "heard",
            Self::Unheard(_) => "unheard",
            Self::Unsent(_) => "unsent",
        }
    }

    const fn is_settled(self) -> bool {
        matches!(self, Self::Heard(_) | Self::Unheard(_) | Self::Unsent(_))
    }
}

/// The reason why a digit never went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// There was no call.
    NoCall,
    /// The call was over before its turn came.
    CallOver,
    /// There is no audio, or it takes no more keys.
    NoAudio,
    /// Too many digits waited before it.
    TooMany,
}

impl Unsent {
    /// Returns the reason as the end of a sentence.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoCall => "there is no call",
            Self::CallOver => "the call is over",
            Self::NoAudio => "there is no audio, or too many keys wait for it",
            Self::TooMany => "too many keys wait for the voice stream",
        }
    }
}

/// Number of digits by fate, and of those that came from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialFigures {
    /// Digits that wait for the voice stream.
    pub held: u32,
    /// Digits that were sent and are not reported yet.
    pub sent: u32,
    /// Digits that CXone reported.
    pub heard: u32,
    /// Digits that CXone did not report in time.
    pub unheard: u32,
    /// Digits that never went out.
    pub unsent: u32,
    /// Digits that CXone reported and nobody dialled here: another caller's, or a tone that was heard twice.
    pub foreign: u32,
}

impl DialFigures {
    fn of(&mut self, fate: Fate) -> &mut u32 {
        match fate {
            Fate::Held => &mut self.held,
            Fate::Sent(_) => &mut self.sent,
            Fate::Heard(_) => &mut self.heard,
            Fate::Unheard(_) => &mut self.unheard,
            Fate::Unsent(_) => &mut self.unsent,
        }
    }
}

/// The digits of a call, in the order in which they were dialled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialled {
    /// The last presses, oldest first.
    pub presses: VecDeque<Press>,
    /// The figures of all of the call's presses.
    pub figures: DialFigures,
}

/// An input of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialInput {
    /// A call is being set up; the digits of the one before are over.
    CallBegan,
    /// The voice stream opened: what is sent from now on is heard.
    StreamOpened,
    /// The voice stream was lost, and is dialled again.
    StreamLost,
    /// The call is over.
    CallOver,
    /// A key was pressed.
    Pressed(Digit),
    /// The audio thread did not take the press with this number.
    Refused(u64),
    /// CXone reported a digit.
    Reported(Digit),
    /// CXone reported a digit before the page was reloaded; whose it was is not known any more.
    Recalled(Digit),
}

/// An output of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialOutput {
    /// The key is to sound and to be sent for as long as it is held.
    Press(Press),
    /// The key is to sound at the ear alone for as long as it is held.
    Sound(Digit),
    /// The digit is to be sent as a tone of the usual length, without a sound at the ear, after those before it.
    Send(Press),
    /// The digit's fate is known: heard, unheard or unsent.
    Settled(Press),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    NoCall,
    Connecting,
    Open,
    Over,
}

/// Follows every digit that is dialled to its fate.
#[derive(Debug)]
pub struct DialMachine {
    line: Line,
    dialled: Dialled,
    /// Digits of the call before.
    before: Vec<Digit>,
    presses: u64,
    /// Time from the beginning of a tone to that of the next.
    cadence: Duration,
    /// Time at which the tones that were sent are over.
    free_at: Instant,
    outputs: VecDeque<DialOutput>,
}

impl DialMachine {
    /// Creates a machine for tones that begin `cadence` after one another.
    pub fn new(cadence: Duration) -> Self {
        Self {
            line: Line::NoCall,
            dialled: Dialled::default(),
            before: Vec::new(),
            presses: 0,
            cadence,
            free_at: Instant::ZERO,
            outputs: VecDeque::new(),
        }
    }

    /// Sets the time from the beginning of a tone to that of the next.
    pub fn set_cadence(&mut self, cadence: Duration) {
        self.cadence = cadence;
    }

    /// Returns the digits of the present call.
    pub fn dialled(&self) -> &Dialled {
        &self.dialled
    }

    /// Returns the digits that were dialled last: of this call, or of the one before as long as this one has none.
    pub fn redial(&self) -> Vec<Digit> {
        let digits = self.digits();
        if digits.is_empty() { self.before.clone() } else { digits }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Instant, input: DialInput) {
        match input {
            DialInput::CallBegan => self.begin(),
            DialInput::StreamOpened => self.open(now),
            DialInput::StreamLost => {
                if self.line == Line::Open {
                    self.line = Line::Connecting;
                    self.take_back(now, Fate::Held);
                }
            }
            DialInput::CallOver => {
                self.line = Line::Over;
                self.take_back(now, Fate::Unsent(Unsent::CallOver));
            }
            DialInput::Pressed(digit) => self.press(now, digit),
            DialInput::Refused(number) => {
                if let Some(index) = self.find(|press| press.number == number) {
                    self.settle(index, Fate::Unsent(Unsent::NoAudio));
                }
            }
            DialInput::Reported(digit) => self.reported(now, digit),
            DialInput::Recalled(digit) => self.add(now, digit, Fate::Heard(None)),
        }
    }

    /// Gives up the digits that CXone has not reported in time.
    pub fn handle_timeout(&mut self, now: Instant) {
        for index in 0..self.dialled.presses.len() {
            if let Fate::Sent(at) = self.dialled.presses[index].fate
                && at + REPORT_TIMEOUT <= now
            {
                self.settle(index, Fate::Unheard(at));
            }
        }
    }

    /// Returns the machine's next output.
    pub fn poll_output(&mut self) -> Option<DialOutput> {
        self.outputs.pop_front()
    }

    /// Returns the time at which [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        // Tones are sent one after the other, so the first of them is given up first.
        self.dialled.presses.iter().find_map(|press| match press.fate {
            Fate::Sent(at) => Some(at + REPORT_TIMEOUT),
            Fate::Held | Fate::Heard(_) | Fate::Unheard(_) | Fate::Unsent(_) => None,
        })
    }

    fn begin(&mut self) {
        let digits = self.digits();
        if !digits.is_empty() {
            self.before = digits;
        }
        self.dialled = Dialled::default();
        self.line = Line::Connecting;
    }

    fn open(&mut self, now: Instant) {
        if matches!(self.line, Line::NoCall | Line::Over) {
            return;
        }
        self.line = Line::Open;
        for index in 0..self.dialled.presses.len() {
            if self.dialled.presses[index].fate == Fate::Held {
                let at = self.next_tone(now);
                self.change(index, Fate::Sent(at));
                self.outputs.push_back(DialOutput::Send(self.dialled.presses[index]));
            }
        }
    }

    fn press(&mut self, now: Instant, digit: Digit) {
        let fate = match self.line {
            Line::NoCall => Fate::Unsent(Unsent::NoCall),
            Line::Over => Fate::Unsent(Unsent::CallOver),
            Line::Connecting | Line::Open if self.waiting(now) == MAX_WAITING => {
                Fate::Unsent(Unsent::TooMany)
            }
            Line::Connecting => Fate::Held,
            Line::Open => Fate::Sent(self.next_tone(now)),
        };
        self.add(now, digit, fate);
        let press = self.dialled.presses[self.dialled.presses.len() - 1];
        self.outputs.push_back(if self.line == Line::Open && !fate.is_settled() {
            DialOutput::Press(press)
        } else {
            DialOutput::Sound(digit)
        });
        if fate.is_settled() {
            self.outputs.push_back(DialOutput::Settled(press));
        }
    }

    /// Takes a report for that of the first such digit that waits for one, else of the first that was given up not long ago.
    fn reported(&mut self, now: Instant, digit: Digit) {
        let sent = |press: &Press| press.digit == digit && matches!(press.fate, Fate::Sent(_));
        let given_up = |press: &Press| {
            press.digit == digit
                && matches!(press.fate, Fate::Unheard(at) if now.saturating_since(at) <= MAX_REPORT_DELAY)
        };
        let Some(index) = self.find(sent).or_else(|| self.find(given_up)) else {
            self.dialled.figures.foreign += 1;
            return;
        };
        if let Fate::Sent(at) | Fate::Unheard(at) = self.dialled.presses[index].fate {
            self.settle(index, Fate::Heard(Some(now.saturating_since(at))));
        }
    }

    /// Gives `fate` to the digits that wait for the line, and to those whose tones have not begun.
    fn take_back(&mut self, now: Instant, fate: Fate) {
        self.free_at = now;
        for index in 0..self.dialled.presses.len() {
            let waits = match self.dialled.presses[index].fate {
                Fate::Held => true,
                Fate::Sent(at) => at > now,
                Fate::Heard(_) | Fate::Unheard(_) | Fate::Unsent(_) => false,
            };
            if waits && fate.is_settled() {
                self.settle(index, fate);
            } else if waits {
                self.change(index, fate);
            }
        }
    }

    fn add(&mut self, now: Instant, digit: Digit, fate: Fate) {
        if self.dialled.presses.len() == MAX_PRESSES
            && let Some(index) = self.find(|press| press.fate.is_settled())
        {
            self.dialled.presses.remove(index);
        }
        self.presses += 1;
        self.dialled.presses.push_back(Press { number: self.presses, digit, at: now, fate });
        *self.dialled.figures.of(fate) += 1;
    }

    fn settle(&mut self, index: usize, fate: Fate) {
        self.change(index, fate);
        self.outputs.push_back(DialOutput::Settled(self.dialled.presses[index]));
    }

    fn change(&mut self, index: usize, fate: Fate) {
        let Dialled { presses, figures } = &mut self.dialled;
        let before = core::mem::replace(&mut presses[index].fate, fate);
        *figures.of(before) -= 1;
        *figures.of(fate) += 1;
    }

    /// Returns when the next tone begins, and takes that time for it.
    fn next_tone(&mut self, now: Instant) -> Instant {
        let at = self.free_at.max(now);
        self.free_at = at + self.cadence;
        at
    }

    fn waiting(&self, now: Instant) -> usize {
        let waits = |press: &&Press| match press.fate {
            Fate::Held => true,
            Fate::Sent(at) => at > now,
            Fate::Heard(_) | Fate::Unheard(_) | Fate::Unsent(_) => false,
        };
        self.dialled.presses.iter().filter(waits).count()
    }

    fn find(&self, is_it: impl Fn(&Press) -> bool) -> Option<usize> {
        self.dialled.presses.iter().position(is_it)
    }

    fn digits(&self) -> Vec<Digit> {
        let sent = |press: &&Press| !matches!(press.fate, Fate::Unsent(_));
        self.dialled.presses.iter().filter(sent).map(|press| press.digit).collect()
    }
}
