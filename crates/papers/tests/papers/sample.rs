//! Sample papers: obviously invented people, ordinary length.

use papers::filing_notice::{Contact, DUTIES, FilingNotice};
use papers::interview_record::{Closing, Correction, Exchange, Handler, InterviewRecord, Person};
use papers::{Paper, Prose};

/// A filing notice with everything that can stand on one.
pub(crate) fn filing_notice() -> FilingNotice {
    FilingNotice {
        department: "样例市国家保密局".into(),
        number: "样保立〔2022〕1号".into(),
        grade_mark: Some("秘密★10年".into()),
        addressee: "样例银行样例分行".into(),
        instead_of: None,
        case_name: "样例银行样例分行工作人员通过微信传递涉密文件案".into(),
        facts: Prose::from(
            "2022年2月8日，本机关收到你单位关于工作人员喆堃䶮、玥镕通过微信传递1份秘密级文件的报告。\
             经初查，2022年1月30日，阿依古丽·样例领取该文件后拍照，通过微信发送给甲一；\
             其后乙二将其中1页发到微信群，确有泄露国家秘密事实，尚未达到刑事立案标准。",
        ),
        basis: ["第二十九条第二项", "第三十一条", "第三十二条"].map(String::from).to_vec(),
        filed_on: "2022-03-07".parse().unwrap(),
        requests: DUTIES.map(String::from).to_vec(),
        contacts: vec![
            Contact { name: "甲一".into(), phone: "0000-00000001".into() },
            Contact { name: "乙二".into(), phone: "0000-00000002".into() },
        ],
        dated: "2022-03-08".parse().unwrap(),
        record_version: 17,
    }
}

/// An interview of two questions, corrected and confirmed.
pub(crate) fn interview_record() -> InterviewRecord {
    InterviewRecord {
        department: "样例市国家保密局".into(),
        grade_mark: Some("秘密★10年".into()),
        case_name: "样例银行样例分行工作人员通过微信传递涉密文件案".into(),
        from: "2022-03-10T09:00".parse().unwrap(),
        to: "2022-03-10T11:05".parse().unwrap(),
        place: "样例市国家保密局第一询问室".into(),
        handlers: vec![
            Handler { name: "甲一".into(), credential: Some("样保查001".into()) },
            Handler { name: "乙二".into(), credential: Some("样保查002".into()) },
        ],
        recorder: "乙二".into(),
        person: Person {
            name: "喆堃䶮".into(),
            sex: Some("女".into()),
            born: Some("1990年1月1日".into()),
            identity_number: Some("11010519900101002X".into()),
            unit: Some("样例银行样例分行".into()),
            post: Some("科员".into()),
            relation: "案件当事人".into(),
        },
        others_present: Vec::new(),
        credentials_shown: Some(true),
        rights_told: Some(true),
        exchanges: vec![
            Exchange {
                question:
                    "我们是样例市国家保密局的办案人员，这是我们的证件。现依法向你询问有关情况，\
                           你应当如实说明，也有权陈述和申辩。你听清楚了吗？"
                        .into(),
                answer: "听清楚了。".into(),
            },
            Exchange {
                question: "请你说明2022年1月30日领取文件的经过。".into(),
                answer: "那天上午我到上级机关领取了1份秘密级文件。\n\
                         回来以后负责人让我拍照，用微信发给她，我就发了。具体几点钟我记不清了。"
                    .into(),
            },
        ],
        corrections: vec![
            Correction {
                place: "第1页第2答".into(),
                before: Some("那天上午".into()),
                after: "那天下午".into(),
            },
            Correction {
                place: "第1页末".into(),
                before: None,
                after: "照片我已于当晚删除。".into(),
            },
        ],
        closing: Closing::Read,
        record_version: 23,
    }
}

/// An interview that runs over many pages.
pub(crate) fn long_interview_record() -> InterviewRecord {
    let mut record = interview_record();
    record.exchanges = (1..=60)
        .map(|number| Exchange {
            question: format!("第{number}个问题：请说明当时的情况。").as_str().into(),
            answer: "当时我在办公室，接到通知后领取文件，登记后放入保密柜，没有其他人在场。"
                .repeat(3)
                .as_str()
                .into(),
        })
        .collect();
    record
}

/// Both papers.
pub(crate) fn all() -> [Paper; 2] {
    [Paper::FilingNotice(filing_notice()), Paper::InterviewRecord(interview_record())]
}

/// 48 characters without punctuation that could be squeezed.
const PLAIN: &str = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈";

/// A filing notice whose facts fill its second page.
pub(crate) fn long_filing_notice() -> FilingNotice {
    FilingNotice { facts: PLAIN.repeat(20).as_str().into(), ..filing_notice() }
}
