/// What a row's remark says in place of a test, or beside one that shows only one side of it. Nothing else may stand
/// there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// The client's duty.
    Client,
    /// A transport's duty.
    Runtime,
    /// No behaviour that a test could show.
    Advice,
    /// A permission that this broker does not use, so that there is nothing to show.
    NotUsed,
    /// The broker's duty, and not done yet: one of [`TO_COME`].
    ToCome(&'static str),
}

/// What the broker cannot do yet. When it can, its rows get tests and its line goes.
pub const TO_COME: &[&str] = &[
    "to come: enhanced authentication",
    "to come: maximum QoS",
    "to come: retain availability",
    "to come: wildcard availability",
    "to come: subscription identifier availability",
    "to come: shared subscription availability",
    "to come: response information",
    "to come: request problem information",
    "to come: overlapping, a copy for each subscription",
];

const OTHERS: &[(&str, Marker)] = &[
    ("client: mqtt-client-core (to come)", Marker::Client),
    ("runtime: mqtt-broker WebSocket (to come)", Marker::Runtime),
    ("advice: nothing that a test could show", Marker::Advice),
    ("not used: the broker may and does not", Marker::NotUsed),
];

impl Marker {
    /// Reads one.
    ///
    /// # Errors
    /// If it is none that is known.
    pub fn new(text: &str) -> Result<Self, String> {
        let others = OTHERS.iter().find(|(known, _)| *known == text).map(|&(_, marker)| marker);
        let to_come = TO_COME.iter().find(|known| **known == text).map(|&known| Self::ToCome(known));
        others.or(to_come).ok_or_else(|| format!("`{text}` is no marker that is known"))
    }

    /// As the table has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::ToCome(text) => text,
            other => OTHERS.iter().find(|(_, marker)| *marker == other).map_or("", |(text, _)| text),
        }
    }
}
