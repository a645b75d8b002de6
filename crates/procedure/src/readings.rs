//! 解读. Where the text is silent or open, this is the choice the product makes.
//!
//! Readings are data, visible to everyone, so that a department's legal staff can check them; those marked can be switched by a department.
//! The interpretation of the regulation itself is the national department's (第六十三条).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::law::{Clause, clause};

/// 解读. One choice where the text is silent or open.
#[derive(Debug, PartialEq, Eq)]
pub struct Reading {
    /// Stable identifier: article and a number.
    pub id: &'static str,
    /// The clause that is read.
    pub basis: Clause,
    /// The choice, in Chinese.
    pub text: &'static str,
    /// Whether it holds where nothing is switched.
    pub default: bool,
    /// Whether a department can switch it.
    pub switchable: bool,
}

/// Which readings a department has switched away from their default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Switches {
    switched: BTreeMap<String, bool>,
    /// The one check that is switched off, to prove that somebody misses it.
    #[cfg(feature = "knock-out")]
    #[serde(skip)]
    knocked_out: Option<&'static str>,
}

impl Switches {
    /// Whether the reading holds.
    pub fn holds(&self, reading: &Reading) -> bool {
        self.switched.get(reading.id).copied().unwrap_or(reading.default)
    }

    /// The same with one check switched off.
    #[cfg(feature = "knock-out")]
    pub fn without(self, code: &'static str) -> Self {
        Switches { knocked_out: Some(code), ..self }
    }

    pub(crate) fn is_knocked_out(&self, code: &str) -> bool {
        #[cfg(feature = "knock-out")]
        return self.knocked_out == Some(code);
        #[cfg(not(feature = "knock-out"))]
        {
            let _ = code;
            false
        }
    }

    /// The same with one reading switched.
    pub fn switch(&mut self, id: &str, holds: bool) {
        self.switched.insert(id.to_owned(), holds);
    }
}

/// The reading with this id.
pub fn find(id: &str) -> Option<&'static Reading> {
    READINGS.iter().copied().find(|reading| reading.id == id)
}

macro_rules! readings {
    ($($name:ident = $id:literal, $basis:expr, $default:ident, $switchable:ident, $text:literal;)+) => {
        $(#[doc = $text] pub static $name: Reading = Reading {
            id: $id, basis: $basis, text: $text, default: $default, switchable: $switchable,
        };)+

        /// Every reading, in the order of the articles.
        pub static READINGS: &[&Reading] = &[$(&$name),+];
    };
}

const HOLDS: bool = true;
const SILENT: bool = false;
const SWITCHABLE: bool = true;
const FIXED: bool = false;

readings! {
    JOINED = "2-2", clause(2), HOLDS, FIXED,
        "未立案的卷宗可以并入同一部门的其他卷宗，线索保留原编号、来源和接到日期；已经立案的不并入";
    SPLIT = "2-3", clause(2), HOLDS, FIXED,
        "不宜一并办理的人员或者事实可以分案，新卷宗自登记起办理；立案前分出的，初查时限仍自接到线索之日起算，立案后分出的自分案之日起算";
    SOURCE_KEPT = "2-1", clause(2), HOLDS, FIXED,
        "每条线索有且只有一种来源，移送后不变；一个卷宗可以有同一事实的几条线索，期限自最先接到的线索起算";
    LAST_DAY_OF_SEARCH = "5-1", clause(5).item(1), HOLDS, FIXED,
        "查找期限的最后一日不因休息日顺延；最后一日以前不得认定，次日起可以认定，其后找到的不影响认定";
    ANSWERS_TO_SUPERIORS = "8-1", clause(8), HOLDS, FIXED,
        "对上级的指导、督办、纠正意见应当答复，答复以前列为待办";
    RECUSAL_BY_HEAD = "9-1", clause(9).paragraph(2), HOLDS, FIXED,
        "办案人员的回避由其所属部门的负责人决定，申请回避涉及的本人不得作出决定";
    RECUSAL_STOPS_AT_ONCE = "9-2", clause(9).paragraph(1), HOLDS, FIXED,
        "自行回避的，提出后即停止办案；当事人申请回避的，决定作出前不停止办案";
    RECUSAL_BLOCKS_CLOSING = "9-3", clause(9).paragraph(1), HOLDS, FIXED,
        "回避申请尚未作出决定的，不能结案";
    HEAD_REPLACED = "9-4", clause(9).paragraph(2), HOLDS, FIXED,
        "负责人回避的，由副职负责人或者上一级部门指定的人员代行职责";
    NATION_DECIDES_ITSELF = "9-5", clause(9).paragraph(2), HOLDS, FIXED,
        "国家保密行政管理部门负责人的回避，由该部门决定，本人不得作出决定";
    RECUSED_STANDS_BACK = "9-6", clause(9).paragraph(1), HOLDS, FIXED,
        "决定回避的，不得再参与办理，也不再查阅卷宗";
    CONTENTS_UNDER_SUPERVISION = "10-2", clause(10), HOLDS, FIXED,
        "上级部门负责人说明理由、开启监督后，才可以查阅卷宗内容，开启和结束均记录在案";
    NEED_TO_KNOW = "10-1", clause(10), HOLDS, FIXED,
        "查阅限于工作需要：承办部门负责人、未回避的本案办案人员、登记线索的受理人员；上级部门可见编号、单位、阶段和期限";
    ONE_OWNER = "7-1", clause(7).paragraph(1), HOLDS, FIXED,
        "一个卷宗在任何时候属于且只属于一个部门，移送的自接收之日起属于接收部门";
    EASIER_REASON = "11-1", clause(11).paragraph(1), HOLDS, FIXED,
        "由有关机关、单位所在地或者案件当事人居住地管辖的，记明更便于查处工作开展的理由";
    PLACE_PRESUMED = "11-2", clause(11).paragraph(1), HOLDS, FIXED,
        "没有另行认定管辖事实的，以登记线索的部门所在行政区域为泄密行为发生地";
    EVIDENCE_BEFORE_HAND_OVER = "11-3", clause(11).paragraph(2), HOLDS, FIXED,
        "依照第十一条移交的，移交前收集证据，或者记明没有收集的理由；不适用于依照第十五条、第十六条、第二十九条的移送";
    ORGANISED_IN_WRITING = "12-1", clause(12), HOLDS, FIXED,
        "属于上级管辖的案件，由上级书面组织的，下级可以查处（第十三条同）";
    SEVERAL_REGIONS = "12-2", clause(12).item(2), HOLDS, FIXED,
        "“涉及多个”省、市，指行为发生在多个省、市，或者有关机关、单位分布在多个省、市；行为发生地与单位所在地、居住地不同的，依照第十一条确定管辖（第十三条第二项同）";
    CONSULTATION_FAILED = "15-1", clause(15).paragraph(1), HOLDS, FIXED,
        "因管辖争议报请指定管辖的，记明协商不成的经过";
    DESIGNATION_BINDING = "15-2", clause(15).paragraph(2), HOLDS, FIXED,
        "指定管辖的决定具有约束力，被指定的部门不得再移送";
    AT_ONCE = "15-3", clause(15).paragraph(2), HOLDS, FIXED,
        "“立即”移送案卷材料并通知有关机关、单位，指收到书面通知的当日";
    NOTICE_IN_SYSTEM = "15-4", clause(15).paragraph(2), HOLDS, FIXED,
        "在系统内作出的指定管辖决定，作出之日即为承办部门和被指定的部门收到书面通知之日；其他有关部门由作出决定的部门另行通知并列明";
    FIRST_KEEPS = "16-1", clause(16).paragraph(1), HOLDS, FIXED,
        "几个部门都有管辖权的，由先受理的部门管辖，发生争议的除外";
    UNBROKEN_CUSTODY = "18-1", clause(18), HOLDS, FIXED,
        "登记入卷的人员为第一保管人；每次移交记明移交人、接收人、时间和原因，双方确认，链条中断的不能作为证据使用";
    ORIGINAL_PLACE = "22-1", clause(22), HOLDS, FIXED,
        "复制件、照片、录像未附原件、原物存放处说明的，补附之前暂不能作为证据使用";
    HASH_CHANGED = "21-1", clause(21), HOLDS, FIXED,
        "电子数据的校验值与收集时不一致的，不能作为证据使用；收集时未计算校验值的，予以提示";
    COPY_REASON = "21-2", clause(21), HOLDS, FIXED,
        "未收集原始载体而拷贝复制、镜像备份的，记明确有困难的原因";
    SEALED_READERS = "24-1", clause(24).paragraph(1), HOLDS, FIXED,
        "举报人信息由登记的受理人员和经负责人说明理由、限定时间授权的人员查阅，每次查阅留有记录；移送后由接收部门列明的人员查阅";
    EDUCATION_MUST_BE_VERIFIED = "25-1", clause(25).item(2), HOLDS, FIXED,
        "责成批评教育以核实为前提：存在违反保密法律法规行为、情节显著轻微、没有造成危害后果均已查明";
    NOT_HANDLED_BY_HEAD = "25-2", clause(25).item(3), HOLDS, FIXED,
        "不予处理须经保密行政管理部门负责人批准";
    VERIFIED_TO_REVIEW = "25-3", clause(25).item(1), HOLDS, FIXED,
        "核实存在违反保密法律法规行为，情节并非显著轻微或者造成危害后果的，进行初查，再按初查情况处理";
    REVIEW_BY_TWO = "27-1", clause(27), HOLDS, SWITCHABLE,
        "初查由2名以上人员进行";
    REVIEW_ANSWERED = "27-2", clause(27), HOLDS, FIXED,
        "呈报初查情况报告前，初查的各项内容均须有结果：是、否、未查明及原因，或者不适用及原因";
    DISPOSED_SEPARATELY = "29-1", clause(29), HOLDS, FIXED,
        "初查后按人员或者事实分别处理，可以几项并存，同一人员或者事实只处理一次；移送、暂不予以立案和督促、指导由负责人决定";
    WAY_OPEN = "29-2", clause(29).item(3), HOLDS, FIXED,
        "通知补充须写明期限；没有可以通知的，或者届期无人补充的，记录在案，视为经补充仍不具备查处条件";
    REVIEWED_AGAIN = "29-3", clause(29).item(3), HOLDS, FIXED,
        "暂不立案存查的线索以后得到补充的，重新初查，初查时限自收到补充之日起重新计算";
    POWERS_IN_REVIEW = "27-3", clause(27), HOLDS, FIXED,
        "立案前可以询问了解、查阅、复制，经同意进行检查，提请密级鉴定，组织、委托技术核查取证，其程序保障与第三十五条至第四十七条相同";
    EXTENSION_BY_HEAD = "30-1", clause(30).paragraph(1), HOLDS, FIXED,
        "初查时限的延长，说明理由后经负责人批准";
    RECEIVERS_LIMIT = "30-3", clause(30).paragraph(2), HOLDS, FIXED,
        "接受移送的部门，初查时限自其收到之日起算，由其指派人员初查并形成报告；移送部门尚未批准的呈报即告失效；已经立案的，查处时限仍自立案之日起算";
    LATE_EXTENSION_REFUSED = "30-2", clause(30), SILENT, SWITCHABLE,
        "延期应当在届满前批准：届满后才批准的，予以拒绝（不采用时予以接受并标注“届满后批准”）";
    APPROVER_NOT_HANDLER = "31-1", clause(31), HOLDS, SWITCHABLE,
        "审批人不是本案办案人员（立案、撤销案件、结案、不予处理均同；没有其他负责人的除外，并向上一级部门显示）";
    NOTICE_REASON = "32-1", clause(32), HOLDS, FIXED,
        "直接通知上级主管部门的，记明可能影响案件查处工作的理由";
    TASK_FORCE_BY_HEAD = "33-1", clause(33).paragraph(2), HOLDS, FIXED,
        "成立专案组经负责人批准；来自其他部门的成员，写明其知悉范围";
    UNITS_OWN_STAFF = "33-2", clause(33).paragraph(1), HOLDS, FIXED,
        "指导、督促机关、单位调查的，机关、单位工作人员的调查行为不适用第三十五条，所取得的材料作为机关、单位提供的证据接收";
    FINDING_RESTS_ON_EVIDENCE = "34-1", clause(34), HOLDS, FIXED,
        "调查内容的第一至三项，每项至少有一件可以使用的证据；证据是否确实、充分，由办案人员判断并记录";
    ONE_PLACE_AT_A_TIME = "35-1", clause(35), HOLDS, FIXED,
        "同一办案人员不能同时在两处调查、检查";
    TRAVEL_REVIEW_TOLD = "36-1", clause(36).paragraph(2), HOLDS, FIXED,
        "书面告知机关、单位对案件当事人出国（境）进行审查，可能影响案件查处的不得批准；答复前列为待办";
    RIGHTS_FIRST = "37-1", clause(37), HOLDS, FIXED,
        "首次询问案件当事人前，告知其义务和权利并记录在案";
    ONE_ROOM = "38-1", clause(38), HOLDS, FIXED,
        "同一案件不得在同一场所、同一时间询问不同的人";
    CONTENTS_ANSWERED = "39-1", clause(39), HOLDS, FIXED,
        "询问的五项内容逐项记录，没有的注明不适用";
    RECORD_SIGNED = "40-1", clause(40).paragraph(2), HOLDS, FIXED,
        "询问笔录经被询问人核对并逐页签名，或者注明拒绝签名的，才能作为证据使用；签名后不再更改";
    DEFENCE_VERIFIED = "42-1", clause(42), HOLDS, FIXED,
        "陈述和申辩逐项核查有结果后，调查才能结束";
    INSPECTION_RECORD = "44-1", clause(44).paragraph(2), HOLDS, FIXED,
        "检查的内容作为证据使用的，须有检查笔录，并由办案人员、被检查人或者见证人签名或者注明";
    SOMEBODY_INVITED = "44-2", clause(44).paragraph(1), HOLDS, FIXED,
        "安排检查时既不请被检查人、也不请见证人到场的，予以拒绝；已经那样进行的，如实记录并注明";
    PRESERVE_AFTER_FILING = "45-1", clause(45).paragraph(1), HOLDS, FIXED,
        "登记保存在立案后进行，另有法律依据并写明的除外";
    PRESERVE_APPROVED = "45-2", clause(45).paragraph(1), HOLDS, FIXED,
        "依照行政强制法第十八条、第十九条，登记保存前报经负责人批准；情况紧急的，在24小时内补办批准手续";
    PRESERVE_PROCEDURE = "45-3", clause(45).paragraph(1), HOLDS, FIXED,
        "依照行政强制法第十八条，当场告知理由、依据以及权利、救济途径，听取陈述和申辩，制作现场笔录";
    LOSS_PREVENTED = "45-4", clause(45).paragraph(2), HOLDS, FIXED,
        "登记保存在有关机关、单位的，写明防止证据灭失或者转移的措施";
    PRESERVED_SETTLED = "45-5", clause(45), HOLDS, FIXED,
        "登记保存的物品均解除登记保存、有处理结果后，才能结案";
    APPRAISAL_AUTHORITY = "47-1", clause(47), HOLDS, FIXED,
        "密级鉴定向国家或者省级保密行政管理部门提请；认定泄密须以鉴定为依据的，鉴定作出前调查不能结束";
    CANCELLATION_NO_LEAK = "49-1", clause(49), HOLDS, FIXED,
        "查明没有泄密事实的，同样按撤销案件办理";
    REFERRED_GOES_ON = "50-1", clause(50), HOLDS, FIXED,
        "涉嫌犯罪移送有关部门的，该人员视为已经移送查处；整改和结案照常进行";
    REFERRAL_SENT_BACK = "50-2", clause(50), HOLDS, FIXED,
        "有关部门不予受理、不予立案或者退回的，该人员视为尚未处理";
    OUTCOME_PASSED_ON = "51-1", clause(51).paragraph(1), HOLDS, FIXED,
        "有关机关、单位的同级保密行政管理部门不是承办部门的，由其将处理结果转告承办部门";
    SILENCE_IS_NO_SANCTION = "51-2", clause(51).paragraph(2), HOLDS, FIXED,
        "至请告知结果的日期届满仍未告知处理结果的，按不依法给予处分对待，可以建议纠正";
    CONTAINMENT_UNNEEDED = "53-1", clause(53).item(2), HOLDS, FIXED,
        "没有需要采取的补救措施的，记明理由，视为具备该项条件";
    NOBODY_RESPONSIBLE = "53-2", clause(53).item(3), HOLDS, FIXED,
        "认定没有需要追究责任的人员的，记明理由，视为具备该项条件";
    LADDER_OPEN = "53-4", clause(53).item(3), HOLDS, FIXED,
        "建议纠正、提请处理尚未有结果的，不视为已经处理";
    RECTIFICATION_REPORTED = "53-3", clause(53).item(4), HOLDS, FIXED,
        "有关机关、单位书面报送整改情况，即为已经采取整改措施；复查不是结案条件";
    FILING_ADOPTED = "54-1", clause(54), HOLDS, SWITCHABLE,
        "已经立案的案件移送后，接收部门收到即采纳原立案，查处时限仍自原立案之日起算，由接收部门负责人批准结案（不采用时，接收部门可以选择重新初查、立案）";
    HANDLING_ENDS = "55-1", clause(55).paragraph(1), HOLDS, FIXED,
        "查处时限自立案之日起，至批准结案或者撤销案件之日止";
    EXPLANATION_DUE = "55-2", clause(55).paragraph(2), HOLDS, FIXED,
        "延长期内仍不能查结的，在延长期最后一日之前说明原因";
    NOT_EXTENDED_IS_URGED = "55-3", clause(55).paragraph(2), HOLDS, FIXED,
        "超过3个月未结案也未延期的，同样由上一级检查、督促；延长期最后一日之后才说明的，属于逾期未说明";
    NATIONAL_INTERNAL = "55-4", clause(55).paragraph(2), HOLDS, FIXED,
        "国家保密行政管理部门没有上一级，未按期结案的原因、审查和检查、督促由其负责人在内部记录";
    HIGHER_BY_PAPER = "55-5", clause(55).paragraph(2), HOLDS, FIXED,
        "上一级的审查和检查、督促由其负责人办理；未联网的，由承办部门据来文记录并写明文号";
    PROVINCE_BY_PAPER = "56-1", clause(56).paragraph(2), HOLDS, FIXED,
        "报请协调的答复由所属省级负责人办理；未联网的，由承办部门据来文记录并写明文号";
    QUESTION_BARS_NOTHING = "57-1", clause(57), HOLDS, FIXED,
        "向一个机关征询意见，不影响向其他机关移送，也不停止查处和计时";
    HINDRANCE_OUTLIVES = "59-1", clause(59), HOLDS, FIXED,
        "妨碍查处的责任不因结案而免除，至有处理结果前列为待办";
    LAW_BY_CONDUCT = "61-1", clause(61), HOLDS, FIXED,
        "其他违法行为，行为发生在2024年4月30日以前的，为2010年修订的保密法第四十八条所列；在2024年5月1日以后的，为2024年修订的保密法第五十七条、第六十二条所列";
    FORMS_AS_DATA = "62-1", clause(62), HOLDS, FIXED,
        "文书的编号、名称和样式作为数据列出，可以更换；编号沿用本系统的编号";
    EARLIER_LEAD = "64-1", clause(64), HOLDS, FIXED,
        "施行前接到、尚未办结的线索，注明情况后录入，时限自负责人确定的起算日起计算";
    LAST_DAY_MOVES = "计时-1", clause(30), HOLDS, SWITCHABLE,
        "以月计算的期限，最后一日是休息日的，顺延至休息日后的第一个工作日";
    REPORT_UP = "邻-1", clause(23), HOLDS, SWITCHABLE,
        "保密行政管理部门接到泄密报告，在24小时内逐级上报国家保密行政管理部门，全程一个时限（保密法实施条例）";
    UNIT_REPORT = "邻-2", clause(23), HOLDS, SWITCHABLE,
        "机关、单位发现泄密，在24小时内报告；线索记明是否逾期报告（保密法实施条例）";
    APPRAISAL_LIMIT = "邻-3", clause(47), HOLDS, SWITCHABLE,
        "密级鉴定自提请之日起30日内作出，经批准可以延长30日（保密法实施条例、国家秘密鉴定工作规定）";
    DEFECTIVE_NOT_USABLE = "瑕疵-1", clause(18), HOLDS, FIXED,
        "违反规定进行的行为如实记录，由此取得的材料不能作为证据使用";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reading_reads_an_existing_clause_and_has_its_own_id() {
        let mut ids = std::collections::BTreeSet::new();
        for reading in READINGS {
            assert!(reading.basis.text().is_some(), "{}", reading.id);
            assert!(ids.insert(reading.id), "{} is used twice", reading.id);
        }
    }
}
