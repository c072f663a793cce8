use mqtt_codec::{DecodeError, Limits, List, ListItem, MessageProperties, Packet, Version, frame};

/// Takes the input as one packet, in every version.
///
/// Either it is refused, or what it decodes to encodes to exactly as many bytes as foretold, and these decode to the
/// same packet again.
pub fn decode(input: &[u8]) {
    let frame = match frame(input, &Limits::default()) {
        Ok(Some(frame)) => frame,
        Ok(None) => return,
        Err(error) => return Version::ALL.into_iter().for_each(|version| refused(error, input, version)),
    };
    for version in Version::ALL {
        match Packet::decode(version, frame) {
            Ok(packet) => {
                check_lists(&packet);
                check_limits(&packet, version, input);
                check_stored_properties(&packet);
                round_trip(&packet, version);
            }
            Err(error) => refused(error, frame.bytes(), version),
        }
    }
}

/// An error can be told to people and to the peer, and points into the packet.
fn refused(error: DecodeError, bytes: &[u8], version: Version) {
    let offset = usize::try_from(error.offset()).expect("32 bits fit");
    assert!(offset <= bytes.len(), "{error} is beyond {} bytes", bytes.len());
    assert!(!error.to_string().is_empty());
    assert!(error.reason_code().is_error(), "{error} has the code of a success");
    if let Some(statement) = error.statement(version) {
        assert!(statement.starts_with("MQTT"), "{error}: {statement}");
    }
}

fn round_trip(packet: &Packet<'_>, version: Version) {
    let encoded = encode(packet, version).unwrap_or_else(|| panic!("{version} {packet:?} has no length"));
    assert_eq!(Packet::decode(version, whole(&encoded)).as_ref(), Ok(packet));
    // Another version drops fields or refuses, but what it writes is a packet.
    for other in Version::ALL {
        let Some(encoded) = encode(packet, other) else { continue };
        if let Err(error) = Packet::decode(other, whole(&encoded)) {
            panic!("{version} {packet:?} was encoded for {other}, which refuses it: {error}");
        }
    }
}

/// Encodes in every way that there is; `None` if the version has no such packet.
pub(crate) fn encode(packet: &Packet<'_>, version: Version) -> Option<Vec<u8>> {
    let len = packet.encoded_len(version);
    let mut appended = Vec::new();
    let outcome = packet.encode(version, &mut appended);
    assert_eq!(outcome.err(), len.err(), "the length knows what fails");
    let Ok(len) = len else {
        assert!(appended.is_empty(), "a refused packet writes nothing");
        return None;
    };
    assert_eq!(appended.len(), len, "the length is exact");
    let mut buffer = vec![0; len];
    assert_eq!(packet.encode_to_slice(version, &mut buffer), Ok(len));
    assert_eq!(buffer, appended);
    if let Packet::Publish(publish) = packet {
        let mut parts = Vec::new();
        publish.encode_head(version, &mut parts).expect("the whole packet was encoded");
        assert_eq!(Ok(parts.len()), publish.head_len(version));
        parts.extend(publish.payload);
        assert_eq!(parts, appended, "head and payload are the packet");
    }
    Some(appended)
}

fn whole(bytes: &[u8]) -> mqtt_codec::Frame<'_> {
    let frame = frame(bytes, &Limits::default()).expect("what we encode has a good header");
    let frame = frame.expect("what we encode is whole");
    assert_eq!(frame.bytes().len(), bytes.len(), "the remaining length is exact");
    frame
}

/// Limits refuse, or change nothing.
fn check_limits(packet: &Packet<'_>, version: Version, input: &[u8]) {
    let limits = Limits {
        properties_size: 40,
        user_properties: 1,
        filters: 1,
        subscription_ids: 1,
        ..Limits::default()
    };
    let limited = frame(input, &limits).expect("limits of the body are not for the header").expect("whole");
    match Packet::decode(version, limited) {
        Ok(limited) => assert_eq!(limited, *packet),
        Err(error) => refused(error, input, version),
    }
    let len = frame(input, &limits).map(|frame| frame.map(|frame| frame.bytes().len()));
    let len = u32::try_from(len.expect("as above").expect("as above")).expect("at most 4 + 256 MiB");
    assert!(matches!(frame(input, &Limits { packet_size: len, ..limits }), Ok(Some(_))));
    assert!(frame(input, &Limits { packet_size: len - 1, ..limits }).is_err());
}

fn check_list<'a, T: ListItem<'a>>(list: &List<'a, T>) {
    assert_eq!(list.iter().count(), list.len());
    assert_eq!(list.is_empty(), list.iter().next().is_none());
}

fn check_lists(packet: &Packet<'_>) {
    match packet {
        Packet::Connect(connect) => {
            check_list(&connect.properties.user_properties);
            if let Some(will) = &connect.will {
                check_list(&will.properties.user_properties);
            }
        }
        Packet::ConnAck(connack) => check_list(&connack.properties.user_properties),
        Packet::Publish(publish) => {
            check_list(&publish.subscription_ids);
            check_list(&publish.properties.user_properties);
        }
        Packet::PubAck(ack) => check_list(&ack.properties.user_properties),
        Packet::PubRec(ack) => check_list(&ack.properties.user_properties),
        Packet::PubRel(ack) => check_list(&ack.properties.user_properties),
        Packet::PubComp(ack) => check_list(&ack.properties.user_properties),
        Packet::Subscribe(subscribe) => {
            check_list(&subscribe.subscriptions);
            check_list(&subscribe.user_properties);
        }
        Packet::SubAck(suback) => {
            check_list(&suback.codes);
            check_list(&suback.properties.user_properties);
        }
        Packet::Unsubscribe(unsubscribe) => {
            check_list(&unsubscribe.filters);
            check_list(&unsubscribe.user_properties);
        }
        Packet::UnsubAck(unsuback) => {
            check_list(&unsuback.codes);
            check_list(&unsuback.properties.user_properties);
        }
        Packet::PingReq | Packet::PingResp => {}
        Packet::Disconnect(disconnect) => check_list(&disconnect.properties.user_properties),
        Packet::Auth(auth) => check_list(&auth.properties.user_properties),
    }
}

/// The properties of a message survive being stored.
fn check_stored_properties(packet: &Packet<'_>) {
    let properties = match packet {
        Packet::Publish(publish) => &publish.properties,
        Packet::Connect(connect) => match &connect.will {
            Some(will) => &will.properties,
            None => return,
        },
        _ => return,
    };
    let mut stored = Vec::new();
    properties.encode(&mut stored).expect("they came from a packet");
    assert_eq!(MessageProperties::decode(&stored).as_ref(), Ok(properties));
}
