use super::*;

fn id(value: u16) -> LocalId {
    LocalId(PacketId::new(value).unwrap())
}

fn window(quota: u16) -> SendWindow<&'static str> {
    let mut window = SendWindow::default();
    window.connected(quota);
    window
}

/// Fails when what is to be sent again is counted in 16 bits.
#[test]
fn what_was_put_back_may_be_more_than_identifiers() {
    let mut window = SendWindow::new(u16::MAX);
    for number in 0..70_000_u32 {
        let number = u16::try_from(number % 65_535 + 1).unwrap();
        window.put_back(id(number), Some((Handshake::AtLeastOnce, ())));
    }
    window.connected(u16::MAX);
    for number in 1..=65_535 {
        assert!(window.resend().is_some());
        assert_eq!(window.puback(id(number)), Ok(()));
    }
    assert_eq!(window.len(), 70_000 - 65_535);
}

#[test]
fn closed_until_connected() {
    assert_eq!(SendWindow::default().send(Handshake::AtLeastOnce, "a"), Err("a"));
    let mut window = window(1);
    window.disconnected();
    assert_eq!(window.send(Handshake::AtLeastOnce, "a"), Err("a"));
}

#[test]
fn quota_is_freed_by_puback_pubcomp_and_refusal_and_not_by_pubrec() {
    let mut window = window(1);
    assert_eq!(window.send(Handshake::AtLeastOnce, "a"), Ok(id(1)));
    assert_eq!(window.send(Handshake::AtLeastOnce, "b"), Err("b"));
    assert_eq!(window.puback(id(1)), Ok("a"));
    assert_eq!(window.send(Handshake::ExactlyOnce, "b"), Ok(id(2)));
    assert_eq!(window.pubrec(id(2), true), Ok(Released::SendPubRel(Some("b"))));
    assert!(!window.has_room());
    assert_eq!(window.pubrec(id(2), true), Ok(Released::SendPubRel(None)), "a repeat");
    assert_eq!(window.pubcomp(id(2)), Ok(()));
    assert_eq!(window.send(Handshake::ExactlyOnce, "c"), Ok(id(3)));
    assert_eq!(window.pubrec(id(3), false), Ok(Released::Refused("c")));
    assert!(window.has_room() && window.is_empty());
}

#[test]
fn acknowledgements_that_fit_nothing_change_nothing() {
    let mut window = window(2);
    window.send(Handshake::AtLeastOnce, "a").unwrap();
    window.send(Handshake::ExactlyOnce, "b").unwrap();
    let before = window.clone();
    assert_eq!(window.puback(id(9)), Err(AckError::UnknownId));
    assert_eq!(window.pubrec(id(9), true), Err(AckError::UnknownId));
    assert_eq!(window.pubcomp(id(9)), Err(AckError::UnknownId));
    assert_eq!(window.puback(id(2)), Err(AckError::WrongKind));
    assert_eq!(window.pubrec(id(1), true), Err(AckError::WrongKind));
    assert_eq!(window.pubrec(id(1), false), Err(AckError::WrongKind));
    assert_eq!(window.pubcomp(id(2)), Err(AckError::WrongKind));
    assert_eq!(window, before);
}

#[test]
fn resends_in_the_order_of_first_sending_before_anything_new() {
    let mut window = window(4);
    window.last_id = 65_533;
    for message in ["a", "b", "c", "d"] {
        window.send(Handshake::ExactlyOnce, message).unwrap();
    }
    window.pubrec(id(65_535), true).unwrap();
    window.disconnected();
    window.connected(2);
    assert_eq!(window.resend(), Some(Resend::Publish(id(65_534), Handshake::ExactlyOnce, &"a")));
    assert_eq!(window.resend(), Some(Resend::PubRel(id(65_535))), "takes no quota");
    assert_eq!(window.resend(), Some(Resend::Publish(id(1), Handshake::ExactlyOnce, &"c")));
    assert_eq!(window.resend(), None, "the quota is used up");
    assert_eq!(window.send(Handshake::AtLeastOnce, "e"), Err("e"));
    assert_eq!(window.pubcomp(id(65_535)), Ok(()));
    assert_eq!(window.resend(), None, "a PUBREL that took no quota gives none back (MQTT-4.9.0-2)");
    window.pubrec(id(65_534), false).unwrap();
    assert_eq!(window.resend(), Some(Resend::Publish(id(2), Handshake::ExactlyOnce, &"d")));
    assert_eq!(window.resend(), None, "once per connection (MQTT-4.4.0-1)");
    window.pubrec(id(1), false).unwrap();
    assert_eq!(window.send(Handshake::AtLeastOnce, "e"), Ok(id(3)));
}

#[test]
fn nothing_new_goes_while_something_is_to_be_sent_again() {
    let mut window = window(4);
    window.send(Handshake::AtLeastOnce, "a").unwrap();
    window.connected(4);
    assert!(!window.has_room());
    assert_eq!(window.send(Handshake::AtLeastOnce, "b"), Err("b"));
    assert!(window.resend().is_some());
    assert!(window.has_room());
}

#[test]
fn abandoning_frees_quota_and_limit() {
    let mut window = SendWindow::new(1);
    window.connected(1);
    let first = window.send(Handshake::AtLeastOnce, "a").unwrap();
    assert_eq!(window.abandon(first), Some("a"));
    assert_eq!(window.abandon(first), None);
    let second = window.send(Handshake::ExactlyOnce, "b").unwrap();
    window.connected(1);
    assert_eq!(window.abandon(second), Some("b"), "it took no quota on this connection");
    assert_eq!(window.resend(), None);
    assert!(window.has_room() && window.is_empty());
}

#[test]
fn something_acknowledged_before_it_was_sent_again_is_not_sent_again() {
    let mut window = window(4);
    for message in ["a", "b", "c"] {
        window.send(Handshake::ExactlyOnce, message).unwrap();
    }
    window.connected(1);
    window.pubrec(id(1), false).unwrap();
    window.pubrec(id(2), true).unwrap();
    assert_eq!(window.resend(), Some(Resend::Publish(id(3), Handshake::ExactlyOnce, &"c")));
}

#[test]
fn what_waits_for_pubcomp_takes_no_quota_but_counts_for_the_limit() {
    let mut window = SendWindow::new(2);
    window.connected(2);
    for message in ["a", "b"] {
        let id = window.send(Handshake::ExactlyOnce, message).unwrap();
        window.pubrec(id, true).unwrap();
    }
    window.connected(2);
    assert_eq!(window.resend(), Some(Resend::PubRel(id(1))));
    assert_eq!(window.resend(), Some(Resend::PubRel(id(2))));
    assert_eq!(window.send(Handshake::AtLeastOnce, "c"), Err("c"));
    window.pubcomp(id(1)).unwrap();
    assert_eq!(window.send(Handshake::AtLeastOnce, "c"), Ok(id(3)));
}

#[test]
fn messages_come_back_in_the_order_of_first_sending() {
    let mut window = window(4);
    window.last_id = 65_534;
    for message in ["a", "b", "c"] {
        window.send(Handshake::ExactlyOnce, message).unwrap();
    }
    window.pubrec(id(1), true).unwrap();
    let messages: Vec<_> = window.into_messages().collect();
    assert_eq!(messages, [(Handshake::ExactlyOnce, "a"), (Handshake::ExactlyOnce, "c")]);
}

#[test]
fn identifiers_are_free_nonzero_and_rotate() {
    let mut window = window(u16::MAX);
    let held = window.send(Handshake::AtLeastOnce, "held").unwrap();
    for _ in 0..70_000 {
        let next = window.send(Handshake::AtLeastOnce, "x").unwrap();
        assert_ne!(next, held);
        window.puback(next).unwrap();
    }
    for _ in 1..u16::MAX {
        window.send(Handshake::AtLeastOnce, "x").unwrap();
    }
    assert_eq!(window.len(), 65_535);
    assert_eq!(window.send(Handshake::AtLeastOnce, "one too many"), Err("one too many"));
}

#[test]
fn an_identifier_in_use_is_passed_over_at_each_turn() {
    for held in [1, 2, 3, 4, 65_532, 65_533, 65_534, 65_535] {
        let mut window = SendWindow::after(held - 1, 3);
        window.connected(3);
        assert_eq!(window.send(Handshake::AtLeastOnce, "held"), Ok(id(held)));
        for turn in 0..3 {
            let ids: Vec<u16> = (1..u16::MAX)
                .map(|_| {
                    let next = window.send(Handshake::AtLeastOnce, "x").unwrap();
                    window.puback(next).unwrap();
                    next.0.get()
                })
                .collect();
            let all = (held..=u16::MAX).chain(1..held).skip(1);
            assert!(ids.iter().copied().eq(all), "turn {turn} with {held} held");
        }
    }
}
