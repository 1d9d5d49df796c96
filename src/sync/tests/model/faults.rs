//! Rules that are wrong on purpose, put between the world and the engine: a checker that does not find them proves nothing.

/// A wrong rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// ALREADY makes a DND ours.
    AlreadyOwns,
    /// Any report of a value that was once handed out is an echo.
    EchoNeverExpires,
    /// So is one of a value that was handed out and never answered, and without end.
    UnansweredEchoLastsForEver,
    /// An echo is a person's act.
    EchoIsAPerson,
    /// An override does not reach the disk.
    OverrideNotStored,
    /// An intent does not reach the disk.
    IntentNotStored,
    /// What was ours before a restart is nobody's after it.
    RestartForgetsOwned,
    /// The age of presence begins anew with each process.
    RestartForgetsAge,
    /// OFF is asked for whenever the rules say off.
    OffForAPersonsDnd,
    /// ON is asked for again after a person switched ours off.
    OverrideIsFought,
    /// A refused change counts as made.
    RefusalCounts,
    /// What is ours is not given back when the user is removed.
    RemovalForgets,
    /// Holds are none.
    NoHold,
    /// Nothing grows stale.
    NeverStale,
    /// After GONE there are offers.
    GoneIsForgotten,
}

mod found {
    use super::super::acts::{ALL, Act, Kind, Mood, Pause, Teams, Trap};
    use super::super::exhaustive::search;
    use super::super::world::World;
    use super::Fault;

    /// Each wrong rule, a host that meets it, and from where all lives of two acts are searched.
    const WRONG: &[(Fault, Kind, &[Act])] = &[
        (Fault::AlreadyOwns, Kind::Names, &[Act::Unseen]),
        (Fault::EchoNeverExpires, Kind::Echoes, &[Act::Teams(Teams::Call), Act::Pass(Pause::Hold)]),
        (
            Fault::UnansweredEchoLastsForEver,
            Kind::Echoes,
            &[
                Act::Teams(Teams::Call),
                Act::Pass(Pause::Hold),
                Act::Mood(Mood::Defers),
                Act::Teams(Teams::Free),
                Act::Pass(Pause::Hold),
                Act::Teams(Teams::Call),
                Act::Mood(Mood::Does),
                Act::Pass(Pause::Minute),
            ],
        ),
        (Fault::EchoIsAPerson, Kind::Echoes, &[]),
        (Fault::OverrideNotStored, Kind::Names, &[Act::Teams(Teams::Call), Act::Press(false)]),
        (Fault::IntentNotStored, Kind::Names, &[]),
        (Fault::RestartForgetsOwned, Kind::Silent, &[Act::Teams(Teams::Call)]),
        (Fault::RestartForgetsAge, Kind::Silent, &[Act::Teams(Teams::Call), Act::Graph(false), Act::Pass(Pause::Minute)]),
        (Fault::OffForAPersonsDnd, Kind::Names, &[]),
        (Fault::OverrideIsFought, Kind::Names, &[Act::Teams(Teams::Call)]),
        (Fault::RefusalCounts, Kind::Marks, &[]),
        (Fault::RemovalForgets, Kind::Names, &[]),
        (Fault::NoHold, Kind::Marks, &[Act::Teams(Teams::Call)]),
        (Fault::NeverStale, Kind::Silent, &[Act::Teams(Teams::Call)]),
        (Fault::GoneIsForgotten, Kind::Names, &[]),
    ];

    #[test]
    fn the_search_finds_each_wrong_rule() {
        for (fault, kind, first) in WRONG {
            let found = search(*kind, first, 2, Some(*fault)).expect_err(&format!("{fault:?} holds"));
            println!("{fault:?}: {} {:?}", found.broken, found.life);
            assert!(found.life.len() <= first.len() + 2);
            search(*kind, &found.life, 0, None).unwrap_or_else(|found| panic!("without {fault:?}: {}", found.text(*kind)));
        }
    }

    /// The same without knowing where to look: lives drawn at random.
    #[test]
    fn random_lives_find_each_wrong_rule() {
        let mut seed = 0x9E37_79B9_7F4A_7C15u64;
        let mut draw = |count: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % count as u64) as usize
        };
        // Some need five acts and more in their order: nobody draws them.
        for (fault, kind, _) in WRONG.iter().filter(|(_, _, first)| first.len() < 3) {
            let found = (0..3_000).any(|_| {
                let mut world = World::new(*kind, Some(*fault));
                let acts: Vec<Act> = (0..12).map(|_| ALL[draw(ALL.len())]).collect();
                acts.into_iter().any(|act| world.act(act).is_err()) || world.becomes_quiet().is_err()
            });
            assert!(found, "{fault:?}");
        }
    }

    /// A world that has a trap or a mood that nothing springs would check nothing of it.
    #[test]
    fn every_act_does_something() {
        let begins: &[&[Act]] = &[
            &[Act::Teams(Teams::Call)],
            &[Act::Mood(Mood::Defers), Act::Teams(Teams::Call)],
            &[Act::Graph(false), Act::Enable(false), Act::Remove, Act::Seat(false), Act::Match(false)],
            &[Act::Trap(Trap::PressAfter), Act::Teams(Teams::Call), Act::Stop],
            &[Act::Disk(super::super::acts::DiskMood::Held), Act::Mood(Mood::Refuses), Act::Teams(Teams::Call)],
        ];
        for act in ALL.iter().filter(|act| **act != Act::Reload) {
            let moves = begins.iter().any(|begin| {
                let mut world = World::new(Kind::Echoes, None);
                begin.iter().for_each(|act| world.act(*act).expect("a life that holds"));
                let before = world.fingerprint();
                world.act(*act).expect("a life that holds");
                world.fingerprint() != before
            });
            assert!(moves, "{act:?}");
        }
    }
}
