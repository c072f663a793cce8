//! All inputs of up to three bytes: a verdict and never a panic, and "need more" for what is not whole and for nothing else.

use mqtt_codec::{Decoder, Limits, Packet, Version, connect_version, frame};

/// Whether the bytes are a whole packet by their fixed header; `None` if the header itself is not there or bad.
fn is_whole(bytes: &[u8]) -> Option<bool> {
    let (low, rest) = bytes.get(1..)?.split_first()?;
    let (length, behind) = match (low, rest.split_first()) {
        (0..0x80, _) => (usize::from(*low), rest.len()),
        (_, None) => return None,
        (_, Some((0..0x80, behind))) => (usize::from(low & 0x7F) | usize::from(rest[0]) << 7, behind.len()),
        (_, Some(_)) => return None,
    };
    Some(behind >= length)
}

fn check(limits: Limits, decoders: &mut [(Version, Decoder)], bytes: &[u8]) {
    let reserved = bytes.first().is_some_and(|first| first >> 4 == 0);
    let whole = is_whole(bytes) == Some(true);
    let framed = frame(bytes, &limits);
    match &framed {
        Err(_) => assert!(reserved, "{bytes:02X?}"),
        Ok(found) => assert!(!reserved && found.is_some() == whole, "{bytes:02X?}"),
    }
    for (version, decoder) in decoders {
        let streamed = decoder.decode(bytes);
        match framed {
            // Nearly all inputs come here, and a comparison of packets takes its time.
            Ok(None) => assert!(matches!(streamed, Ok(None)), "{bytes:02X?}"),
            Ok(Some(found)) => {
                let packet = Packet::decode(*version, found);
                let used = found.bytes().len();
                assert_eq!(streamed, packet.map(|packet| Some((packet, used))), "{bytes:02X?}");
                if packet.is_ok() {
                    for end in 0..used {
                        assert_eq!(decoder.decode(&bytes[..end]), Ok(None), "{end} of {bytes:02X?}");
                    }
                }
            }
            Err(error) => assert_eq!(streamed, Err(error), "{bytes:02X?}"),
        }
    }
    // A server's first packet: CONNECT needs ten bytes at least, so none of these is one.
    let version = connect_version(bytes);
    let may_be_connect = bytes.first().is_none_or(|first| first >> 4 == 1);
    if !may_be_connect || whole {
        assert!(version.is_err(), "{bytes:02X?}");
    } else {
        // The length of the protocol name is not there yet.
        assert_eq!(version, Ok(None), "{bytes:02X?}");
    }
    match Decoder::new(limits).decode(bytes) {
        Ok(found) => assert!(found.is_none() && version == Ok(None), "{bytes:02X?}"),
        Err(error) => assert!(version == Err(error), "{bytes:02X?}"),
    }
}

#[test]
fn every_input_of_up_to_three_bytes() {
    let limits = Limits::default();
    let decoders = || Version::ALL.map(|version| (version, Decoder::with_version(version, limits)));
    check(limits, &mut decoders(), &[]);
    std::thread::scope(|scope| {
        for half in [0..=0x7Fu8, 0x80..=0xFF] {
            scope.spawn(move || {
                let mut decoders = decoders();
                for first in half {
                    check(limits, &mut decoders, &[first]);
                    for second in 0..=0xFF {
                        check(limits, &mut decoders, &[first, second]);
                        for third in 0..=0xFF {
                            check(limits, &mut decoders, &[first, second, third]);
                        }
                    }
                }
            });
        }
    });
}
