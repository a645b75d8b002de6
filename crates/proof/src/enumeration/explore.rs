//! The enumeration itself: breadth first from the starting dossier, every act in every state.

use std::collections::{BTreeMap, VecDeque};

use procedure::{
    Dossier, Entry, Outcome, Setting, Stage, Verdict, deadline, dossier::companions, number,
};

use super::{
    Key, Slice,
    ground::{Day, Deed, Ground},
    properties::{PROPERTIES, Property, Says, Standing, Tried, Watch},
    record::{self, Record},
};
use crate::model::Told;

/// So many other dossiers are compared with the first that reached a state…
const COMPARED: u32 = 1;
/// … and after those, one in so many.
const ONE_IN: u64 = 32;
/// More states than this in one slice are a mistake in its abstraction.
const MOST: usize = 100_000;
/// The act of letting the next day come.
const WAIT: usize = usize::MAX;

/// What an enumeration found.
pub struct Report {
    /// The slice.
    pub name: &'static str,
    /// Abstract states.
    pub states: usize,
    /// Acts that were let through, and days that went by.
    pub edges: usize,
    /// Acts that were tried.
    pub tried: u64,
    /// Acts that lead beyond the slice.
    pub beyond: usize,
    /// Other dossiers that were compared with the first in their state.
    pub compared: usize,
    /// For each property, how often what it speaks of was tried.
    pub tries: BTreeMap<&'static str, u64>,
    /// Each stage that was reached, with the first way there.
    pub reached: BTreeMap<&'static str, String>,
    /// Properties that do not hold, with the first way there.
    pub violations: BTreeMap<&'static str, String>,
    /// Dossiers that the abstraction confuses.
    pub confused: Vec<String>,
    /// Whether every state was expanded.
    pub complete: bool,
}

/// How to enumerate.
#[derive(Clone, Copy, Default)]
pub struct How {
    /// The check of the core that is switched off.
    pub off: Option<&'static str>,
    /// The property whose first violation ends it; nothing is compared then.
    pub until_violated: Option<&'static str>,
}

/// Enumerates a slice.
pub fn explore(slice: &'static Slice, how: How) -> Result<Report, String> {
    let ground = Ground::of(slice, how.off)?;
    let told: Vec<Told> = ground.start.history.iter().filter_map(record::told).collect();
    let mut explorer = Explorer {
        slice,
        how,
        ground: &ground,
        told,
        nodes: Vec::new(),
        ids: BTreeMap::new(),
        queue: VecDeque::new(),
        sayings: BTreeMap::new(),
        report: Report {
            name: slice.name,
            states: 0,
            edges: 0,
            tried: 0,
            beyond: 0,
            compared: 0,
            tries: BTreeMap::new(),
            reached: BTreeMap::new(),
            violations: BTreeMap::new(),
            confused: Vec::new(),
            complete: true,
        },
    };
    explorer.add(Way { from: 0, deed: WAIT, day: 0, entry: None }, explorer.key(&ground.start, 0));
    while let Some(id) = explorer.queue.pop_front() {
        explorer.expand(id)?;
        let violated = |name| explorer.report.violations.contains_key(name);
        if how.until_violated.is_some_and(violated) || explorer.report.confused.len() > 3 {
            break;
        }
        if explorer.nodes.len() > MOST {
            explorer.report.complete = false;
            break;
        }
    }
    explorer.waited();
    explorer.report.states = explorer.nodes.len();
    Ok(explorer.report)
}

/// How a dossier came about: the state before, the act, and what was recorded.
#[derive(Clone)]
struct Way {
    from: usize,
    deed: usize,
    day: usize,
    entry: Option<Entry>,
}

/// An abstract state.
struct Node {
    way: Way,
    /// What was said to each act, once it was expanded.
    said: Option<Vec<u32>>,
    /// Where each act that was let through leads.
    next: BTreeMap<usize, usize>,
    /// How many limits have run out.
    late: usize,
    /// How many other dossiers were met, and which wait to be compared.
    met: u32,
    waiting: Vec<Way>,
}

/// What an act comes to: the outcome, and the codes that speak against it.
type Saying = (u8, Vec<&'static str>, usize);

struct Explorer<'a> {
    slice: &'static Slice,
    how: How,
    ground: &'a Ground,
    told: Vec<Told>,
    nodes: Vec<Node>,
    ids: BTreeMap<Key, usize>,
    queue: VecDeque<usize>,
    sayings: BTreeMap<Saying, u32>,
    report: Report,
}

/// A state opened up: its dossier without its history, what was told of it, and what is said to every act.
struct Opened {
    dossier: Dossier,
    said: Vec<u32>,
    verdicts: Vec<Verdict>,
    entries: BTreeMap<usize, Entry>,
}

impl<'a> Explorer<'a> {
    fn key(&self, dossier: &Dossier, day: usize) -> Key {
        let mut key = Key::default();
        key.number(day).word(dossier.stage().label());
        (self.slice.key)(dossier, &mut key);
        key
    }

    fn add(&mut self, way: Way, key: Key) -> usize {
        let id = self.nodes.len();
        let (said, next, waiting) = (None, BTreeMap::new(), Vec::new());
        self.nodes.push(Node { way, said, next, late: 0, met: 0, waiting });
        self.ids.insert(key, id);
        self.queue.push_back(id);
        id
    }

    fn node(&self, id: usize) -> Result<&Node, String> {
        self.nodes.get(id).ok_or_else(|| "没有这一状态".to_owned())
    }

    fn day(&self, day: usize) -> Result<&'a Day, String> {
        self.ground.days.get(day).ok_or_else(|| "没有这一日".to_owned())
    }

    /// What happened on a way, from the start on.
    fn path<'b>(&'b self, way: &'b Way) -> Vec<&'b Way> {
        let mut path = vec![way];
        let mut now = way;
        while now.entry.is_some() || now.day > 0 {
            let Some(node) = self.nodes.get(now.from) else { break };
            now = &node.way;
            path.push(now);
        }
        path.reverse();
        path
    }

    /// The dossier at the end of a way.
    fn dossier(&self, way: &Way) -> Dossier {
        let mut dossier = self.ground.start.clone();
        for step in self.path(way) {
            step.entry.iter().for_each(|entry| dossier.apply(entry.clone()));
        }
        dossier
    }

    /// A way as people read it, from the registration of the lead.
    fn story(&self, way: &Way) -> String {
        let prefix = self.ground.prefix.iter().map(|line| format!("    {line}"));
        prefix.chain(self.since_start(way)).collect::<Vec<_>>().join("\n")
    }

    /// The same from the starting dossier.
    fn since_start(&self, way: &Way) -> Vec<String> {
        let mut lines = Vec::new();
        for step in self.path(way).into_iter().filter(|step| step.entry.is_some()) {
            let deed = self.day(step.day).ok().and_then(|day| day.deeds.get(step.deed));
            lines.extend(deed.map(|deed| format!("    {} → 通过", deed.text)));
        }
        lines
    }

    /// Asks the core about every act.
    fn open(&mut self, way: &Way) -> Result<Opened, String> {
        let dossier = self.dossier(way);
        let day = self.day(way.day)?;
        let (mut said, mut verdicts, mut entries) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (i, deed) in day.deeds.iter().enumerate() {
            let setting = setting_of(deed, day)?;
            let verdict = procedure::decide(&dossier, setting, &deed.act);
            said.push(self.saying(&verdict));
            if !deed.probe
                && let Some(mut entry) = procedure::entry(&dossier, setting, &deed.act, &verdict)
            {
                let ordinal = u32::try_from(entry.version).unwrap_or_default();
                number::fill(&mut entry, |_| ordinal);
                entries.insert(i, entry);
            }
            verdicts.push(verdict);
        }
        Ok(Opened { dossier, said, verdicts, entries })
    }

    fn saying(&mut self, verdict: &Verdict) -> u32 {
        let outcome = match verdict.outcome() {
            Outcome::Allowed => 0,
            Outcome::Incomplete => 1,
            Outcome::Undetermined => 2,
            Outcome::Refused => 3,
        };
        let against = verdict.refusals().chain(verdict.unknown());
        let mut codes: Vec<_> = against.map(|finding| finding.refusal.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let wanting = verdict.missing.len() + verdict.malformed.len();
        let next = u32::try_from(self.sayings.len()).unwrap_or(u32::MAX);
        *self.sayings.entry((outcome, codes, wanting)).or_insert(next)
    }

    fn expand(&mut self, id: usize) -> Result<(), String> {
        let way = self.node(id)?.way.clone();
        let mut opened = self.open(&way)?;
        self.watch(&way, &opened)?;
        let next = self.follow(id, &way, &mut opened)?;
        let date = self.day(way.day)?;
        let late = owner_setting(&opened.dossier, date).map_or(0, |setting| {
            let limits = deadline::limits(&opened.dossier, setting);
            limits.iter().filter(|l| l.met.unwrap_or(date.date) > l.deadline.latest).count()
        });
        let node = self.nodes.get_mut(id).ok_or("没有这一状态")?;
        (node.said, node.next, node.late) = (Some(opened.said), next, late);
        for other in std::mem::take(&mut node.waiting) {
            self.compare(id, &other)?;
        }
        Ok(())
    }

    /// The states to which the acts lead that were let through, and the next day.
    fn follow(
        &mut self,
        id: usize,
        way: &Way,
        opened: &mut Opened,
    ) -> Result<BTreeMap<usize, usize>, String> {
        let mut next = BTreeMap::new();
        let after = successors(self.slice, opened);
        for (deed, dossier, entry) in after {
            let Some(dossier) = dossier else {
                self.report.beyond += 1;
                continue;
            };
            let key = self.key(&dossier, way.day);
            let on = Way { from: id, deed, day: way.day, entry: Some(entry) };
            next.insert(deed, self.arrive(on, key)?);
            self.report.edges += 1;
        }
        if way.day + 1 < self.ground.days.len() && !opened.dossier.has_ended() {
            let key = self.key(&opened.dossier, way.day + 1);
            let on = Way { from: id, deed: WAIT, day: way.day + 1, entry: None };
            next.insert(WAIT, self.arrive(on, key)?);
            self.report.edges += 1;
        }
        Ok(next)
    }

    /// A state is new, or met again: then the other dossier is compared with the first.
    fn arrive(&mut self, way: Way, key: Key) -> Result<usize, String> {
        let Some(id) = self.ids.get(&key).copied() else { return Ok(self.add(way, key)) };
        if self.how.until_violated.is_some() {
            return Ok(id);
        }
        let sampled = sample(&way).is_multiple_of(ONE_IN);
        let node = self.nodes.get_mut(id).ok_or("没有这一状态")?;
        node.met += 1;
        if node.met > COMPARED && !sampled {
            return Ok(id);
        }
        match node.said {
            // What was not expanded yet, or is being expanded, is compared afterwards.
            None => node.waiting.push(way),
            Some(_) => self.compare(id, &way)?,
        }
        Ok(id)
    }

    /// Dossiers of one state get the same verdicts and lead to the same states.
    fn compare(&mut self, id: usize, other: &Way) -> Result<(), String> {
        self.report.compared += 1;
        let mut opened = self.open(other)?;
        let after = successors(self.slice, &mut opened);
        let after: BTreeMap<usize, Key> = after
            .into_iter()
            .filter_map(|(deed, dossier, _)| Some((deed, self.key(&dossier?, other.day))))
            .collect();
        let node = self.node(id)?;
        let day = self.day(other.day)?;
        let said = node.said.as_deref().unwrap_or_default();
        let differs = said.iter().zip(&opened.said).position(|(one, two)| one != two);
        let leads =
            |deed: &usize| node.next.get(deed) == after.get(deed).and_then(|key| self.ids.get(key));
        let differs = differs.map(|deed| (deed, "答复不同")).or_else(|| {
            let mut deeds = (0..day.deeds.len()).filter(|deed| !leads(deed));
            deeds.next().map(|deed| (deed, "结果不同"))
        });
        let Some((deed, how)) = differs else { return Ok(()) };
        let answer = |said: Option<&u32>| {
            let found = self.sayings.iter().find(|(_, id)| Some(*id) == said);
            found.map(|((outcome, codes, _), _)| format!("{outcome} {}", codes.join("、")))
        };
        let text = day.deeds.get(deed).map_or("", |deed| deed.text.as_str());
        let story = format!(
            "{how}：{text}\n  一：{}\n{}\n  二：{}\n{}",
            answer(said.get(deed)).unwrap_or_default(),
            self.since_start(&node.way).join("\n"),
            answer(opened.said.get(deed)).unwrap_or_default(),
            self.since_start(other).join("\n"),
        );
        self.report.confused.push(story);
        Ok(())
    }

    /// Judges every property in a state and on every act in it.
    fn watch(&mut self, way: &Way, opened: &Opened) -> Result<(), String> {
        let day = self.day(way.day)?;
        let mut told = self.told.clone();
        let entries = self.path(way).into_iter().filter_map(|step| step.entry.as_ref());
        told.extend(entries.filter_map(record::told));
        let record = Record { told: &told, directory: &self.ground.directory };
        let dossier = &opened.dossier;
        let stage = dossier.stage().label();
        if !self.report.reached.contains_key(stage) {
            self.report.reached.insert(stage, self.story(way));
        }
        let mut found: Vec<(&'static Property, Says, Option<&Deed>)> = Vec::new();
        for property in PROPERTIES {
            match property.watch {
                Watch::Standing(says) => {
                    let standing =
                        Standing { record: &record, dossier, day, verdicts: &opened.verdicts };
                    found.push((property, says(&standing), None));
                }
                Watch::Act(says) => {
                    for (deed, verdict) in day.deeds.iter().zip(&opened.verdicts) {
                        let tried = Tried {
                            record: &record,
                            dossier,
                            act: &deed.act,
                            today: day.date,
                            verdict,
                        };
                        found.push((property, says(&tried), Some(deed)));
                    }
                }
                Watch::Waiting => {}
            }
        }
        self.report.tried += opened.verdicts.len() as u64;
        for (property, says, deed) in found {
            self.note(property, says, way, deed);
        }
        Ok(())
    }

    fn note(&mut self, property: &'static Property, says: Says, way: &Way, deed: Option<&Deed>) {
        match says {
            Says::Beside => {}
            Says::Holds(times) => *self.report.tries.entry(property.name).or_default() += times,
            Says::Broken(why) => {
                if self.report.violations.contains_key(property.name) {
                    return;
                }
                let last = deed.map(|deed| format!("\n    {} → 通过", deed.text));
                let story = format!("{why}\n{}{}", self.story(way), last.unwrap_or_default());
                self.report.violations.insert(property.name, story);
            }
        }
    }

    /// What was lawful on one day is lawful on the next, whatever limit has run out in between.
    fn waited(&mut self) {
        let Some(property) = PROPERTIES.iter().find(|p| matches!(p.watch, Watch::Waiting)) else {
            return;
        };
        let mut found = Vec::new();
        let allowed: Vec<u32> =
            self.sayings.iter().filter(|(s, _)| s.0 <= 1).map(|(_, id)| *id).collect();
        for node in &self.nodes {
            let next = node.next.get(&WAIT).and_then(|next| self.nodes.get(*next));
            let Some(next) = next.filter(|next| next.late > node.late) else { continue };
            let (Some(said), Some(then)) = (&node.said, &next.said) else { continue };
            for (i, (now, then)) in said.iter().zip(then).enumerate() {
                if allowed.contains(now) {
                    found.push((node.way.clone(), next.way.day, i, allowed.contains(then)));
                }
            }
        }
        for (way, day, deed, holds) in found {
            let deed = self.ground.days.get(day).and_then(|day| day.deeds.get(deed));
            let says = match holds {
                true => Says::Holds(1),
                false => Says::Broken("期限届满以后不再可以办理".to_owned()),
            };
            self.note(property, says, &way, deed);
        }
    }
}

/// What each act that was let through makes of a dossier; nothing where that lies beyond the slice.
fn successors(slice: &Slice, opened: &mut Opened) -> Vec<(usize, Option<Dossier>, Entry)> {
    // What comes next does not depend on what was recorded before, only on what was computed from it.
    let history = std::mem::take(&mut opened.dossier.history);
    let dossier = &opened.dossier;
    let after = std::mem::take(&mut opened.entries).into_iter().map(|(deed, entry)| {
        let mut next = dossier.clone();
        debug_assert!(companions(&entry).len() < 2, "an act speaks of one other dossier at most");
        next.apply(entry.clone());
        (deed, Some(next).filter(|next| (slice.within)(next, &entry)), entry)
    });
    let after = after.collect();
    opened.dossier.history = history;
    after
}

/// The office in which an act is done.
fn setting_of<'a>(deed: &Deed, day: &'a Day) -> Result<&'a Setting, String> {
    let mut settings = day.settings.values();
    let first = settings.next().ok_or("没有部门")?;
    let staff = first.directory.staff(&deed.act.who);
    let found = staff.and_then(|staff| day.settings.get(&staff.department));
    Ok(found.unwrap_or(first))
}

/// The office of the department that has the dossier.
pub fn owner_setting<'a>(dossier: &Dossier, day: &'a Day) -> Option<&'a Setting> {
    day.settings.get(dossier.department()?)
}

/// A number that depends on the way and nothing else.
fn sample(way: &Way) -> u64 {
    let mixed = (way.from as u64) ^ (way.deed as u64).rotate_left(32);
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
}

/// The ends that a dossier may come to.
pub fn ends() -> impl Iterator<Item = Stage> {
    use Stage::{Cancelled, Closed, Dealt, Education, Joined, NotHandled, OnFile, Referred};
    [Closed, NotHandled, Education, Cancelled, Referred, OnFile, Dealt, Joined].into_iter()
}
