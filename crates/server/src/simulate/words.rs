//! What simulated dossiers say: titles and texts put together from lists, so that searches find some and not all.

use super::{cast::numeral, random::Random};

/// What a matter is about.
#[derive(Clone, Debug)]
pub(super) struct Matter {
    /// 案由.
    pub(super) title: String,
    /// How, in a few words.
    pub(super) way: &'static str,
    /// 秘密 or 机密.
    pub(super) grade: &'static str,
    /// 载体.
    pub(super) carrier: &'static str,
    /// 载体形式.
    pub(super) form: &'static str,
    /// The network over which it was sent, if it was.
    pub(super) network: Option<&'static str>,
    /// 当事人.
    pub(super) person: String,
    /// 职务.
    pub(super) post: &'static str,
    /// Why.
    pub(super) cause: &'static str,
}

const SENT: &[(&str, &str)] = &[
    ("以微信传递", "微信"),
    ("以QQ群转发", "QQ"),
    ("以互联网邮箱发送", "互联网电子邮件"),
    ("在微信工作群传阅", "微信"),
    ("在互联网网盘存储", "互联网网盘"),
    ("在政务网站公开", "互联网网站"),
    ("以手机短信转述", "移动通信网"),
    ("以普通传真发送", "普通电话网"),
    ("在自媒体账号发布", "互联网自媒体"),
    ("以文字识别小程序处理", "互联网小程序"),
    ("在视频会议中展示", "互联网视频会议"),
];

const SHOWN: &[&str] = &[
    "擅自复印",
    "擅自携带外出",
    "在公共场所谈论",
    "违规邮寄",
    "擅自摘抄后外借",
    "接待来访时展示",
    "离岗时带走",
    "作为废纸出售",
    "交由社会文印店印制",
    "在论文中引用",
];

const CARRIERS: &[(&str, &str)] = &[
    ("会议纪要", "纸介质"),
    ("工作方案", "纸介质"),
    ("统计报表", "电子文档"),
    ("工艺文件", "电子文档"),
    ("规划底图", "电子文档"),
    ("请示件", "纸介质"),
    ("电报", "纸介质"),
    ("调研报告", "纸介质"),
    ("测绘成果", "光盘、移动存储介质等"),
    ("设计图纸", "纸介质"),
    ("预算草案", "电子文档"),
    ("考试试题", "纸介质"),
    ("移动硬盘中的资料", "光盘、移动存储介质等"),
    ("内部通报", "纸介质"),
    ("应急预案", "电子文档"),
    ("科研数据", "电子文档"),
];

const POSTS: &[&str] =
    &["科员", "办公室主任", "工程师", "文印员", "机要员", "临时聘用人员", "副科长", "项目经理"];

const CAUSES: &[&str] = &[
    "赶时间",
    "图方便",
    "不清楚密级",
    "保密意识薄弱",
    "领导催办",
    "交接不清",
    "误认为已经解密",
    "疏忽大意",
    "内部管理混乱",
];

impl Matter {
    pub(super) fn of(random: &mut Random) -> Matter {
        let pick = random.below(SENT.len() + SHOWN.len());
        let (way, network) = match SENT.get(pick) {
            Some((way, network)) => (*way, Some(*network)),
            None => (random.word(SHOWN), None),
        };
        let (carrier, form) =
            CARRIERS.get(random.below(CARRIERS.len())).copied().unwrap_or_default();
        let grade = if random.chance(80) { "秘密" } else { "机密" };
        let stems = ["戊", "己", "庚", "辛", "壬", "癸"];
        let person = format!("{}{}", random.word(&stems), numeral(random.between(1, 99)));
        Matter {
            title: format!("{way}{grade}级{carrier}"),
            way,
            grade,
            carrier,
            form,
            network,
            person,
            post: random.word(POSTS),
            cause: random.word(CAUSES),
        }
    }

    /// 线索内容.
    pub(super) fn content(&self, unit: &str, source: &str) -> String {
        let Matter { way, grade, carrier, post, cause, .. } = self;
        format!("{source}：{unit}一名{post}因{cause}，{way}{grade}级{carrier}1份，有关情况待查。")
    }
}
