//! Our verdicts and meanings beside those of independent codecs.

mod classes;
mod meaning;
mod peers;

use ::arbitrary::{Arbitrary, Unstructured};
use mqtt_codec::{ArbitraryPacket, DecodeError, Frame, Limits, Packet, Version, frame};

use meaning::plain;
use peers::{Peer, Verdict};

/// Takes the input as one packet, and as the makings of a legal one, and compares with the peers in 3.1.1 and 5.0.
///
/// A peer's meaning is what it writes of what it has read, and has to mean to us what the input means to us. A
/// disagreement has to be one that `DISAGREEMENTS.md` lists.
pub fn differential(input: &[u8]) {
    if let Ok(Some(found)) = frame(input, &Limits::default()) {
        compare(Version::V3_1_1, found);
        compare(Version::V5, found);
    }
    let Ok(made) = ArbitraryPacket::arbitrary(&mut Unstructured::new(input)) else { return };
    let mut bytes = Vec::new();
    made.packet().encode(made.version(), &mut bytes).expect("a legal packet encodes");
    // No peer speaks 3.1 on its own.
    if let (Ok(Some(found)), true) = (frame(&bytes, &Limits::default()), made.version() != Version::V3_1) {
        compare(made.version(), found);
    }
}

fn compare(version: Version, frame: Frame<'_>) {
    let ours = Packet::decode(version, frame);
    for peer in Peer::ALL {
        let theirs = peer.judge(version, frame);
        let is_listed = match (&ours, &theirs) {
            (Err(_), Verdict::Refused) => true,
            (_, Verdict::Panics) => classes::panics(peer),
            (Err(error), _) => classes::refused_by_us_alone(peer, version, error, &theirs),
            (Ok(packet), Verdict::Accepted(bytes)) => match read_back(version, bytes) {
                Ok(again) if plain(again) == plain(*packet) => true,
                again => classes::other_meaning(peer, version, packet, again.as_ref().ok()),
            },
            (Ok(packet), Verdict::Refused | Verdict::Waits | Verdict::Unwritable) => {
                classes::accepted_by_us_alone(peer, version, packet)
            }
        };
        assert!(is_listed, "{peer:?}, {version}: ours {ours:?}\ntheirs {}", told(version, &theirs));
    }
}

fn read_back(version: Version, bytes: &[u8]) -> Result<Packet<'_>, Option<DecodeError>> {
    match frame(bytes, &Limits::default()) {
        Ok(Some(found)) if found.bytes().len() == bytes.len() => Packet::decode(version, found).map_err(Some),
        Ok(_) => Err(None),
        Err(error) => Err(Some(error)),
    }
}

fn told(version: Version, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted(bytes) => format!("{:?}", read_back(version, bytes)),
        other => format!("{other:?}"),
    }
}
