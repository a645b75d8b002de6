//! 查阅、复制. Files, minutes, work notes, and what is known of a party may be consulted and copied (art. 43).

use super::{
    Event,
    interview::Done,
    powers::{must_be_assigned, must_be_two, must_be_under_way},
};
use crate::{
    check::{Check, refusals},
    dossier::{self, At, Dossier, Stamp},
    evidence,
    general::Label,
    law::clause,
    step::{Form, Relation, Rule, Step, form, row},
    value::{File, LongText, Several, StaffId, Text, choice},
};

/// 查阅、复制材料.
pub const CONSULT: Step = Step::of::<Consult>(
    "consult",
    "查阅、复制材料",
    &[clause(35), clause(43)],
    &[Relation::Handler],
)
.on_day("查阅日期")
.as_happened()
.correctable();

refusals! {
    AT_LEAST_TWO_HANDLERS = "consultation.at_least_two_handlers", [clause(35)], at "handlers",
        "查阅、复制的办案人员少于2人",
        "由2名以上办案人员查阅、复制；已经进行的，如实记录",
        "查阅、复制的办案人员不少于2人";
    HANDLERS_ASSIGNED = "consultation.handlers_assigned", [clause(35)], at "handlers",
        "查阅、复制的人员当日不是本案办案人员，或者已经回避",
        "由本案办案人员查阅、复制；已经进行的，如实记录",
        "查阅、复制的人员当日均为本案办案人员，且没有回避";
    CREDENTIALS_SHOWN = "consultation.credentials_shown", [clause(35)], at "credentials",
        "查阅、复制时没有出示证件、表明身份",
        "查阅、复制前出示证件；已经进行的，如实记录",
        "查阅、复制时出示证件，表明身份";
    COPIED_FOR_A_REASON = "consultation.copied_for_a_reason", [clause(20).paragraph(1)], at "reason",
        "复制的，没有写明取得原件确有困难的原因",
        "写明原因；能够取得原件的，收集原件",
        "没有复制，或者写明取得原件确有困难的原因";
}

choice! {
    /// 材料种类 (art. 43).
    Material {
        Files = "files", "文件资料";
        Minutes = "minutes", "会议记录";
        Notes = "notes", "工作笔记";
        Identity = "identity", "身份信息";
        Conduct = "conduct", "现实表现情况";
        Other = "other", "其他与案件有关的材料";
    }
}

choice! {
    /// 是否复制.
    Copying {
        Consulted = "consulted", "查阅";
        Copied = "copied", "查阅并复制";
    }
}

row! {
    /// 查阅、复制清单中的一项.
    Consulted {
        name: Text = "名称";
        material: Material = "种类";
        copying: Copying = "是否复制";
        original_place: Option<Text> = "原件存放处", "复制的填写";
    }
}

form! {
    /// 查阅、复制材料. What was consulted and copied, from whom and by whom; each copy becomes an item of evidence.
    Consult / ConsultDraft {
        holder: Text = "提供材料的机关、单位或者个人";
        place: Text = "查阅地点";
        handlers: Several<StaffId> = "查阅的办案人员", "2人以上";
        credentials: Done = "是否出示证件、表明身份";
        materials: Several<Consulted> = "查阅、复制清单";
        reason: Option<LongText> = "复制而不取得原件的原因", "复制的填写";
        label: Option<Label> = "信息标注";
        file: Option<File> = "复制件";
    }
}

impl Rule for Consult {
    fn judge(draft: ConsultDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        let handlers = draft.handlers.as_deref();
        must_be_two(handlers, at.occurred, &AT_LEAST_TWO_HANDLERS, at, check);
        must_be_assigned(handlers, at.occurred, &HANDLERS_ASSIGNED, at, check);
        check.conduct(draft.credentials.map(|shown| shown == Done::Yes), &CREDENTIALS_SHOWN);
        let copied = draft
            .materials
            .as_ref()
            .map(|materials| materials.iter().any(|material| material.copying == Copying::Copied));
        let reasoned = draft.reason.as_ref().map(Option::is_some);
        let explained = copied.zip(reasoned).map(|(copied, reasoned)| !copied || reasoned);
        check.that(explained, &COPIED_FOR_A_REASON);
        Some(Event::Consulted(Self::complete(draft)?).into())
    }
}

pub(super) fn apply(dossier: &mut Dossier, form: &Consult, stamp: Stamp) {
    dossier.investigation.consultations.push((form.clone(), stamp.clone()));
    for copy in form.materials.iter().filter(|material| material.copying == Copying::Copied) {
        let origin = evidence::Origin::Copied(copy.clone());
        dossier.evidence.add(
            copy.name.to_string(),
            evidence::Kind::Document,
            origin,
            stamp.clone(),
        );
    }
}
