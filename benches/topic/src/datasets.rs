use std::collections::HashSet;
use std::str::FromStr;

use mqtt_topic::{TopicFilterBuf, TopicNameBuf};

/// The key of the subscription at an index: each has its own.
pub fn key(at: usize) -> u32 {
    u32::try_from(at).expect("not so many subscriptions")
}

/// The value of the subscription at an index.
pub const fn value(at: usize) -> u8 {
    (at % 3) as u8
}

/// Subscriptions, and names that are published.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The filter of each subscription.
    pub filters: Vec<TopicFilterBuf>,
    /// Published in turn. All of them are different, or there is one.
    pub names: Vec<TopicNameBuf>,
}

/// What kind of subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Filters of five levels without wildcards, of which one matches each name.
    Exact,
    /// The same, but a tenth of the filters has a `+` at one of the levels. About 1.6 match a name.
    Mixed,
    /// 1,000 filters with wildcards that all match one name.
    Many,
    /// Subscriptions of one filter.
    One,
    /// 1,000 filters of 128 levels, `a` and `+` mixed, that match a name of 128 `a` but for the last level.
    Attack,
    /// The same with 127 more that match: one for each number of levels, which ends in `#`.
    AttackFew,
    /// All 4,096 filters of 12 levels `a` and `+` with a `b` behind, and a name that they match but for the last level: as
    /// many nodes as there can be that match a part of the name.
    AttackTree,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Exact, Self::Mixed, Self::Many, Self::One, Self::Attack, Self::AttackFew, Self::AttackTree];

    /// What it is called on the command line and in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Mixed => "mixed",
            Self::Many => "many",
            Self::One => "one",
            Self::Attack => "attack",
            Self::AttackFew => "attack-few",
            Self::AttackTree => "attack-tree",
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("no dataset '{name}'"))
    }
}

/// How many names are published in turn, at most.
const NAMES: usize = 4096;
/// How many subscriptions are changed, at most.
const CHANGES: usize = 65_536;
/// How many devices there are on a floor: with fewer, fewer of the wildcards for devices match a name.
const DEVICES: usize = 25;
/// How many filters those have that do not grow.
const FEW: usize = 1_000;
/// How many levels the attacker's filters and names have.
const DEEP: usize = 128;
/// How many levels are `a` or `+` where there are all combinations.
const TREE: usize = 12;

impl Dataset {
    /// Makes the same subscriptions whenever it is called; `count` is how many, if the kind can have any number.
    pub fn new(kind: Kind, count: usize) -> Self {
        let (filters, names) = match kind {
            Kind::Exact => (exact(count), device_names(count, |_| true)),
            Kind::Mixed => (mixed(count), device_names(count, is_exact)),
            Kind::Many => many(),
            Kind::One => (vec![device(0, FEW).join("/"); count], vec![device(0, FEW).join("/")]),
            Kind::Attack => (attack(), vec![deep_name()]),
            Kind::AttackFew => (attack().into_iter().chain(attack_matching()).collect(), vec![deep_name()]),
            Kind::AttackTree => (attack_tree(), vec![["a"; TREE + 1].join("/")]),
        };
        let filter = |text| TopicFilterBuf::new(text).expect("a filter");
        let name = |text| TopicNameBuf::new(text).expect("no wildcards");
        Self {
            filters: filters.into_iter().map(filter).collect(),
            names: names.into_iter().map(name).collect(),
        }
    }

    /// Indices of different subscriptions that are spread over the set: a tenth, 65,536 at most.
    pub fn sample(&self) -> Vec<usize> {
        let count = self.filters.len();
        spread(count, CHANGES.min(count / 10))
    }
}

/// The levels of a device's topic. Its number is its own, as those of devices are; the rest is that of its floor.
fn device(at: usize, count: usize) -> [String; 5] {
    let floor = Rng::new(at as u64).below((count / DEVICES).max(1));
    let (site, level, building) = (floor % 8, floor / 8 % 10, floor / 80);
    [
        format!("site{site}"),
        format!("b{building}"),
        format!("f{level}"),
        format!("dev{}", 100_000 + at),
        "temperature".to_owned(),
    ]
}

fn exact(count: usize) -> Vec<String> {
    (0..count).map(|at| device(at, count).join("/")).collect()
}

/// Whether a filter of [`Kind::Mixed`] has no wildcard.
fn is_exact(at: usize) -> bool {
    !at.is_multiple_of(10)
}

fn mixed(count: usize) -> Vec<String> {
    let mut rng = Rng::new(1);
    let filter = |at: usize| {
        if is_exact(at) {
            return device(at, count).join("/");
        }
        // That of a device which some other filter names, so that it matches something.
        let other = loop {
            let other = rng.below(count);
            if is_exact(other) {
                break other;
            }
        };
        let mut levels = device(other, count);
        levels[at / 10 % 5] = "+".to_owned();
        levels.join("/")
    };
    (0..count).map(filter).collect()
}

fn device_names(count: usize, is_named: fn(usize) -> bool) -> Vec<String> {
    let name = |at| if is_named(at) { at } else { at + 1 };
    spread(count, count.min(NAMES)).into_iter().map(|at| device(name(at), count).join("/")).collect()
}

/// Indices in no order, one from each of equal parts of all.
fn spread(count: usize, parts: usize) -> Vec<usize> {
    let mut rng = Rng::new(2);
    let mut spread: Vec<_> = (0..parts)
        .map(|part| {
            let (start, end) = (part * count / parts, (part + 1) * count / parts);
            // Never the last of a longer part, so that the next one is also in it.
            start + rng.below((end - start - 1).max(1))
        })
        .collect();
    shuffle(&mut spread, &mut rng);
    spread
}

fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for at in (1..items.len()).rev() {
        items.swap(at, rng.below(at + 1));
    }
}

fn many() -> (Vec<String>, Vec<String>) {
    let name = ["site3", "b17", "f4", "r21", "line6", "cell9", "dev123456", "sensor2", "temperature"];
    let mut filters = HashSet::new();
    for len in 1..=name.len() {
        for mask in 0..1 << len {
            let levels = name[..len].iter().enumerate();
            let levels = levels.map(|(at, level)| if mask >> at & 1 == 1 { "+" } else { level });
            let mut levels: Vec<_> = levels.collect();
            if len < name.len() {
                levels.push("#");
            }
            filters.insert(levels.join("/"));
        }
    }
    filters.remove(&name.join("/"));
    let mut filters: Vec<_> = filters.into_iter().collect();
    filters.sort_unstable();
    shuffle(&mut filters, &mut Rng::new(3));
    filters.truncate(FEW);
    (filters, vec![name.join("/")])
}

fn deep_name() -> String {
    ["a"; DEEP].join("/")
}

/// Every second one ends in `#` too, behind the level that does not match.
fn attack() -> Vec<String> {
    let mut rng = Rng::new(4);
    let filter = |at: usize| {
        let end: &[&str] = if at.is_multiple_of(2) { &["b"] } else { &["b", "#"] };
        [&mixed_levels(&mut rng)[..DEEP - end.len()], end].concat().join("/")
    };
    (0..FEW).map(filter).collect()
}

fn attack_matching() -> impl Iterator<Item = String> {
    let mut rng = Rng::new(5);
    (1..DEEP).map(move |len| [&mixed_levels(&mut rng)[..len], &["#"]].concat().join("/"))
}

fn attack_tree() -> Vec<String> {
    let filter = |mask: u32| {
        let levels = (0..TREE).map(|at| if mask >> at & 1 == 1 { "+" } else { "a" });
        levels.chain(["b"]).collect::<Vec<_>>().join("/")
    };
    (0..1 << TREE).map(filter).collect()
}

fn mixed_levels(rng: &mut Rng) -> [&'static str; DEEP] {
    [(); DEEP].map(|()| ["a", "+"][rng.below(2)])
}

/// Numbers from a seed (SplitMix64): the same data in every run.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; a little uneven, which does no harm here.
    pub const fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many names as a scan without optimization is done with soon.
    const SCANNED: usize = 500;

    /// How many filters match each of the first names.
    fn matches(Dataset { filters, names }: &Dataset) -> Vec<usize> {
        let count = |name: &TopicNameBuf| filters.iter().filter(|filter| filter.matches(name)).count();
        names.iter().take(SCANNED).map(count).collect()
    }

    fn different<T: std::hash::Hash + Eq>(items: &[T]) -> usize {
        items.iter().collect::<HashSet<_>>().len()
    }

    #[test]
    fn an_exact_filter_matches_each_name() {
        for (count, names) in [(1_000, 1_000), (20_000, 4_096)] {
            let dataset = Dataset::new(Kind::Exact, count);
            assert_eq!((dataset.filters.len(), different(&dataset.filters)), (count, count));
            assert_eq!((dataset.names.len(), different(&dataset.names)), (names, names));
            assert!(dataset.filters.iter().all(|filter| filter.as_str().split('/').count() == 5));
            assert_eq!(matches(&dataset), vec![1; SCANNED]);
        }
    }

    #[test]
    fn one_and_six_tenths_of_mixed_filters_match_a_name() {
        for count in [1_000, 20_000] {
            let dataset = Dataset::new(Kind::Mixed, count);
            assert_eq!(dataset.filters.len(), count);
            for level in 0..5 {
                let with = |filter: &&TopicFilterBuf| filter.as_str().split('/').nth(level) == Some("+");
                assert_eq!(dataset.filters.iter().filter(with).count(), count / 50);
            }
            let matches = matches(&dataset);
            let all: usize = matches.iter().sum();
            assert!((150..170).contains(&(all * 100 / matches.len())), "{all} in {}", matches.len());
            assert!(matches.iter().all(|matches| *matches >= 1));
        }
    }

    #[test]
    fn a_thousand_filters_match_one_name() {
        let many = Dataset::new(Kind::Many, 0);
        assert_eq!((different(&many.filters), matches(&many)), (1_000, vec![1_000]));
        assert!(many.filters.iter().all(|filter| filter.as_str().contains(['+', '#'])));
        let one = Dataset::new(Kind::One, 1_000);
        assert_eq!((one.filters.len(), different(&one.filters), matches(&one)), (1_000, 1, vec![1_000]));
    }

    #[test]
    fn none_or_few_of_the_attackers_filters_match() {
        let attack = Dataset::new(Kind::Attack, 0);
        assert_eq!((different(&attack.filters), matches(&attack)), (1_000, vec![0]));
        assert!(attack.filters.iter().all(|filter| filter.as_str().split('/').count() == DEEP));
        let tree = Dataset::new(Kind::AttackTree, 0);
        assert_eq!((different(&tree.filters), matches(&tree)), (4_096, vec![0]));
        let few = Dataset::new(Kind::AttackFew, 0);
        assert_eq!((different(&few.filters), matches(&few)), (1_127, vec![127]));
    }

    #[test]
    fn a_sample_is_spread_over_the_set() {
        for count in [1_000, 20_000] {
            let mut sample = Dataset::new(Kind::Exact, count).sample();
            sample.sort_unstable();
            assert_eq!(sample.len(), count / 10);
            assert!(sample.windows(2).all(|pair| (1..20).contains(&(pair[1] - pair[0]))));
        }
    }
}
