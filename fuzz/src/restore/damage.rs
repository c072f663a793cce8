use std::collections::BTreeMap;

use super::kept::Store;
use crate::broker::packets::CLIENT_IDS;
use crate::broker::script::Script;

const KINDS: [&str; 10] = [
    "session",
    "subscription",
    "copy",
    "received",
    "released",
    "replay",
    "will",
    "message",
    "retained",
    "complete",
];
/// The first byte of a value that can be read.
const FORMAT: u8 = 1;

/// Pairs as they are read.
pub(super) struct Pairs(Vec<Pair>);

#[derive(Clone)]
struct Pair {
    key: Vec<u8>,
    value: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// As a broker has stored it.
    Stored,
    /// The same, but for its length.
    Cut,
    /// It may be right by chance.
    Other,
}

impl Pairs {
    pub(super) fn new(stored: &Store) -> Self {
        let pair = |(key, value): (&Vec<u8>, &Vec<u8>)| Pair {
            key: key.clone(),
            value: value.clone(),
            state: State::Stored,
        };
        Self(stored.0.iter().map(pair).collect())
    }

    /// The next step. Its first byte says what is done, its second to which pair.
    pub(super) fn damage(&mut self, script: &mut Script<'_>) -> Option<()> {
        let (what, which) = (script.byte()? % 12, usize::from(script.byte()?));
        if what == 0 {
            let (key, value) = (script.bytes()?.to_vec(), script.bytes()?.to_vec());
            self.0.push(Pair { key, value, state: State::Other });
            return Some(());
        }
        let count = self.0.len();
        let pair = self.0.get_mut(which.checked_rem(count)?)?;
        let state = if pair.state == State::Stored { State::Cut } else { State::Other };
        match what {
            1 => _ = self.0.remove(which % count),
            2 => {
                let (at, byte) = (usize::from(script.byte()?), script.byte()?);
                let len = pair.value.len();
                *pair.value.get_mut(at.checked_rem(len)?)? = byte;
                pair.state = State::Other;
            }
            3 => {
                let len = usize::from(script.byte()?);
                if len < pair.value.len() {
                    pair.value.truncate(len);
                    pair.state = state;
                }
            }
            4 => {
                let more = script.bytes()?;
                pair.value.extend(more);
                pair.state = if more.is_empty() { pair.state } else { state };
            }
            5 => {
                let (at, byte) = (usize::from(script.byte()?), script.byte()?);
                let len = pair.key.len();
                *pair.key.get_mut(at.checked_rem(len)?)? = byte;
                pair.state = State::Other;
            }
            6 | 7 => {
                // A number, at a place where there may be one.
                let (at, number) = (usize::from(script.byte()?), u64::from(script.byte()?));
                let number = if what == 6 { number } else { u64::MAX >> (number % 64) };
                let len = pair.value.len();
                let place = at.checked_rem(len)?;
                let bytes = pair.value.get_mut(place..)?;
                bytes.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, new)| *byte = new);
                pair.state = State::Other;
            }
            8 => {
                let other = self.0.get(usize::from(script.byte()?).checked_rem(count)?)?.value.clone();
                let pair = self.0.get_mut(which % count)?;
                pair.value = other;
                pair.state = State::Other;
            }
            9 => {
                let twin = pair.clone();
                self.0.push(twin);
            }
            10 => {
                // To another number or client.
                let kind = script.pick(KINDS)?;
                let (number, client_id) = (script.byte()?, script.pick(CLIENT_IDS)?);
                pair.key = key(kind, number, client_id).into_bytes();
                pair.state = State::Other;
            }
            _ => {
                let other = usize::from(script.byte()?).checked_rem(count)?;
                self.0.swap(which % count, other);
            }
        }
        Some(())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|pair| (&pair.key[..], &pair.value[..]))
    }

    /// A store that has the first of those with one key.
    pub(super) fn to_store(&self) -> Store {
        let mut store = BTreeMap::new();
        for Pair { key, value, .. } in &self.0 {
            store.entry(key.clone()).or_insert_with(|| value.clone());
        }
        Store(store)
    }

    /// Those of which nothing can be read: of a kind that there is not, in another format, or of another length.
    pub(super) fn certainly_damaged(&self) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
        let is_damaged = |pair: &&Pair| {
            let kind = pair.key.split(|&byte| byte == b'/').next().unwrap_or_default();
            let is_ours = KINDS.iter().any(|ours| ours.as_bytes() == kind);
            !is_ours || pair.value.first() != Some(&FORMAT) || pair.state == State::Cut
        };
        self.0.iter().filter(is_damaged).map(|pair| (&pair.key, &pair.value))
    }
}

fn key(kind: &str, number: u8, client_id: &str) -> String {
    match kind {
        "session" => format!("session/{client_id}"),
        "subscription" => format!("subscription/{}/{client_id}/t/#", client_id.len()),
        "message" => format!("message/{number}"),
        "retained" => "retained/t/u".to_owned(),
        "complete" => kind.to_owned(),
        kind => format!("{kind}/{number}/{client_id}"),
    }
}
