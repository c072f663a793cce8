//! A policy that says yes, no or later, as chance has it.

use mqtt_broker_core::{Decision, Policy, Question, Request, Ticket, Verdict};
use mqtt_codec::{QoS, ReasonCode};

use crate::message::{CLIENT_IDS, FILTERS, LAST, TOPICS};
use crate::random::Random;

/// How the policy of a broker answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mood {
    /// Yes, at once.
    Easy,
    /// Yes, sometimes later.
    Calm,
    /// Anything.
    Strict,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guard {
    random: Random,
    pub(crate) mood: Mood,
    /// What was answered since it was last looked at, or `None` for later.
    pub(crate) answered: Vec<(Asked, Option<Ruling>)>,
}

/// Who wants what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) client: usize,
    pub(crate) wish: Wish,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wish {
    /// What a packet asks for.
    Packet,
    /// To have a will published.
    Will,
    /// To keep a subscription.
    Keep(usize),
    /// To get the retained message of a topic.
    Replay(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ruling {
    Yes,
    /// Yes, to SUBSCRIBE. No to anything else.
    UpTo(QoS),
    No,
}

/// What was answered to a question, or will be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decided {
    Now(Ruling),
    Later(Ticket),
}

impl Ruling {
    /// If it leaves less of a QoS, it leaves so much.
    pub(crate) fn any(random: &mut Random, mood: Mood, least: QoS) -> Self {
        match random.below(10) {
            0 if mood == Mood::Strict => Self::UpTo(random.pick(&[least, QoS::AtLeastOnce])),
            1 if mood == Mood::Strict => Self::No,
            _ => Self::Yes,
        }
    }

    pub(crate) const fn verdict(self) -> Verdict {
        match self {
            Self::Yes => Verdict::Allow,
            Self::UpTo(qos) => Verdict::AllowUpTo(qos),
            Self::No => Verdict::Deny(ReasonCode::NotAuthorized),
        }
    }

    /// To what is no SUBSCRIBE.
    pub(crate) fn is_yes(self) -> bool {
        self == Self::Yes
    }

    /// What it leaves of a QoS, to SUBSCRIBE.
    pub(crate) fn limit(self, qos: QoS) -> Option<QoS> {
        match self {
            Self::Yes => Some(qos),
            Self::UpTo(maximum) => Some(qos.min(maximum)),
            Self::No => None,
        }
    }
}

impl Guard {
    pub(crate) const fn new(random: Random, mood: Mood) -> Self {
        Self { random, mood, answered: Vec::new() }
    }
}

impl Policy for Guard {
    fn decide(&mut self, question: &Question<'_>) -> Decision {
        let asked = Asked::new(question);
        let mood = if asked.client == LAST { Mood::Easy } else { self.mood };
        let is_later = mood != Mood::Easy && self.random.one_in(3);
        // What groups get has to arrive whoever gets it.
        let least = match question.request {
            Request::Subscribe { filter, .. } if filter.is_shared() => QoS::AtLeastOnce,
            _ => QoS::AtMostOnce,
        };
        let ruling = (!is_later).then(|| Ruling::any(&mut self.random, mood, least));
        self.answered.push((asked, ruling));
        ruling.map_or(Decision::Later, |ruling| Decision::Now(ruling.verdict()))
    }
}

impl Asked {
    fn new(question: &Question<'_>) -> Self {
        let place = |text: &str, mut all: std::slice::Iter<'_, &str>| {
            all.position(|&one| one == text).expect("it is one of ours")
        };
        let wish = match question.request {
            Request::Will { is_due: true, .. } => Wish::Will,
            Request::Subscribe { filter, is_kept: true, .. } => {
                Wish::Keep(FILTERS.iter().position(|(one, _)| *one == filter.as_str()).expect("one of ours"))
            }
            Request::Replay { topic, .. } => Wish::Replay(place(topic.as_str(), TOPICS.iter())),
            _ => Wish::Packet,
        };
        Self { client: place(question.client.client_id, CLIENT_IDS.iter()), wish }
    }
}
