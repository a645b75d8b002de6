//! The sample office: its people, and dossiers at every stage, brought there by lawful acts.

use std::{collections::BTreeSet, thread};

use jiff::civil::{Date, DateTime, date};
use procedure::{directory, step::Step, value::StaffId};
use scenario::{
    Scenario,
    language::{Move, Statement},
};

use super::joined;
use crate::{
    accounts::give_known_password,
    commands::Wrong,
    no::No,
    office::{Office, Submitted},
};

/// The day of the measurement. It is fixed, so that limits fall alike in every run.
const TODAY: Date = date(2026, 3, 2);

/// What a team's people do: `{n}` is the team.
const TEXT: &str = include_str!("office.txt");

/// How many acts bring each of ten dossiers to its stage; none stands for the one that is not handled.
const STAGES: [Option<usize>; 10] =
    [Some(1), Some(2), Some(3), Some(5), None, Some(6), Some(8), Some(9), Some(12), Some(13)];

/// The password of everybody in the sample office.
pub(super) const PASSWORD: &str = "bench-sample-office";

/// The people who share one client, and what they do.
pub(super) struct Team {
    /// 受理人员.
    pub(super) clerk: StaffId,
    /// 办案人员.
    pub(super) handler: StaffId,
    /// 负责人.
    pub(super) head: StaffId,
    /// The acts of the measurement; the first opens a dossier.
    pub(super) acts: Vec<Move>,
    /// The dossiers on which the others are taken, which are assigned to the handler.
    pub(super) assigned: Vec<String>,
    /// The main line.
    trunk: Vec<Move>,
    /// The line that ends with a lead that is not handled.
    not_handled: Vec<Move>,
}

/// One dossier on its way to its stage.
struct File<'a> {
    course: &'a [Move],
    id: Option<String>,
    version: u64,
}

/// Founds the office, one team for each client.
pub(super) fn found(office: &Office, clients: usize) -> Result<Vec<Team>, Wrong> {
    office.clock().stand(TODAY.at(8, 0, 0, 0));
    let parse = |number: usize| scenario::parse(&TEXT.replace("{n}", &number.to_string()), TODAY);
    let scenarios = (1..=clients).map(parse).collect::<Result<Vec<_>, _>>();
    let scenarios = scenarios.map_err(|error| Wrong::Unreadable(format!("测量样例{error}")))?;
    let mut cast = Vec::new();
    for event in scenarios.iter().flat_map(|scenario| &scenario.cast) {
        // Every team names the same departments.
        if !cast.contains(event) {
            cast.push(event.clone());
        }
    }
    let staff: Vec<_> = cast.iter().filter_map(appointed).collect();
    office.found(cast)?;
    give_known_password(office.store(), &staff, PASSWORD)?;
    scenarios.into_iter().map(Team::of).collect()
}

impl Team {
    fn of(scenario: Scenario) -> Result<Team, Wrong> {
        let staff: Vec<_> = scenario.cast.iter().filter_map(appointed).collect();
        let mut staff = staff.into_iter();
        let (Some(clerk), Some(handler), Some(_), Some(head)) =
            (staff.next(), staff.next(), staff.next(), staff.next())
        else {
            return Err(Wrong::unreadable("测量样例缺少人员"));
        };
        let mut team = Team {
            clerk,
            handler,
            head,
            acts: Vec::new(),
            assigned: Vec::new(),
            trunk: Vec::new(),
            not_handled: Vec::new(),
        };
        for line in scenario.lines {
            match line {
                Statement::Act(act, _) => team.trunk.push(*act),
                Statement::Fork { name, lines, .. } if name == "不予处理" => {
                    team.not_handled.clone_from(&team.trunk);
                    team.not_handled.extend(moves(lines));
                }
                Statement::Fork { lines, .. } => team.acts.extend(moves(lines)),
                Statement::Assert(_) | Statement::Turn { .. } => {}
            }
        }
        Ok(team)
    }

    fn course(&self, dossier: usize) -> &[Move] {
        let stage = STAGES.get(dossier % STAGES.len()).copied().flatten();
        stage.and_then(|acts| self.trunk.get(..acts)).unwrap_or(&self.not_handled)
    }
}

fn appointed(event: &directory::Event) -> Option<StaffId> {
    match event {
        directory::Event::Appointed(staff) => Some(staff.id.clone()),
        _ => None,
    }
}

fn moves(lines: Vec<Statement>) -> impl Iterator<Item = Move> {
    lines.into_iter().filter_map(|line| match line {
        Statement::Act(act, _) => Some(*act),
        _ => None,
    })
}

/// Brings so many dossiers to their stages, day by day; answers the number of acts.
pub(super) fn load(
    office: &Office,
    teams: &mut [Team],
    dossiers: usize,
    progress: &dyn Fn(usize, usize),
) -> Result<usize, Wrong> {
    let share = dossiers.div_ceil(teams.len());
    let mut files: Vec<Vec<File<'_>>> = teams
        .iter()
        .map(|team| {
            let file = |dossier| File { course: team.course(dossier), id: None, version: 0 };
            (0..share).map(file).collect()
        })
        .collect();
    let all = || files.iter().flatten();
    let total = all().map(|file| file.course.len()).sum();
    let days: BTreeSet<DateTime> =
        all().flat_map(|file| file.course.iter().map(|act| act.at)).collect();
    let mut done = 0;
    for day in days {
        office.clock().stand(day);
        progress(done, total);
        done += thread::scope(|scope| {
            let threads: Vec<_> = files
                .iter_mut()
                .map(|files| scope.spawn(move || take_day(office, files, day)))
                .collect();
            threads.into_iter().map(joined).sum::<Result<usize, Wrong>>()
        })?;
    }
    progress(done, total);
    office.clock().stand(TODAY.at(9, 0, 0, 0));
    let assigned = files.into_iter().map(|files| {
        let is_assigned =
            |file: &File<'_>| file.course.iter().any(|act| is(act.step, "assign_reviewers"));
        files.into_iter().filter(is_assigned).filter_map(|file| file.id).collect()
    });
    let assigned: Vec<Vec<String>> = assigned.collect();
    for (team, assigned) in teams.iter_mut().zip(assigned) {
        team.assigned = assigned;
    }
    Ok(done)
}

fn is(step: &Step, id: &str) -> bool {
    step.id == id
}

fn take_day(office: &Office, files: &mut [File<'_>], day: DateTime) -> Result<usize, Wrong> {
    let mut taken = 0;
    for file in files {
        for act in file.course.iter().filter(|act| act.at == day) {
            file.take(office, act)?;
            taken += 1;
        }
    }
    Ok(taken)
}

impl File<'_> {
    fn take(&mut self, office: &Office, act: &Move) -> Result<(), No> {
        let done = office.execute(Submitted {
            step: act.step.id.to_owned(),
            who: act.who.clone(),
            dossier: self.id.take(),
            seen: Some(self.version),
            key: None,
            manner: procedure::Manner::Regular,
            answers: act.answers.clone(),
        })?;
        self.version = done.version;
        self.id = Some(done.dossier);
        Ok(())
    }
}
