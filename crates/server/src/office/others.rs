//! 其他卷宗. The other dossiers that a step may speak of: found by their numbers, among those the person sees.

use procedure::{
    Access, access,
    setting::Other,
    step::Step,
    value::{Answer, Answers, DepartmentId, DossierId, Kind, StaffId},
};
use store::{ListQuery, Order, Sort};

use super::Office;
use crate::no::{Denied, No};

/// How many are offered where none is named yet.
const OFFERED: usize = 50;

impl Office {
    /// The dossiers that the answers may name; the latest, where they name none.
    pub(crate) fn others_named(
        &self,
        who: &StaffId,
        step: &Step,
        answers: &Answers,
    ) -> Result<Vec<Other>, No> {
        let asks = |kind| matches!(kind, Kind::Target(target) if target == DossierId::TARGET);
        let Some(field) = step.fields.iter().find(|field| asks(field.kind)) else {
            return Ok(Vec::new());
        };
        let text = answers.get(field.id).and_then(Answer::text).unwrap_or_default().trim();
        if let Some(other) = self.other(who, text)? {
            return Ok(vec![other]);
        }
        let mut others = Vec::new();
        if !text.is_empty() {
            others = self.listed(who, Some(text.to_owned()))?;
        }
        let latest = self.listed(who, None)?;
        // Those found by the text are offered with the latest, so that nothing seems to be empty.
        others.extend(latest);
        others.sort_by(|a, b| a.id.cmp(&b.id));
        others.dedup_by(|a, b| a.id == b.id);
        Ok(others)
    }

    /// Open dossiers that the person sees, the last changed first.
    fn listed(&self, who: &StaffId, text: Option<String>) -> Result<Vec<Other>, No> {
        let (sort, order, size) = (Sort::Changed, Order::Descending, OFFERED);
        let query = ListQuery { text, sort, order, size, ..ListQuery::default() };
        let rows = self.list(who, query)?.rows.into_iter().map(|row| row.dossier);
        let other = rows.map(|row| Other {
            id: row.id,
            numbers: [Some(row.number), row.case_number].into_iter().flatten().collect(),
            department: DepartmentId(row.department),
            open: !row.ended,
        });
        Ok(other.collect())
    }

    /// The dossier with this id, where the person sees what is in it.
    fn other(&self, who: &StaffId, id: &str) -> Result<Option<Other>, No> {
        let dossier = match self.load(id) {
            Ok(dossier) => dossier,
            Err(No::Denied(Denied::NotFound)) => return Ok(None),
            Err(no) => return Err(no),
        };
        let Some(department) = dossier.department() else { return Ok(None) };
        let sees = access(&dossier, &self.setting(department), who) == Access::Contents;
        Ok(Other::of(&dossier).filter(|_| sees))
    }
}
