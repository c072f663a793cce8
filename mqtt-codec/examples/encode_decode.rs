//! Encodes a PUBLISH, then decodes a stream of packets. `cargo run -p mqtt-codec --example encode_decode`

use mqtt_codec::{Decoder, Limits, MessageProperties, Packet, Publish, TopicName, Version};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let properties = MessageProperties {
        content_type: Some("text/plain"),
        user_properties: (&[("unit", "°C")]).into(),
        ..MessageProperties::default()
    };
    let publish = Publish { properties, ..Publish::new(TopicName::new("site3/temperature")?, b"21.5") };
    let mut stream = Vec::new();
    publish.encode(Version::V5, &mut stream)?;
    Packet::PingReq.encode(Version::V5, &mut stream)?;

    let mut decoder = Decoder::with_version(Version::V5, Limits::default());
    let mut rest = &stream[..];
    while let Some((packet, used)) = decoder.decode(rest)? {
        println!("{used:3} bytes: {packet:?}");
        rest = &rest[used..];
    }

    let error = decoder.decode(b"\x36\x04\0\x01a\0").unwrap_err();
    println!("{error}: answer {}, by {:?}", error.reason_code(), error.statement(Version::V5));
    Ok(())
}
