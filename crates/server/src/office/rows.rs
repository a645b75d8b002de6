//! Index rows: what lists show of a dossier, computed from its entries alone.
//!
//! They are written with each act and computed again by `verify`.

use procedure::{
    Dossier, Setting, answered,
    deadline::{self, Running},
    general::{access::Principal, label},
    number::{Number, Series},
    principals,
    supplementary::papers_due,
    value::StaffId,
};
use store::{Articles, DossierRow, DossierRows, LimitRow};

/// The index rows of a dossier whose last event was recorded at the instant `changed`.
pub fn of(dossier: &Dossier, setting: &Setting, changed: i64) -> DossierRows {
    let limits = deadline::limits(dossier, setting);
    let open = |limit: &&Running| limit.met.is_none() && !dossier.has_ended();
    let due = limits.iter().filter(open).min_by_key(|limit| limit.deadline.latest);
    let numbers = || dossier.history.iter().filter_map(|entry| entry.number());
    let first = |series| numbers().find(|number| number.series == series).map(Number::to_string);
    let units: Vec<_> =
        dossier.units().into_iter().map(|unit| setting.directory.unit_name(unit)).collect();
    let row = DossierRow {
        id: dossier.id.clone(),
        department: dossier.department().map(ToString::to_string).unwrap_or_default(),
        number: first(Series::Lead).unwrap_or_default(),
        case_number: first(Series::Case),
        title: dossier.title().to_owned(),
        unit: units.join("、"),
        stage: dossier.stage().label().to_owned(),
        ended: dossier.has_ended(),
        received: dossier.intake.received().map(|day| day.to_string()).unwrap_or_default(),
        changed,
        grade: marking(dossier).to_owned(),
        due_nominal: due.map(|limit| limit.deadline.nominal.to_string()),
        due_latest: due.map(|limit| limit.deadline.latest.to_string()),
        due_kind: due.map(|limit| limit.name.to_owned()),
        provisional: due.is_some_and(|limit| limit.deadline.provisional),
    };
    let limits = limits.iter().map(|limit| LimitRow {
        kind: limit.id.to_owned(),
        nominal: limit.deadline.nominal.to_string(),
        latest: limit.deadline.latest.to_string(),
        open: open(&limit),
    });
    DossierRows {
        dossier: row,
        limits: limits.collect(),
        access: keys(dossier, setting),
        articles: articles(dossier),
    }
}

/// The articles that the history of a dossier rests on.
pub(super) fn articles(dossier: &Dossier) -> Articles {
    let mut articles = Articles::default();
    articles.extend(dossier.history.iter().flat_map(answered::rests_on));
    articles
}

/// 信息标注. What the dossier is marked with.
pub fn marking(dossier: &Dossier) -> &'static str {
    label::marking(dossier).map_or("", label::Label::label)
}

/// Whether whoever finds a dossier by this access key sees no more than its outline.
pub fn sees_outline(key: &str) -> bool {
    // The two classes of `Principal` whose access is the outline; a test compares them.
    key.starts_with("above:") || key.starts_with("former:")
}

/// The access key under which somebody finds what they stand back from.
pub(super) fn standing_back(staff: &StaffId) -> String {
    format!("apart:{staff}")
}

/// The access key under which the system finds dossiers with papers to be made.
pub(crate) fn papers_to_make() -> String {
    Principal::Staff(StaffId::system()).key()
}

fn keys(dossier: &Dossier, setting: &Setting) -> Vec<String> {
    let mut keys: Vec<_> = principals(dossier, setting).iter().map(Principal::key).collect();
    let asked = dossier.general.recusals.iter().map(|recusal| &recusal.staff);
    let back = asked.filter(|staff| dossier.general.stands_back(staff, setting.today()));
    keys.extend(back.map(standing_back));
    if !papers_due(dossier).is_empty() {
        keys.push(papers_to_make());
    }
    keys.sort();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use procedure::{Access, value::DepartmentId};

    use super::*;

    #[test]
    fn keys_tell_the_same_access_as_their_classes() {
        let department = DepartmentId("above:former:".to_owned());
        let staff = Principal::Staff(StaffId("former:above:".to_owned()));
        let classes = [
            staff,
            Principal::HeadsOf(department.clone()),
            Principal::ClerksOf(department.clone()),
            Principal::Supervising(department.clone()),
            Principal::Above(department.clone()),
            Principal::Former(department),
        ];
        for class in classes {
            let outline = class.access() == Access::Outline;
            assert_eq!(sees_outline(&class.key()), outline, "{}", class.key());
        }
    }
}
