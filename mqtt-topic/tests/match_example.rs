//! The example `match`.

#[path = "../examples/match/lines.rs"]
mod lines;

/// The exit code, and what is written to the standard output and error.
fn run(filters: &[&str], names: &[u8]) -> (u8, String, String) {
    let filters: Vec<_> = filters.iter().map(|filter| filter.as_bytes().to_vec()).collect();
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let code = lines::run(&filters, names, &mut output, &mut errors).unwrap();
    (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
}

#[test]
fn names_with_the_filters_that_match_them() {
    let found = run(&["+/b", "#", "a/b", "a/b", "$share/g/a/#"], b"a/b\r\nx\n$SYS/b\nno newline at the end");
    let expected = "a/b\t+/b\t#\ta/b\ta/b\t$share/g/a/#\nx\t#\n$SYS/b\nno newline at the end\t#\n";
    assert_eq!(found, (0, expected.to_owned(), String::new()));
    assert_eq!(run(&[], b"a\n"), (0, "a\n".to_owned(), String::new()));
}

#[test]
fn a_bad_name_is_shown_and_skipped() {
    let (code, output, errors) = run(&["#"], b"a\n\n\xC3\xA9/+\nab\xFF\nb\n");
    assert_eq!((code, output.as_str()), (0, "a\t#\nb\t#\n"));
    let expected = "\n^ a topic has at least one character, found none at byte 0 (MQTT-4.7.3-1)\n\
        \u{e9}/+\n  ^ a topic name has no wildcard, found one at byte 3 (MQTT-4.7.0-1)\n\
        ab\u{fffd}\n  ^ expected UTF-8 (MQTT-1.5.4-1)\n";
    assert_eq!(errors, expected);
}

#[test]
fn bad_filters_are_all_shown_and_nothing_is_read() {
    let (code, output, errors) = run(&["a", "a#", "a/#/b", "#"], b"a\n");
    assert_eq!((code, output.as_str()), (2, ""));
    let carets: Vec<_> = errors.lines().map(|line| line.find('^')).collect();
    assert_eq!(carets, [None, Some(1), None, Some(2)]);
}

#[test]
fn a_filter_that_is_no_utf_8() {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let code = lines::run(&[b"a/\xFF".to_vec()], &b"a\n"[..], &mut output, &mut errors).unwrap();
    assert_eq!((code, output.len()), (2, 0));
    assert_eq!(String::from_utf8(errors).unwrap(), "a/\u{fffd}\n  ^ expected UTF-8 (MQTT-1.5.4-1)\n");
}
