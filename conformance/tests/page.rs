//! The page is what the tables say.

use conformance::{Named, TABLES, page, root};

#[test]
fn the_page_is_what_the_tables_say() {
    let path = root().join(page::FILE);
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let is_same = found == page::write().unwrap();
    assert!(is_same, "{} is not what the tables say: write it by `cargo run -p conformance`", page::FILE);
}

#[test]
fn its_links_lead_somewhere() {
    let root = root();
    for row in TABLES.iter().flat_map(|table| table.rows().unwrap()) {
        for named in &row.tests {
            let (_, path) = named.link(&root);
            assert!(root.join(&path).is_file(), "{}: {path}", row.id);
        }
    }
}

#[test]
fn names_of_tests() {
    let root = root();
    let link = |text| Named::new(text).unwrap().link(&root);
    let owned = |name: &str, path: &str| (name.to_owned(), path.to_owned());
    assert_eq!(
        link("mqtt-broker-core/scenarios::wills/a-b"),
        owned("wills/a-b", "mqtt-broker-core/scenarios/wills/a-b.txt")
    );
    assert_eq!(
        link("mqtt-session/lib::keep_alive::tests::once"),
        owned("`mqtt-session once`", "mqtt-session/src/keep_alive.rs")
    );
    assert_eq!(
        link("mqtt-codec/edges::decoding::once"),
        owned("`mqtt-codec once`", "mqtt-codec/tests/edges/decoding.rs")
    );
    assert_eq!(
        link("vector:topics.json#PUBLISH to +"),
        owned("PUBLISH to +", "mqtt-codec/vectors/topics.json")
    );
    for wrong in ["", "mqtt-topic", "mqtt-topic/lib", "lib::name", "vector:topics.json"] {
        assert!(Named::new(wrong).is_err(), "{wrong}");
    }
}
