//! 变动. What makes a line of a scenario another: another person, day, answer or manner.
//!
//! Deliberately absent: whether the change is lawful; about half of the changes are.

use fastrand::Rng;
use jiff::{ToSpan, civil::Time};
use procedure::{
    Dossier, Setting,
    directory::{Event, Role, Staff},
    readings,
    step::Field,
    value::{Answer, Kind, StaffId},
};

use super::{
    course::{How, Try},
    drawn::{Urn, chance, one_of, turning_points},
};

/// Changes one thing about a try.
pub fn change(tried: &mut Try, dossier: &Dossier, setting: &Setting, rng: &mut Rng) {
    match rng.u8(..20) {
        0..=2 => someone_else(tried, setting, rng),
        3..=6 => another_day(tried, dossier, setting, rng),
        7 => another_manner(tried, dossier, rng),
        _ => another_answer(tried, dossier, setting, rng),
    }
}

/// Somebody of the cast, rarely nobody.
pub fn someone_else(tried: &mut Try, setting: &Setting, rng: &mut Rng) {
    let staff: Vec<_> = setting.directory.all_staff().map(|staff| &staff.id).collect();
    tried.who = match one_of(rng, &staff) {
        Some(id) if !chance(rng, 3) => (*id).clone(),
        _ => StaffId::system(),
    };
}

/// Entered on another day, or on the day on which a limit runs out.
pub fn another_day(tried: &mut Try, dossier: &Dossier, setting: &Setting, rng: &mut Rng) {
    let turning = turning_points(dossier, setting);
    let near = *one_of(rng, &[1, 2, 3, 7, 10, 14, 30, 31, 61, 92, 123]).unwrap_or(&1);
    let day = match one_of(rng, &turning) {
        Some(day) if chance(rng, 60) => *day,
        _ => setting.today().saturating_add(near.days()),
    };
    let time = if rng.bool() { tried.at.time() } else { Time::constant(18, 0, 0, 0) };
    tried.at = day.to_datetime(time).max(setting.now);
}

fn another_manner(tried: &mut Try, dossier: &Dossier, rng: &mut Rng) {
    let reason = rng.bool().then(|| "样例理由".to_owned());
    tried.how = match rng.u8(..4) {
        0 => How::Regularly,
        1 | 2 => How::AsItHappened("样例情况".to_owned()),
        _ if chance(rng, 15) => {
            How::Correcting { entry: Some(rng.u64(..dossier.version() + 2)), reason }
        }
        _ => How::Correcting { entry: None, reason },
    };
}

fn another_answer(tried: &mut Try, dossier: &Dossier, setting: &Setting, rng: &mut Rng) {
    let fields: Vec<_> = tried.step.all_fields().collect();
    let Some(field) = one_of(rng, &fields) else { return };
    let today = setting.today().max(tried.at.date());
    let mut urn = Urn { rng, place: setting.place(dossier), today };
    let before = tried.answers.remove(field.id);
    // What is left out is left out; an empty field is filled in.
    if before.is_some() && chance(urn.rng, if field.required { 6 } else { 30 }) {
        return;
    }
    let answer = match before {
        Some(answer) => edited(answer, field, &mut urn),
        None => urn.field(field),
    };
    tried.answers.extend(answer.map(|answer| (field.id.to_owned(), answer)));
}

/// A list is shortened, extended or has one thing changed; a date is moved; the rest is drawn anew.
fn edited(answer: Answer, field: &Field, urn: &mut Urn<'_>) -> Option<Answer> {
    match (answer, field.kind) {
        (Answer::Many(mut list), Kind::List(_) | Kind::Rows(_)) if !list.is_empty() => {
            let at = urn.rng.usize(..list.len());
            match urn.rng.u8(..4) {
                0 if list.len() > 1 => drop(list.remove(at)),
                1 => list.extend(more(urn, field)),
                2 => edit_row(&mut list, at, field, urn),
                _ => return urn.field(field),
            }
            Some(Answer::Many(list))
        }
        (Answer::One(text), Kind::Date) => {
            let day = text.parse().unwrap_or(urn.today);
            let days = *one_of(urn.rng, &[-30, -7, -1, -1, 1, 1, 2, 30]).unwrap_or(&1);
            if chance(urn.rng, 30) {
                return Some(Answer::One(urn.date().to_string()));
            }
            Some(Answer::One(day.saturating_add(days.days()).to_string()))
        }
        _ => urn.field(field),
    }
}

fn more(urn: &mut Urn<'_>, field: &Field) -> Vec<Answer> {
    match urn.field(field) {
        Some(Answer::Many(more)) => more,
        other => other.into_iter().collect(),
    }
}

fn edit_row(list: &mut [Answer], at: usize, field: &Field, urn: &mut Urn<'_>) {
    let Some(Answer::Group(cells)) = list.get_mut(at) else { return };
    let Kind::Rows(columns) = field.kind else { return };
    let Some(column) = one_of(urn.rng, columns) else { return };
    cells.remove(column.id);
    if column.required || urn.rng.bool() {
        cells.extend(urn.field(column).map(|answer| (column.id.to_owned(), answer)));
    }
}

/// A reading that a department switches, somebody who leaves, or somebody who serves as something else.
pub fn of_the_cast(setting: &Setting, rng: &mut Rng) -> Option<Event> {
    if chance(rng, 40) {
        let staff: Vec<_> = setting.directory.all_staff().collect();
        let one = *one_of(rng, &staff)?;
        if rng.bool() {
            return Some(Event::Left(one.id.clone()));
        }
        let roles = Role::ALL.iter().copied().filter(|_| rng.bool()).collect();
        return Some(Event::Appointed(Staff { roles, ..one.clone() }));
    }
    let switchable: Vec<_> = readings::READINGS.iter().filter(|one| one.switchable).collect();
    let departments: Vec<_> = setting.directory.departments().map(|one| &one.id).collect();
    let reading = one_of(rng, &switchable)?;
    let department = (*one_of(rng, &departments)?).clone();
    let holds = setting.directory.switches(&department).holds(reading);
    Some(Event::ReadingSwitched { department, reading: reading.id.to_owned(), holds: !holds })
}
