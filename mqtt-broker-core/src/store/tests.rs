//! What is written is read again, and nothing else is.

use alloc::sync::Arc;
use alloc::vec::Vec;

use mqtt_codec::{MessageProperties, PacketId, QoS, SubscriptionId, Version};
use mqtt_session::{Handshake, LocalId, RemoteId, Timestamp};
use mqtt_topic::{TopicFilter, TopicName};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::key::NUMBERS;
use super::*;
use crate::queue::Parcel;
use crate::router::{Granted, Subscribed};
use crate::session::{Owner, Replay, Will};
use crate::{ListenerId, Message};

const TOPICS: [&str; 3] = ["t", "/", "a/\u{e9}/b"];

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..NUMBERS, Just(0), Just(NUMBERS - 1)]
}

fn qos() -> impl Strategy<Value = QoS> {
    select(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce][..])
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|id| PacketId::new(id).unwrap())
}

fn subscription_id() -> impl Strategy<Value = SubscriptionId> {
    (1_u32..=268_435_455).prop_map(|id| SubscriptionId::new(id).unwrap())
}

fn message() -> impl Strategy<Value = Message> {
    let flags = (qos(), any::<bool>(), any::<u64>(), option::of(any::<u32>()));
    let texts = (select(&TOPICS[..]), option::of("[a-z/]{0,9}"), option::of("[a-z]{0,9}"));
    (flags, texts, vec(any::<u8>(), 0..40)).prop_map(|(flags, texts, payload)| {
        let (qos, retain, received, message_expiry_interval) = flags;
        let (topic, publisher, content_type) = texts;
        let content_type = content_type.as_deref();
        let properties =
            MessageProperties { message_expiry_interval, content_type, ..MessageProperties::default() };
        Message::new(TopicName::new(topic).unwrap(), payload)
            .with_properties(&properties)
            .unwrap()
            .with_qos(qos)
            .with_retain(retain)
            .received_at(Timestamp::from_millis(received))
            .published_by(publisher.map(Arc::from))
    })
}

/// A value is what it was, and no other text or format is taken for it.
fn check(key: StoreKey<'_>, expected: &Record, write: impl FnOnce(&mut Vec<u8>)) {
    let mut value = vec![Record::FORMAT];
    write(&mut value);
    assert_eq!(Record::parse(key, &value).as_ref(), Ok(expected));
    for len in 0..value.len() {
        assert_eq!(Record::parse(key, &value[..len]), Err(RestoreError::Malformed), "{len} bytes");
    }
    value.push(0);
    assert_eq!(Record::parse(key, &value), Err(RestoreError::Malformed));
    for found in [0, Record::FORMAT + 1, 255] {
        value[0] = found;
        assert_eq!(Record::parse(key, &value), Err(RestoreError::UnknownFormat { found }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions(
        (number, will) in (number(), number()),
        expiry_interval: u32,
        left in option::of(0..u64::MAX),
    ) {
        let left = left.map(Timestamp::from_millis);
        let record = SessionRecord { number, expiry_interval, left, will };
        check(StoreKey::Session("a"), &Record::Session(record), |out| record.write(out));
    }

    #[test]
    fn subscriptions(
        (session, group) in (number(), 1..NUMBERS),
        qos in qos(),
        flags: (bool, bool, u32),
        id in option::of(subscription_id()),
        is_shared: bool,
    ) {
        let (no_local, retain_as_published, born) = flags;
        let granted = Granted { qos, no_local, retain_as_published, id };
        let (filter, group) = if is_shared { ("$share/g/a/#", group) } else { ("a/#", 0) };
        let record = SubscriptionRecord { session, subscribed: Subscribed { granted, born }, group };
        let key = StoreKey::Subscription { client_id: "a", filter };
        let expected = Record::Subscription(TopicFilter::new(filter).unwrap().into(), record);
        check(key, &expected, |out| record.write(out));
        let other = SubscriptionRecord { group: u64::from(!is_shared), ..record };
        let mut value = vec![Record::FORMAT];
        other.write(&mut value);
        assert_eq!(Record::parse(key, &value), Err(RestoreError::Malformed), "shared if it has a group");
    }

    #[test]
    fn copies(
        (session, message, group) in (number(), number(), number()),
        qos in select(&[Handshake::AtLeastOnce, Handshake::ExactlyOnce][..]),
        retain: bool,
        ids in vec(subscription_id(), 0..4),
        sent in option::of((packet_id(), number())),
        (origin, source) in (0..3, number()),
    ) {
        let state = sent.map_or(CopyState::Queued, |(id, order)| CopyState::Sent { id: LocalId(id), order });
        let origin = match origin {
            0 => CopyOrigin::Message,
            1 => CopyOrigin::Copy(source),
            _ => CopyOrigin::Replay(source),
        };
        let parcel = Parcel {
            message: Arc::new(Message::new(TopicName::new("t").unwrap(), "")),
            qos: qos.qos(),
            retain,
            subscription_ids: ids.as_slice().into(),
            group: None,
            number: 7,
            is_stored: true,
            order: 0,
        };
        let subscription_ids = parcel.subscription_ids.clone();
        let expected = CopyRecord { session, message, qos, retain, subscription_ids, group, state, origin };
        let of = CopyOf { session, message, group };
        let key = StoreKey::Copy { number: 7, client_id: "a" };
        check(key, &Record::Copy(expected), |out| write_copy(out, &parcel, of, state, origin));
    }

    #[test]
    fn identifiers(id in packet_id(), (session, number) in (number(), number())) {
        let received = ReceivedRecord { session, message: number };
        let key = StoreKey::Received { id, client_id: "a" };
        check(key, &Record::Received(RemoteId(id), received), |out| received.write(out));
        let released = ReleasedRecord { session, order: number };
        let key = StoreKey::Released { id, client_id: "a" };
        check(key, &Record::Released(LocalId(id), released), |out| released.write(out));
    }

    #[test]
    fn replays(
        session in number(),
        born: u32,
        place in option::of("[a-z/]{0,9}"),
    ) {
        let filter = TopicFilter::new("a/#").unwrap();
        let replay = Replay::new(filter, born, 7).at(place.as_deref());
        let place = place.map(Into::into);
        let expected = ReplayRecord { session, filter: filter.into(), born, place };
        let key = StoreKey::Replay { number: 7, client_id: "a" };
        check(key, &Record::Replay(expected), |out| write_replay(out, session, &replay));
    }

    #[test]
    fn wills(
        message in message(),
        numbers: (bool, u32, u32),
        names in (option::of("[a-z]{0,9}"), option::of("[a-z]{0,9}")),
        version in select(&Version::ALL[..]),
    ) {
        let (is_due, delay, listener) = numbers;
        let (user_name, identity) = (names.0.map(Arc::from), names.1.map(Arc::from));
        let owner = Owner { user_name, identity, version, listener: ListenerId(listener) };
        let message = message.published_by(Some("a".into()));
        let will = Will { message, delay, owner, number: 7 };
        let key = StoreKey::Will { number: 7, client_id: "a" };
        let expected = Record::Will(WillRecord { will: will.clone(), is_due });
        check(key, &expected, |out| write_will(out, &will, is_due));
    }

    #[test]
    fn messages(message in message(), (kind, number) in (0..3, number())) {
        let origin = match kind {
            0 => MessageOrigin::Other,
            1 => MessageOrigin::ExactlyOnce,
            _ => MessageOrigin::Will(number),
        };
        let expected = Record::Message(message.clone(), origin);
        check(StoreKey::Message(7), &expected, |out| write_message(out, &message, origin));
    }

    #[test]
    fn others(number in number()) {
        let expected = Record::Retained(TopicName::new("t").unwrap().into(), number);
        check(StoreKey::Retained("t"), &expected, |out| write_number(out, number));
        check(StoreKey::Complete, &Record::Complete(number), |out| write_number(out, number));
    }
}
