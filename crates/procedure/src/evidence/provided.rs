//! 机关、单位提供的证据. What a unit collected enters as received from it (reading 33-2).

use super::{Event, Kind, Shape, must_be_explained};
use crate::{
    check::{Check, refusals},
    dossier::{self, At},
    general::Label,
    investigation::powers::must_be_under_way,
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::{File, LongText, Text, UnitId},
};
use jiff::civil::Date;

/// 接收机关、单位提供的证据.
pub const RECEIVE: Step = Step::of::<ReceiveProvided>(
    "receive_provided",
    "接收机关、单位提供的证据",
    &[clause(17), clause(18), clause(36).paragraph(1)],
    &[Relation::Handler],
)
.on_day("接收日期")
.correctable();

refusals! {
    COLLECTED_BEFORE_RECEIVED = "evidence.collected_before_received", [clause(18)], at "collected",
        "机关、单位收集的日期晚于接收日期",
        "核对日期",
        "机关、单位收集的日期不晚于接收日期";
}

form! {
    /// 接收机关、单位提供的证据. Who of the unit collected it, when and where; art. 35 does not apply to them.
    ReceiveProvided / ReceiveProvidedDraft {
        unit: UnitId = "提供的机关、单位";
        name: Text = "名称";
        kind: Kind = "证据种类";
        shape: Shape = "形式";
        reason: Option<LongText> = "不收集原物、原件、原始载体的原因", "收集原物、原件、原始载体的不填";
        collected: Date = "机关、单位收集的日期";
        collectors: Text = "机关、单位的收集人";
        place: Text = "收集地点";
        method: Text = "收集方式";
        original_place: Option<Text> = "原件、原物存放处", "复制件、照片、录像、镜像的填写";
        hash: Option<Text> = "校验值", "接收时计算的校验值，写明算法";
        label: Option<Label> = "信息标注";
        file: Option<File> = "附件";
    }
}

impl Rule for ReceiveProvided {
    fn judge(
        draft: ReceiveProvidedDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        must_be_explained(draft.kind, draft.shape, draft.reason.as_ref(), check);
        let in_order = draft.collected.zip(at.occurred).map(|(collected, day)| collected <= day);
        check.that(in_order, &COLLECTED_BEFORE_RECEIVED);
        Some(Event::Provided(Self::complete(draft)?).into())
    }
}
