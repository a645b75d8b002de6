//! 知悉范围. Who may see what of a dossier (art. 10, reading 10-1).
//!
//! Access is written as index rows beside each entry, so [`principals`] and [`access`] say the same: the one for lists, the other for one person.

use crate::{
    directory::{Directory, Role},
    dossier::Dossier,
    setting::Setting,
    value::{DepartmentId, StaffId},
};

/// How much of a dossier somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing: for them it does not exist.
    None,
    /// Number, units, stage, limits and lateness.
    Outline,
    /// Everything.
    Contents,
}

/// A class of people to whom a dossier is shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// One member of staff, contents.
    Staff(StaffId),
    /// The heads of a department, contents.
    HeadsOf(DepartmentId),
    /// The clerks of a department, contents: of what is on its way to them.
    ClerksOf(DepartmentId),
    /// The heads of a department above that opened a supervision, contents.
    Supervising(DepartmentId),
    /// The heads of a department above, outline only.
    Above(DepartmentId),
    /// The heads of a department that had the dossier, outline only.
    Former(DepartmentId),
}

impl Principal {
    /// What somebody of this class may see.
    pub fn access(&self) -> Access {
        match self {
            Principal::Staff(_)
            | Principal::HeadsOf(_)
            | Principal::ClerksOf(_)
            | Principal::Supervising(_) => Access::Contents,
            Principal::Above(_) | Principal::Former(_) => Access::Outline,
        }
    }

    /// The class as an index key.
    pub fn key(&self) -> String {
        match self {
            Principal::Staff(staff) => format!("staff:{staff}"),
            Principal::HeadsOf(department) => format!("head:{department}"),
            Principal::ClerksOf(department) => format!("clerk:{department}"),
            Principal::Supervising(department) => format!("supervising:{department}"),
            Principal::Above(department) => format!("above:{department}"),
            Principal::Former(department) => format!("former:{department}"),
        }
    }
}

/// Everybody who may see a dossier: the owner's heads, its unrecused handlers, the clerk for what they registered or received until the review begins, the department that is to receive or to designate and, in outline, the departments above and before.
pub fn principals(dossier: &Dossier, setting: &Setting) -> Vec<Principal> {
    let Some(owner) = dossier.department() else { return Vec::new() };
    let mut principals = vec![Principal::HeadsOf(owner.clone())];
    // A supervision lapses with the place above the owner: the dossier may have moved elsewhere.
    for department in setting.directory.superiors(owner) {
        principals.push(Principal::Above(department.id.clone()));
        if dossier.general.is_supervised_by(&department.id) {
            principals.push(Principal::Supervising(department.id.clone()));
        }
    }
    if let Some(receiver) = dossier.jurisdiction.receiver() {
        principals.push(Principal::HeadsOf(receiver.clone()));
        principals.push(Principal::ClerksOf(receiver.clone()));
    }
    let asked = dossier.jurisdiction.requests.iter().filter(|request| !request.decided);
    principals.extend(asked.map(|request| Principal::HeadsOf(request.form.department.clone())));
    let transfers = &dossier.jurisdiction.transfers;
    principals.extend(transfers.iter().map(|transfer| Principal::Former(transfer.from.clone())));
    let today = setting.today();
    let handlers = dossier.assigned_on(today).into_iter().cloned();
    let clerks = match transfers.last() {
        Some(transfer) => vec![transfer.received.by.clone()],
        None => dossier.intake.leads.iter().map(|lead| lead.stamp.by.clone()).collect(),
    };
    // What ends without a review is theirs to its end: they record what the unit reports back.
    let filing = &dossier.filing;
    let theirs = filing.reviewers.is_empty() && filing.case.is_none();
    let clerks = clerks.into_iter().filter(|_| theirs);
    let acting = dossier.general.acting_heads.iter().map(|named| named.staff.clone());
    let acting = acting.filter(|staff| dossier.general.acts_as_head(staff, today));
    let staff = handlers.chain(clerks).chain(acting);
    principals.extend(
        staff.filter(|staff| !dossier.general.stands_back(staff, today)).map(Principal::Staff),
    );
    principals.sort();
    principals.dedup();
    principals
}

/// The classes that a member of staff belongs to.
pub fn classes(who: &StaffId, directory: &Directory) -> Vec<Principal> {
    let Some(staff) = directory.staff(who) else { return Vec::new() };
    if staff.roles.is_empty() {
        return Vec::new();
    }
    let mut classes = vec![Principal::Staff(who.clone())];
    if staff.roles.contains(&Role::Clerk) {
        classes.push(Principal::ClerksOf(staff.department.clone()));
    }
    if staff.is_head() {
        classes.push(Principal::Former(staff.department.clone()));
        classes.push(Principal::HeadsOf(staff.department.clone()));
        classes.push(Principal::Supervising(staff.department.clone()));
        classes.push(Principal::Above(staff.department.clone()));
    }
    classes
}

/// How much of a dossier somebody may see.
pub fn access(dossier: &Dossier, setting: &Setting, who: &StaffId) -> Access {
    // A head who stands back sees nothing either, though the class of heads does.
    if dossier.general.stands_back(who, setting.today()) {
        return Access::None;
    }
    let classes = classes(who, &setting.directory);
    let shown = principals(dossier, setting);
    shown
        .iter()
        .filter(|p| classes.contains(p))
        .map(Principal::access)
        .max()
        .unwrap_or(Access::None)
}
