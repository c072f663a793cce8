//! Tests of the runner itself: a transcript that is wrong fails, and says where and how.

use libtest_mimic::{Failed, Trial};

use crate::transcript::{as_it_came, difference, run};

/// A transcript, and the difference that it has to have.
type Case = (&'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("a_transcript_that_is_right_passes", "c> CONNECT v5 id=c clean\nc< CONNACK 00\n", ""),
    (
        "another_packet_than_expected_fails",
        "# A remark.\nc> CONNECT v5 id=c clean\nc< CONNACK 87\n\nc> PINGREQ\nc< PINGRESP\nc drops\n",
        "x.txt:3
  # A remark.
  c> CONNECT v5 id=c clean
- c< CONNACK 87
+ c< CONNACK 00

  c> PINGREQ
  c< PINGRESP
",
    ),
    (
        "a_packet_that_is_not_in_the_transcript_fails",
        "c> CONNECT v5 id=c clean\nc> PINGREQ\nc< PINGRESP\n",
        "x.txt:1
  c> CONNECT v5 id=c clean
+ c< CONNACK 00
  c> PINGREQ
  c< PINGRESP
",
    ),
    (
        "a_packet_that_does_not_come_fails",
        "c> CONNECT v5 id=c clean\nc< CONNACK 00\nc< PINGRESP\n",
        "x.txt:3
  c> CONNECT v5 id=c clean
  c< CONNACK 00
- c< PINGRESP
",
    ),
    (
        "the_wrong_order_of_packets_to_one_client_fails",
        "c> CONNECT v5 id=c clean\nc< CONNACK 00\nc> SUBSCRIBE 1 x\nc< SUBACK 1 00\nc> PUBLISH x q1 id=7 '1'\nc< PUBACK 7\nc< PUBLISH x '1'\n",
        "x.txt:6
  c> SUBSCRIBE 1 x
  c< SUBACK 1 00
  c> PUBLISH x q1 id=7 '1'
- c< PUBACK 7
  c< PUBLISH x '1'
+ c< PUBACK 7
",
    ),
    (
        "a_drop_that_is_not_in_the_transcript_fails",
        "c> CONNECT v5 id=c expiry=9\nc< CONNACK 00\nc> SUBSCRIBE 1 x\nc< SUBACK 1 00\nc drops\napp> PUBLISH x '1'\n",
        "x.txt:6
  c< SUBACK 1 00
  c drops
  app> PUBLISH x '1'
+ dropped c x Offline
",
    ),
    (
        "a_pause_a_question_and_a_close_that_are_not_in_the_transcript_fail",
        "c> CONNECT v5 id=c clean user-name=later\ndeny 87\n",
        "x.txt:1
  c> CONNECT v5 id=c clean user-name=later
+ asked c CONNECT
+ c< paused
  deny 87
+ c< resumed
+ c< CONNACK 87
(1 more lines differ further down)
",
    ),
    (
        "a_count_that_is_wrong_fails",
        "c> CONNECT v5 id=c clean\nc< CONNACK 00\nstats sessions=2 connections=1\n",
        "x.txt:3
  c> CONNECT v5 id=c clean
  c< CONNACK 00
- stats sessions=2 connections=1
+ stats sessions=1 connections=1
",
    ),
    (
        "time_that_is_too_short_fails",
        "c opens\n+9999ms\nc< closed\n",
        "x.txt:3
  c opens
  +9999ms
- c< closed
",
    ),
    (
        "a_line_that_means_nothing_fails",
        "c> CONNECT v5 id=c clean\nc< CONNACK 00\nc sleeps\nc> PINGREQ\n",
        "x.txt:3
  c> CONNECT v5 id=c clean
  c< CONNACK 00
! c sleeps    <-- what does this line mean?
  c> PINGREQ
",
    ),
    (
        "a_line_can_stand_for_several",
        "c> CONNECT v5 id=c clean\nc< CONNACK 00\nc> SUBSCRIBE 1 #\nc< SUBACK 1 00\napp> PUBLISH r/{09..11} '{09..11}'\nc< PUBLISH r/{09..11} '{09..11}'\n\napp> PUBLISH r/{1..2} ''\n",
        "x.txt:8
  c< PUBLISH r/11 '11'

  app> PUBLISH r/1 ''
+ c< PUBLISH r/1 ''
  app> PUBLISH r/2 ''
+ c< PUBLISH r/2 ''
",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let cases = CASES.iter().map(|&(name, transcript, expected)| {
        Trial::test(format!("runner/{name}"), move || {
            let found = difference("x.txt", &run(transcript)).unwrap_or_default();
            if found == expected { Ok(()) } else { Err(format!("expected\n{expected}\ngot\n{found}").into()) }
        })
    });
    let rewriting = Trial::test("runner/what_came_is_a_transcript_that_passes", || {
        let came = as_it_came(&run(
            "# A remark.\nc> CONNECT v5 id=c clean\nc< CONNACK 87\n\n# Another.\nc> PINGREQ\n",
        ));
        let expected =
            "# A remark.\nc> CONNECT v5 id=c clean\nc< CONNACK 00\n\n# Another.\nc> PINGREQ\nc< PINGRESP\n";
        if came == expected { Ok(()) } else { Err(Failed::from(came)) }
    });
    cases.chain([rewriting]).collect()
}
