//! 泄露国家秘密的认定. What counts as a leak (arts. 4 and 5).

use crate::{
    check::{Check, Judgement, refusals},
    dossier::{self, At},
    general::carrier::CarrierId,
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::{EvidenceId, Fact, LongText, PersonId, SecretItemId, Several, Text, choice},
};

/// 认定泄露国家秘密.
pub const FIND_LEAK: Step = Step::of::<FindLeak>(
    "find_leak",
    "认定泄露国家秘密",
    &[clause(4), clause(5)],
    &[Relation::Handler],
)
.decision();

refusals! {
    CASE_FILED = "leak.case_filed", [clause(34)],
        "尚未立案，不能作出认定",
        "立案后经调查认定",
        "已经立案";
    KNOWER_NAMED = "leak.knower_named", [clause(4).item(1)], at "known_by",
        "没有写明不应知悉的知悉者",
        "写明被何人知悉",
        "写明不应知悉的知悉者";
    CIRCLE_EXCEEDED = "leak.circle_exceeded", [clause(4).item(2)], at "circle",
        "没有写明超出限定的接触范围而不能证明未被不应知悉者知悉的情形",
        "写明超出的范围和不能证明的情况",
        "写明超出限定的接触范围而不能证明未被不应知悉者知悉的情形";
    CHANNEL_NAMED = "leak.channel_named", [clause(5).item(2)], at "channel",
        "没有写明传递所用的网络或者通信方式",
        "写明经何种网络或者通信方式传递",
        "写明传递所用的网络或者通信方式";
    NOT_APPRAISED_AWAY = "leak.not_appraised_away", [clause(47)], at "items",
        "经鉴定不属于国家秘密",
        "不将其列为所泄露的国家秘密事项",
        "没有经鉴定不属于国家秘密的事项";
    RESPONSIBLE_IS_PARTY = "leak.responsible_is_party", [clause(42)], at "responsible",
        "责任人员不是案件当事人",
        "先登记为案件当事人，告知权利义务并听取陈述和申辩",
        "责任人员均为案件当事人";
    UNPROTECTED = "leak.unprotected", [clause(5).item(2)], at "unprotected",
        "没有认定未采取符合国家保密规定或者标准的保密措施",
        "据实填写；已采取符合规定的措施的，不适用这一情形",
        "未采取符合国家保密规定或者标准的保密措施";
    LOST_TOO_LONG = "leak.lost_too_long", [clause(5).item(1)], at "lost",
        "查找的期限尚未届满，或者已在期限内找到",
        "期限届满的次日起仍查无下落的，才适用这一情形",
        "期限届满仍查无下落";
    LOST_NAMED = "leak.lost_named", [clause(5).item(1)], at "lost",
        "没有写明查无下落的载体",
        "先登记下落不明的载体，再选择",
        "写明了查无下落的载体";
    DEVICE_CONNECTED = "leak.device_connected", [clause(5).item(3)], at "connected",
        "没有认定信息设备连接互联网或者其他公共信息网络",
        "据实填写；没有连接的，不适用这一情形",
        "信息设备连接互联网或者其他公共信息网络";
    REMOTELY_CONTROLLED = "leak.remotely_controlled", [clause(5).item(3)], at "controlled",
        "没有认定该信息设备被远程控制",
        "据实填写；没有被远程控制的，不适用这一情形",
        "该信息设备被远程控制";
}

choice! {
    /// 认定的情形.
    Ground {
        Known = "4-1", "使国家秘密被不应知悉者知悉（第四条第一项）";
        BeyondCircle = "4-2", "使国家秘密超出限定的接触范围而不能证明未被不应知悉者知悉（第四条第二项）";
        Lost = "5-1", "国家秘密载体下落不明，在规定期限内查无下落（第五条第一项）";
        PublicNetwork = "5-2", "未采取保密措施在公共信息网络、有线和无线通信中传递国家秘密（第五条第二项）";
        RemoteControl = "5-3", "在连接公共信息网络并被远程控制的信息设备上存储、处理国家秘密（第五条第三项）";
    }
}

form! {
    /// 认定泄露国家秘密. A finding that a leak happened: which provision was breached, and in which of the ways of arts. 4 and 5.
    FindLeak / FindLeakDraft {
        grounds: Several<Ground> = "认定的情形";
        provision: LongText = "违反的保密法律、法规和规章条款";
        items: Several<SecretItemId> = "所泄露的国家秘密事项";
        known_by: Option<Text> = "不应知悉的知悉者", "适用第四条第一项的填写";
        circle: Option<LongText> = "超出接触范围的情形", "适用第四条第二项的填写";
        channel: Option<Text> = "传递所用的网络或者通信方式", "适用第五条第二项的填写";
        unprotected: Option<Fact> = "是否未采取符合规定或者标准的保密措施", "适用第五条第二项的填写";
        #[serde(default)]
        lost: Vec<CarrierId> = "查无下落的载体", "适用第五条第一项的选择";
        connected: Option<Fact> = "信息设备是否连接互联网或者其他公共信息网络", "适用第五条第三项的填写";
        controlled: Option<Fact> = "该信息设备是否被远程控制", "适用第五条第三项的填写";
        responsible: Vec<PersonId> = "责任人员", "没有需要追究责任的，不选，另行认定";
        evidence: Several<EvidenceId> = "依据的证据";
    }
}

impl Rule for FindLeak {
    fn judge(draft: FindLeakDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_some(), &CASE_FILED);
        let found =
            |ground| draft.grounds.as_ref().is_some_and(|grounds| grounds.contains(&ground));
        if found(Ground::Known) {
            check.that(draft.known_by.as_ref().map(Option::is_some), &KNOWER_NAMED);
        }
        if found(Ground::BeyondCircle) {
            check.that(draft.circle.as_ref().map(Option::is_some), &CIRCLE_EXCEEDED);
        }
        if found(Ground::PublicNetwork) {
            check.that(draft.channel.as_ref().map(Option::is_some), &CHANNEL_NAMED);
            check.that(established(&draft.unprotected), &UNPROTECTED);
        }
        if found(Ground::Lost) {
            judge_lost(draft.lost.as_deref(), at, check);
        }
        if found(Ground::RemoteControl) {
            check.that(established(&draft.connected), &DEVICE_CONNECTED);
            check.that(established(&draft.controlled), &REMOTELY_CONTROLLED);
        }
        for item in draft.items.as_deref().unwrap_or_default() {
            let secret = !at.dossier.investigation.is_appraised_away(item);
            let name = at.dossier.general.secret_item(item).map_or("", |form| form.name.as_str());
            check.of(name).that(secret, &NOT_APPRAISED_AWAY);
        }
        for person in draft.responsible.as_deref().unwrap_or_default() {
            let party = at.dossier.general.parties().any(|(id, _)| id == *person);
            check.of(at.dossier.general.person_name(person)).that(party, &RESPONSIBLE_IS_PARTY);
        }
        crate::evidence::must_be_usable(draft.evidence.as_deref(), at, check);
        Some(super::Event::LeakFound(Self::complete(draft)?).into())
    }
}

/// Art. 5-1: every carrier named was missing when its last day had passed.
fn judge_lost(lost: Option<&[CarrierId]>, at: &At<'_>, check: &mut Check<'_>) {
    check.that(lost.map(|lost| !lost.is_empty()), &LOST_NAMED);
    for carrier in lost.unwrap_or_default() {
        let Some(carrier) = at.dossier.general.carriers.get(carrier.index()) else { continue };
        let is_leak = carrier.is_leak(at.today(), at.setting);
        check.of(carrier.form.name.as_str()).that(is_leak, &LOST_TOO_LONG);
    }
}

/// A fact that the finding itself states: where it says nothing, it does not hold.
fn established(fact: &Option<Option<Fact>>) -> Judgement {
    match fact {
        None => Judgement::Unasked,
        Some(None) => Judgement::Fails,
        Some(Some(fact)) => Judgement::from(Some(fact)),
    }
}
