//! The statement and the reason code of each error.

use super::*;

/// The statement that is broken, in 3.1.1 and in 5.0, and the reason code that answers it in 5.0. The number of a
/// statement is often another in 3.1.1, and the same number another statement.
#[test]
fn statements_and_reason_codes() {
    type Case = (&'static [u8], &'static str, &'static str, u8);
    let both: &[Case] = &[
        (b"\x12\0", "MQTT-2.2.2-2", "MQTT-2.1.3-1", 0x81),
        (b"\x60\x02\0\x01", "MQTT-3.6.1-1", "MQTT-3.6.1-1", 0x81),
        (b"\x80\0", "MQTT-3.8.1-1", "MQTT-3.8.1-1", 0x81),
        (b"\xA0\0", "MQTT-3.10.1-1", "MQTT-3.10.1-1", 0x81),
        (b"\xE1\0", "MQTT-3.14.1-1", "MQTT-3.14.1-1", 0x81),
        (b"\x36\0", "MQTT-3.3.1-4", "MQTT-3.3.1-4", 0x81),
        (b"\x38\0", "MQTT-3.3.1-2", "MQTT-3.3.1-2", 0x81),
        (b"\x30\x04\0\x01\x80\0", "MQTT-1.5.3-1", "MQTT-1.5.4-1", 0x81),
        (b"\x30\x04\0\x01\0\0", "MQTT-1.5.3-2", "MQTT-1.5.4-2", 0x81),
        (b"\x30\x04\0\x01+\0", "MQTT-3.3.2-2", "MQTT-3.3.2-2", 0x90),
        (b"\x32\x06\0\x01a\0\0\0", "MQTT-2.3.1-1", "MQTT-2.2.1-3", 0x82),
        (b"\x82\x02\0\0", "MQTT-2.3.1-1", "MQTT-2.2.1-3", 0x82),
        (b"\xA2\x02\0\0", "MQTT-2.3.1-1", "MQTT-2.2.1-3", 0x82),
        (b"\x40\x02\0\0", "", "", 0x82),
        (b"\xC0\x01\0", "", "", 0x81),
        (b"\x40\x01\0", "", "", 0x81),
        (b"\0\0", "", "", 0x81),
        (b"\x10\x06\0\x04MQTX", "MQTT-3.1.2-1", "MQTT-3.1.2-1", 0x84),
        (b"\x10\x07\0\x04MQTT\x06", "MQTT-3.1.2-2", "MQTT-3.1.2-2", 0x84),
    ];
    let v3: &[Case] = &[
        (b"\xF0\0", "", "", 0x81),
        (b"\x10\x08\0\x04MQTT\x04\x01", "MQTT-3.1.2-3", "MQTT-3.1.2-3", 0x81),
        (b"\x10\x08\0\x04MQTT\x04\x40", "MQTT-3.1.2-22", "", 0x81),
        (b"\x10\x0D\0\x04MQTT\x04\x1C\0\0\0\x01c", "MQTT-3.1.2-14", "MQTT-3.1.2-12", 0x81),
        (b"\x20\x02\x02\0", "", "MQTT-3.2.2-1", 0x81),
        (b"\x20\x02\x01\x05", "MQTT-3.2.2-4", "MQTT-3.2.2-6", 0x82),
        (b"\x30\x02\0\0", "MQTT-4.7.3-1", "MQTT-4.7.3-1", 0x90),
        (b"\x82\x02\0\x01", "MQTT-3.8.3-3", "MQTT-3.8.3-2", 0x82),
        (b"\x82\x06\0\x01\0\x01a\x03", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x81),
        (b"\x82\x06\0\x01\0\x01a\x04", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x81),
        (b"\x90\x03\0\x01\x03", "MQTT-3.9.3-2", "MQTT-3.9.3-2", 0x81),
        (b"\x90\x02\0\x01", "MQTT-3.8.4-5", "MQTT-3.8.4-6", 0x82),
        (b"\xA2\x02\0\x01", "MQTT-3.10.3-2", "MQTT-3.10.3-2", 0x82),
        (b"\xA2\x06\0\x01\0\x02a#", "MQTT-4.7.1-2", "MQTT-4.7.1-1", 0x82),
        (b"\xA2\x06\0\x01\0\x02a+", "MQTT-4.7.1-3", "MQTT-4.7.1-2", 0x82),
        (b"\xA2\x04\0\x01\0\0", "MQTT-4.7.3-1", "MQTT-4.7.3-1", 0x82),
    ];
    let v5: &[Case] = &[
        (b"\xF1\0", "", "MQTT-3.15.1-1", 0x81),
        (b"\xC0\x80\0", "", "MQTT-1.5.5-1", 0x81),
        (b"\x10\x08\0\x04MQTT\x05\x01", "MQTT-3.1.2-3", "MQTT-3.1.2-3", 0x81),
        (b"\x10\x0E\0\x04MQTT\x05\x1C\0\0\0\0\x01c", "MQTT-3.1.2-14", "MQTT-3.1.2-12", 0x81),
        (b"\x20\x03\x02\0\0", "", "MQTT-3.2.2-1", 0x81),
        (b"\x20\x03\x01\x87\0", "MQTT-3.2.2-4", "MQTT-3.2.2-6", 0x82),
        (b"\x20\x02\0\x01", "", "", 0x84),
        (b"\x30\x03\0\0\0", "", "MQTT-3.3.2-1", 0x82),
        (b"\x30\x07\0\x01a\x03\x23\0\0", "", "MQTT-3.3.2-8", 0x94),
        (b"\x30\x06\0\x01a\x02\x01\x02", "", "", 0x82),
        (b"\x30\x08\0\x01a\x04\x08\0\x01+", "", "MQTT-3.3.2-14", 0x82),
        (b"\x82\x03\0\x01\0", "MQTT-3.8.3-3", "MQTT-3.8.3-2", 0x82),
        (b"\x82\x07\0\x01\0\0\x01a\x40", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x81),
        (b"\x82\x07\0\x01\0\0\x01a\x03", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x82),
        (b"\x82\x07\0\x01\0\0\x01a\x30", "MQTT-3.8.3-4", "MQTT-3.8.3-5", 0x82),
        (b"\x82\x10\0\x01\0\0\x0A$share/g/a\x04", "", "MQTT-3.8.3-4", 0x82),
        (b"\x90\x03\0\x01\0", "MQTT-3.8.4-5", "MQTT-3.8.4-6", 0x82),
        (b"\xA2\x03\0\x01\0", "MQTT-3.10.3-2", "MQTT-3.10.3-2", 0x82),
        (b"\xA2\x07\0\x01\0\0\x02a#", "MQTT-4.7.1-2", "MQTT-4.7.1-1", 0x82),
        (b"\xA2\x07\0\x01\0\0\x02a+", "MQTT-4.7.1-3", "MQTT-4.7.1-2", 0x82),
        (b"\xA2\x05\0\x01\0\0\0", "MQTT-4.7.3-1", "MQTT-4.7.3-1", 0x82),
        (b"\xA2\x0C\0\x01\0\0\x07$share/", "", "MQTT-4.8.2-1", 0x82),
        (b"\xA2\x0D\0\x01\0\0\x08$share/g", "", "MQTT-4.8.2-2", 0x82),
        (b"\xF0\0", "", "MQTT-4.12.0-5", 0x82),
    ];
    for (versions, cases) in
        [(&[Version::V3_1_1, Version::V5][..], both), (&V3[1..], v3), (&[Version::V5], v5)]
    {
        for &version in versions {
            for &(bytes, v3, v5, code) in cases {
                let error = decode(version, bytes).expect_err("must be refused");
                let at = format!("{version}: {error}");
                assert_eq!(error.statement(Version::V3_1).unwrap_or_default(), v3, "{at}");
                assert_eq!(error.statement(Version::V3_1_1).unwrap_or_default(), v3, "{at}");
                assert_eq!(error.statement(Version::V5).unwrap_or_default(), v5, "{at}");
                assert_eq!(error.reason_code().as_u8(), code, "{at}");
            }
        }
    }
    let error = connect_version(b"\xC0\0").unwrap_err();
    assert_eq!(error.statement(Version::V5), Some("MQTT-3.1.0-1"));
    assert_eq!(error.statement(Version::V3_1_1), Some("MQTT-3.1.0-1"));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
    let limits = Limits { packet_size: 4, ..Limits::default() };
    let error = frame(b"\x30\x03", &limits).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::PacketTooLarge { size: 5, limit: 4 }, 1));
    assert_eq!((error.statement(Version::V5), error.reason_code()), (None, ReasonCode::PacketTooLarge));
}
