//! What survives a crash: the pairs that go to a store. FORMAT.md says how they are written.

mod journal;
mod key;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use self::journal::Journal;
pub(crate) use self::key::{NUMBERS, StoreKey};
pub(crate) use self::record::{
    CopyOrigin, CopyRecord, CopyState, MessageOrigin, ReceivedRecord, Record, ReleasedRecord, ReplayRecord,
    SessionRecord, SubscriptionRecord, WillRecord,
};
pub(crate) use self::write::{CopyOf, write_copy, write_message, write_number, write_replay, write_will};

/// A change of the store. Keys are text; values are bytes, of which the first is the version of their format.
///
/// Nothing depends on the order of keys. Putting a key again replaces its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreOp<'a> {
    /// Keep this value under this key.
    Put {
        /// Some 20 bytes and a Client Identifier, a Topic Name or a Topic Filter; for a subscription, both of the first and the last. So
        /// 131,100 at most, and seldom more than 100.
        key: &'a [u8],
        /// Seldom more than 100 bytes; that of a message is as long as its payload and properties, and as much more.
        value: &'a [u8],
    },
    /// Forget this key, which may not be there.
    Delete {
        /// As above.
        key: &'a [u8],
    },
}

/// Why a pair from the store is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Nothing of a broker is kept under such a key.
    #[error("nothing of a broker is kept under such a key")]
    UnknownKey,
    /// The value is in a format that this version does not know.
    #[error("the value is in format {found}, and only format {} is known", Record::FORMAT)]
    UnknownFormat {
        /// The format.
        found: u8,
    },
    /// The value is not what belongs under the key.
    #[error("the value is not what belongs under the key")]
    Malformed,
    /// The session that it belongs to was left out.
    #[error("the session that it belongs to was left out")]
    NoSession,
    /// The message that it is about was left out, or is not there.
    #[error("the message that it is about was left out, or is not there")]
    NoMessage,
    /// Another pair contradicts it.
    #[error("another pair contradicts it")]
    Contradiction,
}
