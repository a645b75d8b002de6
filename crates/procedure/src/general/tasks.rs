//! 查处工作的任务. The five tasks of the handling, as far as the record shows them done (art. 6).

use crate::{
    closing,
    dossier::Dossier,
    law::{Clause, clause},
    setting::Setting,
};

/// 任务. One of the five of art. 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The item.
    pub basis: Clause,
    /// Its words.
    pub name: &'static str,
    /// Whether the record shows it done.
    pub done: bool,
}

/// The five tasks, as the record stands.
pub fn tasks(dossier: &Dossier, setting: &Setting) -> [Task; 5] {
    let conditions = closing::conditions(dossier, setting);
    let [facts, containment, persons, rectification] =
        conditions.map(|condition| condition.missing.is_empty());
    let listed = !dossier.general.secret_items.is_empty();
    let appraised = dossier.investigation.appraisals.iter().all(|a| a.result.is_some());
    let task = |item, name, done| Task { basis: clause(6).item(item), name, done };
    [
        task(1, "查明所泄露的国家秘密事项的内容与密级", listed && appraised && facts),
        task(2, "查明案件事实、主要情节和有关责任人员", facts),
        task(3, "要求有关机关、单位采取必要的补救措施", containment),
        task(4, "对责任人员提出处理建议，并督促机关、单位作出处理", persons),
        task(5, "督促机关、单位加强和改进保密工作", rectification),
    ]
}
