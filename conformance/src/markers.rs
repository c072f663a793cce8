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
}

const MARKERS: &[(&str, Marker)] = &[
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
        let known = MARKERS.iter().find(|(known, _)| *known == text).map(|&(_, marker)| marker);
        known.ok_or_else(|| format!("`{text}` is no marker that is known"))
    }

    /// As the table has it.
    pub fn text(self) -> &'static str {
        MARKERS.iter().find(|(_, marker)| *marker == self).map_or("", |(text, _)| text)
    }
}
