use mqtt_topic::{TopicFilterBuf, TopicNameBuf};

/// Numbers from a seed (SplitMix64): the same data in every run.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; a little uneven, which does no harm here.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Subscriptions of a building automation, and names that are published there.
#[derive(Clone, Debug)]
pub struct Topics {
    /// Nine of ten are exact, `site3/b17/f4/dev123456/temperature`; one has a wildcard.
    pub filters: Vec<TopicFilterBuf>,
    /// Each is that of a device that some exact filter names.
    pub names: Vec<TopicNameBuf>,
}

impl Topics {
    /// Makes `filters` filters and `names` names.
    pub fn new(filters: usize, names: usize) -> Self {
        let mut rng = Rng::new(42);
        let mut exact = Vec::new();
        let filters = (0..filters).map(|at| {
            let (site, building, floor) = (rng.below(8), rng.below(40), rng.below(10));
            // The number is unique, as devices are.
            let device = 100_000 + at;
            let text = match (at % 10, rng.below(4)) {
                (0, 0) => format!("site{site}/b{building}/f{floor}/+/temperature"),
                (0, 1) => format!("site{site}/b{building}/f{floor}/dev{device}/#"),
                (0, 2) => format!("site{site}/b{building}/+/dev{device}/+"),
                (0, _) => format!("site{site}/+/f{floor}/dev{device}/temperature"),
                _ => {
                    let text = format!("site{site}/b{building}/f{floor}/dev{device}/temperature");
                    exact.push(text.clone());
                    text
                }
            };
            TopicFilterBuf::new(text).expect("made above")
        });
        let filters = filters.collect();
        let end = u64::try_from(exact.len()).expect("64 bits");
        let names = (0..names).map(|_| {
            let at = usize::try_from(rng.below(end)).expect("an index");
            TopicNameBuf::new(exact[at].clone()).expect("no wildcards")
        });
        Self { filters, names: names.collect() }
    }
}
