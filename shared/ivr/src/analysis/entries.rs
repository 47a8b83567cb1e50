//! Entries that a caller can make at a node: for each outcome the shortest one.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use base::{
    digit::{Digit, DigitString},
    time::Instant,
};

use crate::{
    CompiledFlow, Event, FlowDefinition, Input, MachineConfig, MenuMachine, Resolution,
    graph::{Branch, Entry, Node, NodeKind, Trigger},
};

/// The most entries that are tried at one menu. Only menus with a sequence that begins another, or with all sixteen
/// digits in use, are tried at all.
const MOST_TRIED: usize = 20_000;

/// Outcome of an entry at a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Heard {
    /// The branch with this index.
    Branch(usize),
    /// No match.
    NoMatch,
}

/// An entry at a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MenuEntry {
    pub(super) digits: DigitString,
    pub(super) heard: Heard,
    /// True when a timeout has to run out before the entry is resolved.
    pub(super) silent: bool,
    /// True when the terminator is its last digit.
    pub(super) terminated: bool,
}

/// An entry for each outcome that a menu has, without those of a timeout with nothing entered.
pub(super) fn of_menu(node: &Node, entry: &Entry, distance: u8) -> Vec<MenuEntry> {
    let sequences: Vec<(usize, DigitString)> = sequences(node, entry);
    let mut entries = Vec::new();
    let mut tried = None;
    for &(branch, value) in &sequences {
        let begins_another = sequences
            .iter()
            .any(|(_, other)| other.len() > value.len() && value.iter().eq(other.iter().take(value.len())));
        let heard = Heard::Branch(branch);
        let mut digits = value;
        match entry.terminator {
            Some(terminator) if begins_another && digits.push(terminator) => {
                entries.push(MenuEntry { digits, heard, silent: false, terminated: true });
            }
            _ if begins_another => {
                entries.push(MenuEntry { digits, heard, silent: true, terminated: false });
                // A correction may lead there without a pause.
                let tried = tried.get_or_insert_with(|| try_all(node, entry, &sequences, distance));
                entries.extend(tried.get(&(heard, false)).map(|&digits| MenuEntry {
                    digits,
                    heard,
                    silent: false,
                    terminated: false,
                }));
            }
            _ => entries.push(MenuEntry { digits, heard, silent: false, terminated: false }),
        }
    }
    let heard = Heard::NoMatch;
    if let Some(terminator) = entry.terminator {
        let digits = DigitString::from_iter([terminator]);
        entries.push(MenuEntry { digits, heard, silent: false, terminated: true });
    } else if let Some(foreign) = foreign(&sequences) {
        // Digits that stand in no sequence are dead at once, and as far from each as they are many; until they are more
        // than a correction may change, or as many as the longest sequence has, more are waited for.
        let longest = sequences.iter().map(|(_, value)| value.len()).max().unwrap_or(1);
        let digits = std::iter::repeat_n(foreign, longest.min(usize::from(distance) + 1).max(1)).collect();
        entries.push(MenuEntry { digits, heard, silent: false, terminated: false });
    } else {
        let tried = tried.get_or_insert_with(|| try_all(node, entry, &sequences, distance));
        let found =
            [false, true].into_iter().find_map(|silent| Some((silent, *tried.get(&(heard, silent))?)));
        entries.extend(found.map(|(silent, digits)| MenuEntry { digits, heard, silent, terminated: false }));
    }
    entries
}

/// The sequences that can be entered: neither empty, nor cut short by the terminator, nor another branch's already.
fn sequences(node: &Node, entry: &Entry) -> Vec<(usize, DigitString)> {
    let mut sequences: Vec<(usize, DigitString)> = Vec::new();
    for (branch, Branch { on, .. }) in node.branches.iter().enumerate() {
        if let Trigger::Digits { value } = on
            && !value.is_empty()
            && !value.iter().any(|digit| Some(digit) == entry.terminator)
            && !sequences.iter().any(|(_, other)| other == value)
        {
            sequences.push((branch, *value));
        }
    }
    sequences
}

fn foreign(sequences: &[(usize, DigitString)]) -> Option<Digit> {
    let used = |digit| sequences.iter().any(|(_, value)| value.iter().any(|other| other == digit));
    Digit::all().find(|&digit| !used(digit))
}

/// Feeds entries to the menu machine until every one that leads to a new state has been tried.
fn try_all(
    node: &Node,
    entry: &Entry,
    sequences: &[(usize, DigitString)],
    distance: u8,
) -> HashMap<(Heard, bool), DigitString> {
    let mut found = HashMap::new();
    let Some(flow) = alone(node, entry, sequences, distance) else { return found };
    // All digits that stand in no sequence are alike.
    let alphabet: Vec<Digit> = Digit::all()
        .filter(|&digit| Some(digit) != entry.terminator)
        .filter(|&digit| {
            Some(digit) == foreign(sequences)
                || sequences.iter().any(|(_, value)| value.iter().any(|other| other == digit))
        })
        .collect();
    let mut waiting = VecDeque::from([DigitString::new()]);
    let mut tried = 0;
    while let Some(begun) = waiting.pop_front() {
        for &digit in &alphabet {
            let mut digits = begun;
            tried += 1;
            if !digits.push(digit) || tried > MOST_TRIED {
                return found;
            }
            match hear(&flow, &digits) {
                (Some(heard), silent) => {
                    found.entry((heard, silent)).or_insert(digits);
                    if silent {
                        waiting.push_back(digits);
                    }
                }
                (None, _) => waiting.push_back(digits),
            }
        }
    }
    found
}

/// The menu as a flow of its own: branch `i` leads to a node called `i`, and nothing is repeated.
fn alone(
    node: &Node,
    entry: &Entry,
    sequences: &[(usize, DigitString)],
    distance: u8,
) -> Option<Arc<CompiledFlow>> {
    let end = |id: String| Node {
        id,
        kind: NodeKind::Hangup,
        label: None,
        action: None,
        prompt: None,
        branches: Vec::new(),
    };
    let branches = sequences
        .iter()
        .map(|&(branch, value)| Branch { on: Trigger::Digits { value }, to: branch.to_string(), label: None })
        .collect();
    let kind = NodeKind::Menu(Entry { max_retries: 0, terminator: entry.terminator, ..Entry::default() });
    let menu = Node { kind, branches, prompt: None, action: None, ..node.clone() };
    let menu = Node { id: "menu".into(), ..menu };
    let ends = sequences.iter().map(|(branch, _)| end(branch.to_string()));
    let flow = FlowDefinition {
        flow_id: "menu".into(),
        name: String::new(),
        description: String::new(),
        start: "menu".into(),
        correction_distance: distance,
        variables: serde_json::Map::new(),
        nodes: std::iter::once(menu).chain(ends).collect(),
    };
    CompiledFlow::compile(flow).ok().map(Arc::new)
}

/// Returns the outcome of `digits`, and true where a timeout has to run out first; no outcome where only a timeout
/// follows.
fn hear(flow: &Arc<CompiledFlow>, digits: &DigitString) -> (Option<Heard>, bool) {
    let mut machine =
        MenuMachine::new(Arc::clone(flow), MachineConfig { max_sessions: 1, ..MachineConfig::default() });
    let key = machine.open(Instant::ZERO).expect("a new machine has room for one");
    for digit in digits.iter() {
        machine
            .handle_input(Instant::ZERO, key, Input::Digit(digit))
            .expect("the only session is never closed");
    }
    let mut silent = false;
    loop {
        while let Some(output) = machine.poll_output() {
            if let Event::Resolved(resolved) = output.event {
                let heard = match resolved.resolution {
                    Resolution::Matched | Resolution::Corrected | Resolution::Collected => {
                        let to = resolved.to.map(|to| flow.node(to).id.parse());
                        to.and_then(Result::ok).map(Heard::Branch)
                    }
                    Resolution::NoMatch | Resolution::Ambiguous | Resolution::TooLong => Some(Heard::NoMatch),
                    Resolution::TimedOut | Resolution::TimedOutPartial => None,
                };
                return (heard, silent);
            }
        }
        let Some(due) = machine.poll_timeout() else { return (None, silent) };
        silent = true;
        machine.handle_timeout(due);
    }
}

/// Digits that a collect node takes: of a length from `min` to `max`, without the terminator, and none of `not`; the
/// shortest where there is a terminator, else the longest, which need no pause.
pub(super) fn other_digits(min: u8, max: u8, terminator: Option<Digit>, not: &[&str]) -> Option<DigitString> {
    let alphabet: Vec<Digit> = (1..10)
        .chain([0])
        .chain(10..16)
        .filter_map(Digit::from_code)
        .filter(|&digit| Some(digit) != terminator)
        .collect();
    let lengths: Vec<u8> =
        if terminator.is_some() { (min..=max).collect() } else { (min..=max).rev().collect() };
    for length in lengths {
        // One more than could all be forbidden, or all there are.
        for number in 0..=not.len() {
            let mut rest = number;
            let mut digits = DigitString::new();
            for _ in 0..length {
                if !digits.push(alphabet[rest % alphabet.len()]) {
                    return None;
                }
                rest /= alphabet.len();
            }
            if rest > 0 {
                break;
            }
            let text = digits.to_string();
            if !not.contains(&text.as_str()) {
                return Some(digits);
            }
        }
    }
    None
}
