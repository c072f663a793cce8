//! Values as they are written: fields of fixed size, and texts behind their length.

use alloc::vec::Vec;

use bytes::BufMut as _;
use mqtt_codec::SubscriptionId;
use mqtt_session::Timestamp;

use super::{
    CopyOrigin, CopyState, MessageOrigin, ReceivedRecord, ReleasedRecord, SessionRecord, SubscriptionRecord,
};
use crate::Message;
use crate::queue::Parcel;
use crate::router::{Granted, Subscribed};
use crate::session::{Owner, Replay, Will};

/// In place of the moment when the connection ended.
pub(super) const CONNECTED: u64 = u64::MAX;

impl SessionRecord {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.put_u64(self.number);
        out.put_u32(self.expiry_interval);
        out.put_u64(self.left.map_or(CONNECTED, Timestamp::as_millis));
        out.put_u64(self.will);
    }
}

impl SubscriptionRecord {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let Self { session, subscribed: Subscribed { granted, born }, group } = self;
        let Granted { qos, no_local, retain_as_published, id } = granted;
        out.put_u64(session);
        out.put_u8(qos as u8);
        out.put_u8(u8::from(no_local));
        out.put_u8(u8::from(retain_as_published));
        out.put_u32(id.map_or(0, SubscriptionId::get));
        out.put_u32(born);
        out.put_u64(group);
    }
}

impl ReceivedRecord {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.put_u64(self.session);
        out.put_u64(self.message);
    }
}

impl ReleasedRecord {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.put_u64(self.session);
        out.put_u64(self.order);
    }
}

/// A number alone: what is retained, and up to where all messages are complete.
pub(crate) fn write_number(out: &mut Vec<u8>, number: u64) {
    out.put_u64(number);
}

/// What a copy belongs to, by number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CopyOf {
    pub(crate) session: u64,
    pub(crate) message: u64,
    pub(crate) group: u64,
}

/// A copy that waits or is under way.
pub(crate) fn write_copy(
    out: &mut Vec<u8>,
    parcel: &Parcel,
    CopyOf { session, message, group }: CopyOf,
    state: CopyState,
    origin: CopyOrigin,
) {
    out.put_u64(session);
    out.put_u64(message);
    out.put_u8(parcel.qos as u8);
    out.put_u8(u8::from(parcel.retain));
    let (id, order) = match state {
        CopyState::Queued => (0, 0),
        CopyState::Sent { id, order } => (id.0.get(), order),
    };
    out.put_u16(id);
    out.put_u64(order);
    let (kind, number) = match origin {
        CopyOrigin::Message => (0, 0),
        CopyOrigin::Copy(number) => (1, number),
        CopyOrigin::Replay(number) => (2, number),
    };
    out.put_u8(kind);
    out.put_u64(number);
    out.put_u64(group);
    let ids = parcel.subscription_ids.as_slice();
    // There are no more than subscriptions of a session.
    out.put_u32(u32::try_from(ids.len()).unwrap_or(u32::MAX));
    for id in ids {
        out.put_u32(id.get());
    }
}

pub(crate) fn write_replay(out: &mut Vec<u8>, session: u64, replay: &Replay) {
    out.put_u64(session);
    out.put_u32(replay.born);
    put_text(out, replay.filter.as_str());
    put_option(out, replay.next_place());
}

pub(crate) fn write_message(out: &mut Vec<u8>, message: &Message, origin: MessageOrigin) {
    let (kind, number) = match origin {
        MessageOrigin::Other => (0, 0),
        MessageOrigin::ExactlyOnce => (1, 0),
        MessageOrigin::Will(number) => (2, number),
    };
    out.put_u8(kind);
    out.put_u64(number);
    put_message(out, message);
}

pub(crate) fn write_will(out: &mut Vec<u8>, will: &Will, is_due: bool) {
    let Owner { user_name, identity, version, listener } = &will.owner;
    out.put_u8(u8::from(is_due));
    out.put_u32(will.delay);
    put_option(out, user_name.as_deref());
    put_option(out, identity.as_deref());
    out.put_u8(version.level());
    out.put_u32(listener.0);
    put_message(out, &will.message);
}

fn put_message(out: &mut Vec<u8>, message: &Message) {
    out.put_u8(message.qos as u8);
    out.put_u8(u8::from(message.retain));
    out.put_u64(message.received.as_millis());
    out.put_u8(u8::from(message.expiry_interval.is_some()));
    out.put_u32(message.expiry_interval.unwrap_or(0));
    put_text(out, message.topic.as_str());
    put_option(out, message.publisher.as_deref());
    put_bytes(out, &message.properties);
    put_bytes(out, &message.payload);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    // Nothing that came in a packet is longer than a packet can be.
    out.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.put_slice(bytes);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

fn put_option(out: &mut Vec<u8>, text: Option<&str>) {
    out.put_u8(u8::from(text.is_some()));
    put_text(out, text.unwrap_or(""));
}
