//! 文书式样. Which papers there are, in two layers: the nation's, and what a province adds where the nation has fixed none (art. 62).
//!
//! The regulation fixes no list, so codes and names are the product's own (reading 62-1), as data that can be replaced.

use serde::{Deserialize, Serialize};

use crate::{
    directory::{Directory, Level},
    law::{Clause, clause},
    value::{DepartmentId, LongText, Text},
};

/// 文书. A paper that the nation has fixed.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// 编号.
    pub code: &'static str,
    /// 名称.
    pub name: &'static str,
    /// The clauses under which it is issued.
    pub basis: &'static [Clause],
    /// The steps that issue it, by id; none where it accompanies other papers.
    pub steps: &'static [&'static str],
}

const fn paper(
    code: &'static str,
    name: &'static str,
    basis: &'static [Clause],
    steps: &'static [&'static str],
) -> Paper {
    Paper { code, name, basis, steps }
}

/// Every paper of the national layer, in the order of the procedure.
pub static PAPERS: &[Paper] = &[
    // 受理
    paper("P01", "案件线索受理登记表", &[clause(24)], &["register"]),
    paper("P02", "证据材料、物品接收清单", &[clause(24).paragraph(2)], &["receive_material"]),
    paper("P03", "责令停止违法行为、采取补救措施通知书", &[clause(26)], &["order_containment"]),
    paper("P04", "责成批评教育通知书", &[clause(25).item(2)], &["order_education"]),
    paper(
        "P05",
        "线索不予处理审批表",
        &[clause(25).item(3), clause(29).item(6)],
        &["submit_not_handled"],
    ),
    // 管辖
    paper(
        "P06",
        "移送函",
        &[
            clause(11).paragraph(2),
            clause(15).paragraph(2),
            clause(16).paragraph(1),
            clause(29).item(2),
            clause(29).item(5),
        ],
        &["send_transfer"],
    ),
    paper(
        "P07",
        "指定管辖申请书",
        &[clause(15).paragraph(1), clause(16).paragraph(2)],
        &["request_designation"],
    ),
    paper("P08", "指定管辖决定书", &[clause(15).paragraph(2)], &["designate"]),
    paper("P09", "管辖变更告知书", &[clause(15).paragraph(2)], &["tell_units_of_transfer"]),
    paper("P47", "特殊情况管辖决定书", &[clause(14)], &["decide_special"]),
    // 初查与立案
    paper("P10", "初查情况报告", &[clause(28)], &["report_review"]),
    paper("P11", "初查延期审批表", &[clause(30).paragraph(1)], &["submit_review_extension"]),
    paper("P12", "补充材料通知书", &[clause(29).item(3)], &[]),
    paper("P13", "立案表", &[clause(31)], &["submit_filing"]),
    paper("P14", "立案通知书", &[clause(32)], &["notify_filing"]),
    paper("P15", "暂不立案存档表", &[clause(29).item(3)], &[]),
    paper("P16", "情况说明", &[clause(29).item(6)], &[]),
    paper("P48", "督促指导函", &[clause(8), clause(29).item(4)], &["direct_unit"]),
    // 调查
    paper("P17", "办案人员指派书", &[clause(33).paragraph(1)], &["assign_handlers"]),
    paper("P18", "专案组成立审批表", &[clause(33).paragraph(2)], &[]),
    paper(
        "P19",
        "权利义务告知书",
        &[clause(9).paragraph(1), clause(37), clause(42)],
        &["tell_rights"],
    ),
    paper("P20", "询问笔录", &[clause(38), clause(39), clause(40)], &["record_interview"]),
    paper("P21", "书面材料接收注记", &[clause(41).paragraph(2)], &["receive_statement"]),
    paper("P22", "检查笔录", &[clause(44).paragraph(2)], &["inspect"]),
    paper("P49", "勘验笔录", &[clause(17).item(6)], &["collect_evidence"]),
    paper("P50", "登记保存审批表与现场笔录", &[clause(45).paragraph(1)], &[]),
    paper("P23", "登记保存清单", &[clause(45).paragraph(1)], &[]),
    paper("P24", "查阅、复制材料清单", &[clause(43)], &[]),
    paper("P25", "技术核查取证委托书", &[clause(46)], &[]),
    paper("P26", "密级鉴定提请书", &[clause(47)], &["request_appraisal"]),
    paper("P51", "密级鉴定书", &[clause(17).item(7), clause(47)], &["record_appraisal"]),
    paper("P27", "限期整改通知书", &[clause(48), clause(52).paragraph(1)], &["urge_rectification"]),
    paper("P28", "责令停止使用通知书", &[clause(48)], &[]),
    paper("P29", "出国（境）审查告知函", &[clause(36).paragraph(2)], &[]),
    paper("P30", "陈述申辩核查表", &[clause(42)], &["verify_plea"]),
    paper(
        "P31",
        "证据目录",
        &[clause(17), clause(18), clause(19), clause(20), clause(21), clause(22)],
        &["end_fact_finding"],
    ),
    paper(
        "P32",
        "回避申请与决定书",
        &[clause(9)],
        &["recuse", "request_recusal", "decide_recusal"],
    ),
    // 处理与结案
    paper("P33", "撤销案件决定书", &[clause(49)], &["submit_cancellation"]),
    paper("P34", "撤销案件通知书", &[clause(49)], &["notify_cancellation"]),
    paper("P35", "涉嫌犯罪案件移送书", &[clause(29).item(1), clause(50)], &["refer_crime"]),
    paper("P36", "人员处理建议书", &[clause(51).paragraph(1)], &["propose_handling"]),
    paper("P37", "纠正建议书", &[clause(51).paragraph(2)], &["propose_correction"]),
    paper("P38", "提请处理函", &[clause(51).paragraph(2)], &["request_dealing"]),
    paper("P52", "整改复查记录", &[clause(52).paragraph(2)], &["recheck_rectification"]),
    paper(
        "P53",
        "妨碍查处责任处理建议书",
        &[clause(59)],
        &["propose_sanction", "refer_for_penalty"],
    ),
    paper("P39", "结案报告", &[clause(54)], &["submit_closing"]),
    paper("P40", "办案延期审批表", &[clause(55).paragraph(1)], &["submit_handling_extension"]),
    paper("P41", "未按期结案情况说明", &[clause(55).paragraph(2)], &["explain_delay"]),
    // 监督与配合
    paper(
        "P42",
        "督办通知书",
        &[clause(8), clause(55).paragraph(2)],
        &["direct_handling", "inspect_and_urge"],
    ),
    paper("P43", "纠正意见书", &[clause(8)], &["direct_handling"]),
    paper("P54", "指导意见书", &[clause(8)], &["direct_handling"]),
    paper(
        "P44",
        "协作函",
        &[clause(56), clause(57), clause(58)],
        &["request_cooperation", "request_coordination"],
    ),
    paper("P45", "送达回证", &[clause(62)], &[]),
    paper("P46", "卷宗封面、卷内目录、备考表", &[clause(62)], &[]),
];

/// 地方式样. A form that a department adds because its work needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalForm {
    /// Whose it is.
    pub department: DepartmentId,
    /// 编号.
    pub code: Text,
    /// 名称.
    pub name: Text,
    /// 用途和样式说明.
    pub about: LongText,
}

/// Art. 62: the nation fixes forms; a province may add those that the nation has not fixed; nobody else adds any.
pub fn may_be_added(form: &LocalForm, directory: &Directory) -> Result<(), String> {
    let LocalForm { department, code, name, .. } = form;
    let level = directory.department(department).map(|department| department.level);
    let is_national = match level {
        None => return Err(format!("没有编号为「{department}」的部门")),
        Some(Level::National) => true,
        Some(Level::Provincial) => false,
        Some(Level::Municipal | Level::County) => {
            return Err("省级以下部门不能制定文书式样（第六十二条）".to_owned());
        }
    };
    let fixed = PAPERS.iter().any(|p| p.code == code.as_str() || p.name == name.as_str());
    let nations = directory.forms().any(|known| {
        is_of_the_nation(known, directory) && (known.code == *code || known.name == *name)
    });
    let own = |known: &LocalForm| known.department == *department && known.code == *code;
    if fixed || nations {
        let by = if is_national { "已经制定" } else { "国家已经制定" };
        return Err(format!("{by}编号为「{code}」或者名称为「{name}」的式样（第六十二条）"));
    }
    match directory.forms().any(own) {
        true => Err(format!("本部门已经制定编号为「{code}」的式样")),
        false => Ok(()),
    }
}

fn is_of_the_nation(form: &LocalForm, directory: &Directory) -> bool {
    let department = directory.department(&form.department);
    department.is_some_and(|department| department.level == Level::National)
}

/// The forms that a department uses beside [`PAPERS`]: the nation's, and its province's unless the nation has since fixed the same.
pub fn added_for<'a>(department: &DepartmentId, directory: &'a Directory) -> Vec<&'a LocalForm> {
    let nations: Vec<_> =
        directory.forms().filter(|form| is_of_the_nation(form, directory)).collect();
    let above = directory.superiors(department);
    let ours = |form: &&LocalForm| {
        form.department == *department || above.iter().any(|above| above.id == form.department)
    };
    let replaced = |form: &&LocalForm| {
        nations.iter().any(|fixed| fixed.code == form.code || fixed.name == form.name)
    };
    let provinces = directory.forms().filter(|form| !is_of_the_nation(form, directory));
    let provinces: Vec<_> = provinces.filter(ours).filter(|form| !replaced(form)).collect();
    nations.into_iter().chain(provinces).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::directory::{Department, Event};

    fn directory() -> Directory {
        let mut directory = Directory::default();
        let tree = [
            ("nation", Level::National, None),
            ("p", Level::Provincial, Some("nation")),
            ("q", Level::Provincial, Some("nation")),
            ("m", Level::Municipal, Some("p")),
            ("c", Level::County, Some("m")),
        ];
        for (id, level, superior) in tree {
            let superior = superior.map(|id| DepartmentId(id.to_owned()));
            let text = |text| Text::new(text).unwrap();
            let (name, sign, region) = (text(id), text(id), text(id));
            let id = DepartmentId(id.to_owned());
            add(
                &mut directory,
                Event::Founded(Department { id, name, sign, level, superior, region }),
            )
            .unwrap();
        }
        directory
    }

    fn add(directory: &mut Directory, event: Event) -> Result<(), String> {
        directory.check(&event)?;
        directory.apply(event);
        Ok(())
    }

    fn form(department: &str, code: &str, name: &str) -> Event {
        Event::FormAdded(LocalForm {
            department: DepartmentId(department.to_owned()),
            code: Text::new(code).unwrap(),
            name: Text::new(name).unwrap(),
            about: LongText::new("样例").unwrap(),
        })
    }

    #[test]
    fn there_are_54_papers_each_with_its_own_code_and_name_and_steps_that_exist() {
        assert_eq!(PAPERS.len(), 54);
        let codes: BTreeSet<_> = PAPERS.iter().map(|paper| paper.code).collect();
        assert_eq!(
            codes,
            (1..=54)
                .map(|i| format!("P{i:02}"))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str)
                .collect()
        );
        assert_eq!(PAPERS.iter().map(|paper| paper.name).collect::<BTreeSet<_>>().len(), 54);
        for paper in PAPERS {
            assert!(paper.basis.iter().all(|clause| clause.text().is_some()), "{}", paper.code);
            for id in paper.steps {
                assert!(crate::step(id).is_some_and(|step| step.id == *id), "{}: {id}", paper.code);
            }
        }
    }

    #[test]
    fn the_papers_that_are_rendered_are_among_them() {
        for code in super::super::PaperCode::ALL {
            let crate::value::Answer::One(id) = crate::value::Value::write(code) else { panic!() };
            let paper = PAPERS.iter().find(|paper| paper.code == id).unwrap();
            assert_eq!(paper.name, code.label());
        }
    }

    #[test]
    fn a_province_adds_what_the_nation_has_not_fixed() {
        let mut directory = directory();
        add(&mut directory, form("p", "S01", "省内通报")).unwrap();
        add(&mut directory, form("q", "S01", "省内通报")).unwrap();
        let again = add(&mut directory, form("p", "S01", "另一名称"));
        assert_eq!(again.unwrap_err(), "本部门已经制定编号为「S01」的式样");
        for national in [form("p", "P14", "省内通知"), form("p", "S02", "立案通知书")] {
            assert!(add(&mut directory, national).unwrap_err().starts_with("国家已经制定"));
        }
    }

    #[test]
    fn nobody_below_a_province_adds_any() {
        let mut directory = directory();
        for department in ["m", "c"] {
            let refused = add(&mut directory, form(department, "S01", "样例")).unwrap_err();
            assert_eq!(refused, "省级以下部门不能制定文书式样（第六十二条）");
        }
        assert!(add(&mut directory, form("x", "S01", "样例")).unwrap_err().contains("没有编号"));
    }

    #[test]
    fn what_the_nation_fixes_later_replaces_what_provinces_added() {
        let mut directory = directory();
        for event in [
            form("p", "S01", "省内通报"),
            form("p", "S02", "省内简报"),
            form("q", "S03", "别省式样"),
            form("nation", "N01", "省内通报"),
        ] {
            add(&mut directory, event).unwrap();
        }
        let codes = |department: &str| -> Vec<String> {
            let added = added_for(&DepartmentId(department.to_owned()), &directory);
            added.into_iter().map(|form| form.code.to_string()).collect()
        };
        assert_eq!(codes("c"), ["N01", "S02"]);
        assert_eq!(codes("p"), ["N01", "S02"]);
        assert_eq!(codes("q"), ["N01", "S03"]);
        let mut directory = directory.clone();
        let taken = add(&mut directory, form("q", "S09", "省内通报")).unwrap_err();
        assert!(taken.starts_with("国家已经制定"), "{taken}");
        let twice = add(&mut directory, form("nation", "N01", "另一名称")).unwrap_err();
        assert!(twice.starts_with("已经制定"), "{twice}");
    }
}
