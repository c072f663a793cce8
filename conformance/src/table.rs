use std::path::Path;

use crate::{Marker, Named};

/// A table of statements.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// File in this crate's folder.
    pub file: &'static str,
    /// Above it, for readers.
    pub title: &'static str,
    /// What it holds, for readers.
    pub about: &'static str,
}

/// All tables.
pub const TABLES: &[Table] = &[
    Table {
        file: "mqtt-5.0.tsv",
        title: "MQTT 5.0",
        about: "The numbered statements of the OASIS standard of March 2019.",
    },
    Table {
        file: "mqtt-3.1.1.tsv",
        title: "MQTT 3.1.1",
        about: "The numbered statements of the OASIS standard of October 2014.",
    },
    Table {
        file: "unnumbered.tsv",
        title: "Rules without a number",
        about: "What the texts ask for or allow and give no number: N5 of MQTT 5.0, N3 of MQTT 3.1.1. The numbers are ours.",
    },
];

const COLUMNS: &str = "id\tsection\twho\tlayer\tlevel\tsummary\ttests\tremark";

/// A statement, and what shows it.
#[derive(Clone, Debug)]
pub struct Row {
    /// `MQTT-3.1.0-1`, or `N5-01` and `N3-01` for rules without a number.
    pub id: String,
    /// Number of the section, and its name where there is one.
    pub section: String,
    /// Whose duty it is: `server`, `client` or `both`.
    pub who: String,
    /// Where it is done: crates or kinds of crates, the owner first.
    pub layer: Vec<String>,
    /// `must`, `must-not`, `should`, ..
    pub level: String,
    /// What it says, in our words.
    pub summary: String,
    /// What shows it.
    pub tests: Vec<Named>,
    /// What is not shown.
    pub markers: Vec<Marker>,
}

impl Table {
    /// Reads the table.
    ///
    /// # Errors
    /// A text that names the row and what is wrong with it.
    pub fn rows(&self) -> Result<Vec<Row>, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(self.file);
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", self.file))?;
        let (head, rows) = text.split_once('\n').unwrap_or_default();
        if head != COLUMNS {
            return Err(format!("{} does not have the columns {COLUMNS}", self.file));
        }
        rows.lines().map(|line| row(line).map_err(|error| format!("{}: {error}", self.file))).collect()
    }
}

fn row(line: &str) -> Result<Row, String> {
    let [id, section, who, layer, level, summary, tests, remark] = line.split('\t').collect::<Vec<_>>()[..]
    else {
        return Err(format!("another number of columns: {line}"));
    };
    let wrong = |error| format!("{id}: {error}");
    Ok(Row {
        id: id.to_owned(),
        section: section.to_owned(),
        who: who.to_owned(),
        layer: layer.split(',').map(str::to_owned).collect(),
        level: level.to_owned(),
        summary: summary.to_owned(),
        tests: list(tests).map(Named::new).collect::<Result<_, _>>().map_err(wrong)?,
        markers: list(remark).map(Marker::new).collect::<Result<_, _>>().map_err(wrong)?,
    })
}

/// Entries with `; ` between them.
fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split("; ").filter(|entry| !entry.is_empty())
}

impl Row {
    /// The version of the protocol, as the codec's vectors write it.
    pub fn version(&self, table: &Table) -> &'static str {
        if table.file == "mqtt-3.1.1.tsv" || self.id.starts_with("N3") { "3.1.1" } else { "5" }
    }

    /// Whether the statement asks something of this broker, and not of a client or a transport alone.
    pub fn binds_the_broker(&self) -> bool {
        self.layer.iter().any(|layer| ["broker-core", "codec", "topic"].contains(&layer.as_str()))
    }

    /// What is wrong with what the row says of its tests.
    pub fn error(&self) -> Option<String> {
        let Self { id, tests, markers, .. } = self;
        let has = |marker| markers.contains(&marker);
        let is_clients = self.layer.iter().any(|layer| layer == "client-core");
        let wrong = if !["server", "client", "both"].contains(&self.who.as_str()) {
            "neither a server nor a client nor both are bound"
        } else if tests.is_empty() && markers.is_empty() {
            "there is neither a test nor a remark"
        } else if is_clients && !has(Marker::Client) {
            "the client's side has no marker"
        } else if self.who == "server" && has(Marker::Client) {
            "a marker of the client for what binds the server alone"
        } else if has(Marker::NotUsed) && !self.level.contains("may") {
            "it is not for the broker to choose"
        } else if self.binds_the_broker() && tests.is_empty() && !has(Marker::NotUsed) {
            "the broker is bound and there is no test"
        } else {
            return None;
        };
        Some(format!("{id}: {wrong}"))
    }
}
