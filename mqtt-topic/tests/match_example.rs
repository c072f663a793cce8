//! The example `match`.

#[path = "../examples/match/lines.rs"]
mod lines;

/// Whether the filters are good, and what is written to the standard output and error.
fn run(filters: &[&str], names: &[u8]) -> (bool, String, String) {
    let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let all_good = lines::run(&filters, names, &mut output, &mut errors).unwrap();
    (all_good, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
}

#[test]
fn names_with_the_filters_that_match_them() {
    let found = run(&["+/b", "#", "a/b", "a/b", "$share/g/a/#"], b"a/b\r\nx\n$SYS/b\nno newline at the end");
    let expected = "a/b\t+/b\t#\ta/b\ta/b\t$share/g/a/#\nx\t#\n$SYS/b\nno newline at the end\t#\n";
    assert_eq!(found, (true, expected.to_owned(), String::new()));
    assert_eq!(run(&[], b"a\n"), (true, "a\n".to_owned(), String::new()));
}

#[test]
fn a_bad_name_is_shown_and_skipped() {
    let (all_good, output, errors) = run(&["#"], b"a\n\n\xC3\xA9/+\nab\xFF\nb\n");
    assert_eq!((all_good, output.as_str()), (true, "a\t#\nb\t#\n"));
    let expected = "\n^ a topic needs at least one character at byte 0 (MQTT-4.7.3-1)\n\
        \u{e9}/+\n  ^ a topic name has no wildcard, found one at byte 3 (MQTT-4.7.0-1)\n\
        ab\u{fffd}\n  ^ expected UTF-8 (MQTT-1.5.4-1)\n";
    assert_eq!(errors, expected);
}

#[test]
fn bad_filters_are_all_shown_and_nothing_is_read() {
    let (all_good, output, errors) = run(&["a", "a#", "a/#/b", "#"], b"a\n");
    assert_eq!((all_good, output.as_str()), (false, ""));
    let carets: Vec<_> = errors.lines().map(|line| line.find('^')).collect();
    assert_eq!(carets, [None, Some(1), None, Some(2)]);
}
