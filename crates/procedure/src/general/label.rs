//! 信息标注. What kind of protected information a record holds; the dossier bears the highest (art. 10).

use super::Grade;
use crate::{
    check::Check,
    dossier::{self, At, Dossier, Entry},
    evidence::Origin,
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::{choice, names, numbered},
};

/// 标注信息.
pub const LABEL_INFORMATION: Step = Step::of::<LabelInformation>(
    "label_information",
    "标注信息",
    &[clause(10)],
    &[Relation::Clerk, Relation::Handler, Relation::Head],
)
.after_end();

choice! {
    /// 信息标注 (art. 10): what kind of protected information this is.
    Label {
        TopSecret = "top_secret", "绝密";
        Secret = "secret", "机密";
        Confidential = "confidential", "秘密";
        WorkSecret = "work_secret", "工作秘密";
        TradeSecret = "trade_secret", "商业秘密";
        Privacy = "privacy", "个人隐私";
    }
}

impl From<Grade> for Label {
    fn from(grade: Grade) -> Label {
        match grade {
            Grade::TopSecret => Label::TopSecret,
            Grade::Secret => Label::Secret,
            Grade::Confidential => Label::Confidential,
        }
    }
}

numbered! {
    /// 记录. Any entry of the dossier.
    EntryId = "entry", "记录", |dossier| names(dossier.history.iter().map(title));
}

fn title(entry: &Entry) -> String {
    let step = crate::step(&entry.step).map_or(entry.step.as_str(), |step| step.name);
    format!("{} {step} {}", entry.version, entry.occurred)
}

form! {
    /// 标注信息. What a record holds; the last label of a record counts.
    LabelInformation / LabelInformationDraft {
        entry: EntryId = "记录";
        label: Label = "信息标注";
    }
}

impl Rule for LabelInformation {
    fn judge(
        draft: LabelInformationDraft,
        _: &At<'_>,
        _: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        Some(super::Event::InformationLabelled(Self::complete(draft)?).into())
    }
}

/// 卷宗的标注. The highest of everything recorded: listed items, lost carriers, leads, evidence, and what was labelled since.
pub fn marking(dossier: &Dossier) -> Option<Label> {
    let state = &dossier.general;
    let items = state.secret_items.iter().map(|(item, _)| Label::from(item.grade));
    let carriers = state.carriers.iter().map(|carrier| Label::from(carrier.form.grade));
    let leads = dossier.intake.leads.iter().filter_map(|lead| lead.form.label);
    let evidence = dossier.evidence.items.iter().filter_map(|item| match &item.origin {
        Origin::Collected(form) => form.label,
        _ => None,
    });
    let last = |form: &LabelInformation| {
        state.labels.iter().rfind(|later| later.entry == form.entry).map(|later| later.label)
    };
    let labelled = state.labels.iter().filter_map(last);
    // Labels are declared from the highest down.
    items.chain(carriers).chain(leads).chain(evidence).chain(labelled).min()
}
