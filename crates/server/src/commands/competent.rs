//! `chachu competent`: which departments are competent for the facts in a file, on which ground, and why the others are not.

use std::{io::Write, path::PathBuf};

use procedure::{
    directory::{Level, UnitCategory},
    jurisdiction::competence::{Answer, Department, Facts, Magnitude, Tree, Unit, answer},
};
use serde_json::{Map, Value};

use super::{Ended, Wrong, read_text};

const EXAMPLES: &str = "\
示例：
  chachu competent 事实.json          逐个部门列出有无管辖权及理由
  chachu competent 事实.json --json   供程序读取

文件写作：
{
  \"departments\": [
    {\"name\": \"示例省局\", \"level\": \"省\", \"region\": \"示例省\"},
    {\"name\": \"示例市局\", \"level\": \"市\", \"region\": \"示例市\", \"superior\": \"示例省局\"}
  ],
  \"facts\": {
    \"places\": [\"示例市\"],
    \"units\": [{\"name\": \"样例厅\", \"category\": \"省级机关\", \"region\": \"示例市\"}],
    \"holder\": \"示例市局\"
  }
}

事实的各项：
  places 泄密行为发生地；units 有关机关、单位；residences 案件当事人居住地；
  magnitude 重大、复杂的范围（全国范围内重大、复杂；本辖区内重大、复杂）；
  several_bodies 是否涉及本省多个部门；easier 由单位所在地、居住地管辖更便于查处的理由；
  unsuitable 中央和国家机关认为不宜由地方查处的理由；special 国家保密行政管理部门决定由其查处的部门；
  designated 上级指定管辖的部门；organised 上级书面组织查处的下级部门；
  holder 承办部门；received 承办部门是否由移送而得；disputed_with 与之争议的同级部门；
  cannot 承办部门不能查处的特殊原因。
退出码：0 已判断，2 文件无法读取或者无从判断。";

/// 管辖判断. Where the facts are.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct CompetentArgs {
    /// 部门和管辖事实
    #[arg(value_name = "事实.json")]
    facts: PathBuf,
    /// 以JSON输出
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &CompetentArgs, out: &mut dyn Write) -> Ended {
    let answer = judge(&read_text(&args.facts)?).map_err(Wrong::Unreadable)?;
    if args.json {
        writeln!(out, "{:#}", serde_json::json!(answer))?;
    } else {
        write!(out, "{answer}")?;
    }
    Ok(0)
}

fn judge(text: &str) -> Result<Answer, String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("第{}行第{}列不是正确的JSON", error.line(), error.column()))?;
    let whole = Node::new(&value, "文件", &["departments", "facts"])?;
    let departments = whole.each("departments", department)?;
    let facts = whole.map.get("facts").ok_or("缺少「facts」")?;
    answer(&Tree::new(departments)?, &facts_of(facts)?)
}

fn department(value: &Value, place: &str) -> Result<Department, String> {
    let node = Node::new(value, place, &["name", "level", "region", "superior"])?;
    Ok(Department {
        name: node.need("name")?,
        level: node
            .choice("level", Level::ALL, Level::label)?
            .ok_or_else(|| node.lacks("level"))?,
        region: node.need("region")?,
        superior: node.text("superior")?,
    })
}

fn unit(value: &Value, place: &str) -> Result<Unit, String> {
    let node = Node::new(value, place, &["name", "category", "region", "superior"])?;
    let category = node.choice("category", UnitCategory::ALL, UnitCategory::label)?;
    Ok(Unit {
        name: node.need("name")?,
        category: category.ok_or_else(|| node.lacks("category"))?,
        region: node.need("region")?,
        superior: node.text("superior")?,
    })
}

fn facts_of(value: &Value) -> Result<Facts, String> {
    let known = [
        "places",
        "units",
        "residences",
        "magnitude",
        "several_bodies",
        "easier",
        "unsuitable",
        "special",
        "designated",
        "organised",
        "holder",
        "received",
        "disputed_with",
        "cannot",
    ];
    let node = Node::new(value, "facts", &known)?;
    Ok(Facts {
        places: node.each("places", text)?,
        units: node.each("units", unit)?,
        residences: node.each("residences", text)?,
        magnitude: node.choice("magnitude", Magnitude::ALL, Magnitude::label)?,
        several_bodies: node.flag("several_bodies")?,
        easier: node.text("easier")?,
        unsuitable: node.text("unsuitable")?,
        special: node.text("special")?,
        designated: node.text("designated")?,
        organised: node.each("organised", text)?,
        holder: node.text("holder")?,
        received: node.flag("received")?,
        disputed_with: node.each("disputed_with", text)?,
        cannot: node.text("cannot")?,
    })
}

/// The longest name or reason, in characters; what is wrong with a longer one could not be told.
const LONGEST: usize = 1_000;

fn text(value: &Value, place: &str) -> Result<String, String> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    match text.ok_or_else(|| format!("{place}应为一段文字"))? {
        text if text.chars().nth(LONGEST).is_some() => Err(format!("{place}超过{LONGEST}字")),
        text => Ok(text.to_owned()),
    }
}

/// An object of the file, with the place at which an error is reported.
struct Node<'a> {
    map: &'a Map<String, Value>,
    place: &'a str,
}

impl<'a> Node<'a> {
    /// Read by hand rather than derived, so that what is wrong is said in Chinese and with its place.
    fn new(value: &'a Value, place: &'a str, known: &[&str]) -> Result<Self, String> {
        let map = value.as_object().ok_or_else(|| format!("{place}应写作{{…}}"))?;
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => {
                let key: String = key.chars().take(40).collect();
                Err(format!("{place}没有「{key}」这一项，应为{}", known.join("、")))
            }
            None => Ok(Node { map, place }),
        }
    }

    fn lacks(&self, key: &str) -> String {
        format!("{}缺少「{key}」", self.place)
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn text(&self, key: &str) -> Result<Option<String>, String> {
        let place = format!("{}的「{key}」", self.place);
        self.get(key).map(|value| text(value, &place)).transpose()
    }

    fn need(&self, key: &str) -> Result<String, String> {
        self.text(key)?.ok_or_else(|| self.lacks(key))
    }

    fn flag(&self, key: &str) -> Result<bool, String> {
        let wrong = || format!("{}的「{key}」应为true或者false", self.place);
        self.get(key).map_or(Ok(false), |value| value.as_bool().ok_or_else(wrong))
    }

    /// One of a closed list, by its identifier or its name.
    fn choice<T: Copy + serde::Serialize>(
        &self,
        key: &str,
        all: &[T],
        label: fn(T) -> &'static str,
    ) -> Result<Option<T>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let is_meant = |one: &&T| {
            value.as_str() == Some(label(**one))
                || serde_json::to_value(one).ok().as_ref() == Some(value)
        };
        let labels = || all.iter().map(|one| label(*one)).collect::<Vec<_>>().join("、");
        let found = all.iter().find(is_meant).copied();
        found.map(Some).ok_or_else(|| format!("{}的「{key}」应为{}", self.place, labels()))
    }

    fn each<T>(
        &self,
        key: &str,
        read: fn(&Value, &str) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let list = value.as_array().ok_or_else(|| format!("{}的「{key}」应写作[…]", self.place))?;
        let place = |i| format!("「{key}」第{i}项");
        list.iter().zip(1..).map(|(value, i)| read(value, &place(i))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEPARTMENTS: &str = r#"[
        {"name": "示例省局", "level": "省", "region": "示例省"},
        {"name": "示例市局", "level": "municipal", "region": "示例市", "superior": "示例省局"}]"#;

    fn asked(facts: &str) -> Result<String, String> {
        judge(&format!(r#"{{"departments": {DEPARTMENTS}, "facts": {facts}}}"#))
            .map(|answer| answer.to_string())
    }

    #[test]
    fn the_answer_gives_each_department_its_reason() {
        let facts = r#"{"places": ["示例市"], "holder": "示例市局",
            "units": [{"name": "样例厅", "category": "省级机关", "region": "示例市"}]}"#;
        let expected = [
            "示例市局：没有管辖权",
            "　　第十三条第一项　由「示例省局」依法调查或者组织、督促查处：「样例厅」是省级机关；没有其书面组织，本部门不能立案",
            "示例省局：有管辖权",
            "　　第十一条第一款　泄密行为发生地「示例市」在本行政区域",
            "　　第十三条第一项　「样例厅」是省级机关",
            "承办部门：",
            "　　第十六条第一款　自发现之日起7个工作日内移送「示例省局」",
        ];
        let answer = asked(facts).unwrap();
        assert_eq!(answer.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let cases = [
            (r#"{"place": []}"#, "facts没有「place」这一项，应为places、units"),
            (r#"{"places": "示例市"}"#, "facts的「places」应写作[…]"),
            (r#"{"places": [3]}"#, "「places」第1项应为一段文字"),
            (r#"{"places": ["示例市", " "]}"#, "「places」第2项应为一段文字"),
            (r#"{"received": "是"}"#, "facts的「received」应为true或者false"),
            (r#"{"magnitude": "大"}"#, "facts的「magnitude」应为全国范围内重大、复杂"),
            (
                r#"{"units": [{"name": "样例厅", "category": "机关"}]}"#,
                "「units」第1项缺少「region」",
            ),
            (
                r#"{"units": [{"name": "样例厅", "region": "示例市"}]}"#,
                "「units」第1项缺少「category」",
            ),
            (r#"{"places": ["某地"]}"#, "没有负责「某地」的部门，请核对地区"),
            (r#"{"residences": ["某地"]}"#, "没有负责「某地」的部门，请核对地区"),
            (
                r#"{"units": [{"name": "样例厅", "category": "省级机关", "region": "某地"}]}"#,
                "没有负责「某地」的部门，请核对地区",
            ),
            (
                r#"{"units": [{"name": "样例办", "category": "central_branch",
                    "region": "示例市"}]}"#,
                "「样例办」是中央和国家机关的直属机构，须写明其上级",
            ),
            (r#"{"places": ["示例市"], "holder": "某局"}"#, "没有「某局」这一部门"),
            (r#"{"places": ["示例市"], "designated": "某局"}"#, "没有「某局」这一部门"),
            (r#"{"units": [{"name": "样例厅", "kind": 1}]}"#, "「units」第1项没有「kind」这一项"),
            (r#"{}"#, "没有写明泄密行为发生地、有关机关、单位或者案件当事人居住地"),
            (r#"{"units": [{"name": 3}]}"#, "「units」第1项的「name」应为一段文字"),
            (r#"[]"#, "facts应写作{…}"),
        ];
        for (facts, wrong) in cases {
            let error = asked(facts).unwrap_err();
            assert!(error.starts_with(wrong), "{facts}: {error}");
        }
        assert_eq!(judge("{\n  ,").unwrap_err(), "第2行第3列不是正确的JSON");
        assert_eq!(judge("").unwrap_err(), "第1行第0列不是正确的JSON");
        assert!(judge(&"[".repeat(1_000_000)).unwrap_err().ends_with("不是正确的JSON"));
        let long = "市".repeat(1_001);
        let error = asked(&format!(r#"{{"places": ["{long}"]}}"#)).unwrap_err();
        assert_eq!(error, "「places」第1项超过1000字");
        let error = asked(&format!(r#"{{"{long}": 1}}"#)).unwrap_err();
        assert!(error.chars().count() < 300, "{error}");
        assert_eq!(judge(r#"{"departments": []}"#).unwrap_err(), "缺少「facts」");
    }

    #[test]
    fn a_tree_that_is_none_is_named_by_its_departments() {
        let cases = [
            (
                r#"[{"name": "甲", "level": "市", "region": "甲市", "superior": "乙"},
                    {"name": "乙", "level": "省", "region": "乙省", "superior": "甲"}]"#,
                "「甲」的上级关系成环，无从判断",
            ),
            (
                r#"[{"name": "甲", "level": "市", "region": "甲市", "superior": "甲"}]"#,
                "「甲」的上级关系成环，无从判断",
            ),
            (
                r#"[{"name": "甲", "level": "市", "region": "甲市", "superior": "乙"}]"#,
                "「甲」的上一级部门「乙」没有列出",
            ),
            (
                r#"[{"name": "甲", "level": "市", "region": "甲市"},
                    {"name": "甲", "level": "省", "region": "乙省"}]"#,
                "部门「甲」列了两次",
            ),
            (r#"[{"name": "甲", "region": "甲市"}]"#, "「departments」第1项缺少「level」"),
            (
                r#"[{"name": "甲", "level": "局", "region": "甲市"}]"#,
                "「departments」第1项的「level」应为国家、省、市、县",
            ),
            (
                r#"[{"name": "甲", "level": "市", "region": "甲市", "parent": "乙"}]"#,
                "「departments」第1项没有「parent」这一项",
            ),
            (r#"["甲"]"#, "「departments」第1项应写作{…}"),
            ("{}", "文件的「departments」应写作[…]"),
        ];
        for (departments, wrong) in cases {
            let file = format!(r#"{{"departments": {departments}, "facts": {{}}}}"#);
            let error = judge(&file).map(|answer| answer.to_string()).unwrap_err();
            assert!(error.starts_with(wrong), "{departments}: {error}");
        }
    }
}
