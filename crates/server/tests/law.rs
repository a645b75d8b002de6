//! The regulation from the pages: what is said of each article, and that each step of it can be taken there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    process::Command,
    rc::Rc,
};

use common::{PASSWORD, Served, found, serve};
use jiff::civil::{Date, DateTime, date};
use procedure::{
    directory,
    readings::READINGS,
    step::{Field, Relation, Step},
    summary::Summary,
    value::StaffId,
};
use scenario::{
    Reply, Scenario, World,
    language::{Move, Outcome, Statement},
    play,
};
use server::{office::Office, samples};
use testkit::Http;
use tokio::runtime::Runtime;
use ureq::Agent;

const TODAY: Date = date(2026, 3, 16);

/// Somebody who reads pages.
struct Reader {
    agent: Agent,
    base: String,
}

impl Reader {
    fn sign_in(base: &str, name: &str) -> Reader {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        let reader = Reader { agent: config.into(), base: base.to_owned() };
        let (status, text) = reader.post("/sign-in", &[("account", name), ("password", PASSWORD)]);
        assert_eq!(status, 303, "{name}: {text}");
        reader
    }

    /// The status, and the text or where it leads.
    fn get(&self, path: &str) -> (u16, String) {
        let mut answer = self.agent.get(format!("{}{path}", self.base)).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or(text))
    }

    #[track_caller]
    fn read(&self, path: &str) -> String {
        let (status, text) = self.get(path);
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let request = self.agent.post(format!("{}{path}", self.base));
        let mut answer = request.send_form(fields.iter().copied()).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

#[track_caller]
fn shows(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "「{words}」 is not on the page\n{page}");
    }
}

/// A served office in which scenarios were played.
struct Played {
    base: String,
    office: Office,
    _runtime: Runtime,
}

impl Played {
    fn scenario(name: &str) -> Played {
        let runtime = Runtime::new().unwrap();
        let Served { base, office } = serve(&runtime);
        let all = samples::scenarios(TODAY);
        let (_, scenario) = all.iter().find(|(other, _)| other == name).unwrap();
        let start = || {
            let office = office.clone();
            let found = move |cast: &[directory::Event]| found(&office, cast);
            Ok(Http::new(&base, PASSWORD, found))
        };
        let mut wrong = Vec::new();
        play(scenario, start, &mut |line| wrong.extend(line.failure.clone())).unwrap();
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
        office.clock().stand(TODAY.at(18, 0, 0, 0));
        Played { base, office, _runtime: runtime }
    }

    fn reader(&self, name: &str) -> Reader {
        Reader::sign_in(&self.base, name)
    }
}

#[test]
fn every_article_has_its_page_with_what_carries_it_out() {
    let played = Played::scenario("demo/08-investigating");
    let clerk = played.reader("甲一");
    let contents = clerk.read("/law");
    let mut largest = contents.len();
    for article in procedure::law::articles() {
        let number = article.number;
        shows(&contents, &[&format!("id=\"a{number}\""), &format!("href=\"/law/{number}\"")]);
        let page = clerk.read(&format!("/law/{number}"));
        largest = largest.max(page.len());
        let words = article.text.lines().next().unwrap();
        shows(&page, &[words]);
    }
    let answered = procedure::answered::articles();
    let page = clerk.read("/law/35");
    let article = answered.iter().find(|article| article.article == 35).unwrap();
    shows(&page, &["由谁办理", "第三十四条", "第三十六条", "investigation/interview"]);
    for refusal in &article.refusals {
        shows(&page, &[refusal.message, refusal.hint, &format!("id=\"{}\"", refusal.code)]);
        assert!(!page.contains(&format!(">{}<", refusal.code)), "{} is shown", refusal.code);
    }
    shows(&clerk.read("/law/38"), &["P20", "询问笔录", "38-1", "默认采用，本部门采用"]);
    shows(&clerk.read("/law/30"), &["初查时限　<b>2个月</b>"]);
    shows(&clerk.read("/law/60"), &["没有对应的步骤：", "没有"]);
    for path in ["/law/0", "/law/65", "/law/x", "/law/scenarios/nothing", "/law/readings/x"] {
        assert_eq!(clerk.get(path).0, 404, "{path}");
    }
    shows(&clerk.read("/law/scenarios/demo/08-investigating"), &["登记线索"]);
    // One page stays light, however much is written under an article.
    assert!(largest < 200_000, "{largest} bytes");
}

#[test]
fn the_contents_are_searched_by_word_and_by_number() {
    let played = Played::scenario("demo/01-registered");
    let clerk = played.reader("甲一");
    for (asked, article) in [("35", 35), ("%E7%AC%AC%E4%B8%89%E5%8D%81%E4%BA%94%E6%9D%A1", 35)] {
        assert_eq!(clerk.get(&format!("/law?q={asked}")), (303, format!("/law/{article}")));
    }
    assert_eq!(clerk.get("/law?q=%E4%B8%89%E5%8D%81"), (303, "/law/30".to_owned()));
    let found = clerk.read("/law?q=%E5%87%BA%E5%9B%BD");
    shows(&found, &["<mark>出国</mark>", "id=\"a36\"", "条中有“出国”"]);
    assert!(!found.contains("id=\"a35\""), "{found}");
    // Both words, wherever each stands.
    let found = clerk.read("/law?q=%E7%AC%94%E5%BD%95+%E9%80%90%E9%A1%B5");
    shows(&found, &["id=\"a40\""]);
    let none = clerk.read("/law?q=88");
    shows(&none, &["没有含有“88”的条文"]);
    let hostile = clerk.read("/law?q=%3Cscript%3E%22");
    assert!(!hostile.contains("<script>\""), "{hostile}");
    assert_eq!(clerk.get(&format!("/law?q={}", "%E5%AD%97".repeat(2_000))).0, 200);
}

#[test]
fn dossiers_are_counted_by_the_articles_they_rest_on() {
    let investigating = Played::scenario("demo/08-investigating");
    shows(&investigating.reader("甲一").read("/law/31"), &["本部门在办1件、已办结0件"]);
    let played = Played::scenario("demo/13-cancelled");
    let clerk = played.reader("甲一");
    shows(&clerk.read("/law/31"), &["本部门在办0件、已办结1件"]);
    shows(&clerk.read("/law/49"), &["本部门在办0件、已办结1件"]);
    shows(&clerk.read("/law/58"), &["依据本条的卷宗：尚无"]);
    let directory = played.office.directory();
    let own = directory.staff(&StaffId("甲一@示例市局".to_owned())).unwrap().department.clone();
    let above = directory.superiors(&own).first().map(|above| above.id.clone()).unwrap();
    let head = directory.staff_of(&above).next().unwrap().id.0.clone();
    // One dossier is too few to be told of from above.
    shows(&played.reader(&head).read("/law/31"), &["下级部门不足3件"]);
}

#[test]
fn a_reading_is_switched_after_a_question_and_on_record() {
    let played = Played::scenario("demo/08-investigating");
    let (clerk, head) = (played.reader("甲一"), played.reader("丙一"));
    let page = clerk.read("/law/readings");
    for reading in READINGS {
        shows(&page, &[&format!("id=\"r{}\"", reading.id), reading.text]);
    }
    assert!(!page.contains("href=\"/law/readings/27-1\""), "{page}");
    assert_eq!(clerk.get("/law/readings/27-1").0, 403);
    shows(&head.read("/law/readings"), &["href=\"/law/readings/27-1\"", "没有改变过解读"]);
    shows(&head.read("/law/readings/27-1"), &["不再核对下列条件", "初查"]);
    assert_eq!(head.get("/law/readings/9-1").0, 403);
    let switch = [("reading", "27-1"), ("holds", "no"), ("confirmed", "yes")];
    assert_eq!(clerk.post("/law/readings", &switch).0, 403);
    let (status, asked) = head.post("/law/readings", &switch[..2]);
    assert_eq!(status, 422);
    shows(&asked, &["尚未确认，没有改变"]);
    let fixed = [("reading", "9-1"), ("holds", "no"), ("confirmed", "yes")];
    assert_eq!(head.post("/law/readings", &fixed).0, 403);
    shows(&head.read("/law/readings"), &["没有改变过解读"]);
    assert_eq!(head.post("/law/readings", &switch).0, 303);
    shows(&clerk.read("/law/readings"), &["改变记录", "2026-03-16 18:00", "丙一", "不采用"]);
    shows(&head.read("/law/readings/27-1"), &["改为采用"]);
}

#[test]
fn each_entry_of_a_dossier_tells_the_readings_it_was_judged_under() {
    let played = Played::scenario("demo/08-investigating");
    let handler = played.reader("乙一");
    let list = handler.read("/dossiers");
    let dossier = list.split("href=\"/dossiers/").nth(1).unwrap().split('"').next().unwrap();
    let page = handler.read(&format!("/dossiers/{dossier}"));
    shows(&page, &["适用的解读", "href=\"/law/readings#r31-1\">解读 31-1</a>"]);
}

/// The steps that were reached so far.
type Reached = Rc<RefCell<BTreeSet<&'static str>>>;

/// A world that looks at the page of each step before it is taken for the first time.
struct Watched<W> {
    world: W,
    base: String,
    readers: BTreeMap<StaffId, Reader>,
    reached: Reached,
}

impl<W: World> Watched<W> {
    /// What is wrong with the way to the step from the pages, as this person finds it.
    fn look(&mut self, dossier: Option<&str>, act: &Move) -> Vec<String> {
        let (step, base) = (act.step, &self.base);
        let reader = self.readers.entry(act.who.clone());
        let reader = reader.or_insert_with(|| Reader::sign_in(base, &act.who.0));
        let (from, form) = match dossier {
            None => ("/".to_owned(), "/register".to_owned()),
            Some(id) => (format!("/dossiers/{id}"), format!("/dossiers/{id}/steps/{}", step.id)),
        };
        let mut wrong = Vec::new();
        let (status, page) = reader.get(&from);
        if status != 200 || !page.contains(&format!("href=\"{form}")) {
            wrong.push(format!("{status} {from} has no link to {form}"));
        }
        let (status, page) = reader.get(&form);
        let named = |id: &str| {
            [format!("name=\"{id}\""), format!("name=\"{id}.")].iter().any(|it| page.contains(it))
        };
        // Where there is nothing to choose from, the form says so in the field's place.
        let asked =
            |field: &Field| named(field.id) || page.contains(&format!("id=\"{}\"", field.id));
        if status != 200 {
            wrong.push(format!("{status} {form}: {page}"));
        }
        wrong.extend(
            step.all_fields()
                .filter(|field| status == 200 && !asked(field))
                .map(|field| format!("{form} does not ask for {}", field.label)),
        );
        wrong
    }
}

impl<W: World> World for Watched<W> {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        self.world.found(cast)
    }

    fn act(
        &mut self,
        id: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        let new = corrects.is_none() && !self.reached.borrow().contains(act.step.id);
        // Looking is taken at the time of the act, which the world sets when it acts.
        let summary =
            id.filter(|_| new).map(|id| self.world.may(id, act.at, &act.who, act.step.id));
        let wrong = match (new, &summary) {
            (true, None | Some(Ok(true))) => self.look(id, act),
            _ => return self.world.act(id, act, corrects),
        };
        let reply = self.world.act(id, act, corrects)?;
        if reply.outcome == Outcome::Done {
            assert!(wrong.is_empty(), "{}: {}", act.step.name, wrong.join("\n"));
            self.reached.borrow_mut().insert(act.step.id);
        }
        Ok(reply)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.world.summary(dossier, at)
    }

    fn may(&mut self, id: &str, at: DateTime, who: &StaffId, step: &str) -> Result<bool, String> {
        self.world.may(id, at, who, step)
    }
}

fn takes(lines: &[Statement], reached: &BTreeSet<&'static str>) -> bool {
    lines.iter().any(|line| match line {
        Statement::Act(act, _) => !reached.contains(act.step.id) && by_people(act.step),
        Statement::Fork { lines, .. } => takes(lines, reached),
        Statement::Assert(_) | Statement::Turn { .. } => false,
    })
}

fn by_people(step: &Step) -> bool {
    step.who.iter().any(|who| *who != Relation::System)
}

/// Lines that only the system takes have no way through the front door.
fn through_the_front_door(lines: Vec<Statement>) -> Vec<Statement> {
    let by_system =
        |line: &Statement| matches!(line, Statement::Act(act, _) if act.who == StaffId::system());
    let lines = lines.into_iter().filter(|line| !by_system(line));
    lines
        .map(|line| match line {
            Statement::Fork { line, name, lines } => {
                Statement::Fork { line, name, lines: through_the_front_door(lines) }
            }
            other => other,
        })
        .collect()
}

#[test]
fn every_step_that_people_take_is_reached_from_the_pages() {
    let runtime = Runtime::new().unwrap();
    let reached = Reached::default();
    for (name, scenario) in samples::scenarios(TODAY) {
        if !takes(&scenario.lines, &reached.borrow()) {
            continue;
        }
        let scenario = Scenario { lines: through_the_front_door(scenario.lines), ..scenario };
        let start = || {
            let Served { base, office } = serve(&runtime);
            let found = move |cast: &[directory::Event]| found(&office, cast);
            let world = Http::new(&base, PASSWORD, found);
            Ok(Watched { world, base, readers: BTreeMap::new(), reached: reached.clone() })
        };
        let mut failed = Vec::new();
        play(&scenario, start, &mut |line| failed.extend(line.failure.clone())).unwrap();
        assert!(failed.is_empty(), "{name}: {failed:?}");
    }
    let reached = reached.borrow();
    let missed: Vec<_> = procedure::steps()
        .filter(|step| by_people(step) && !reached.contains(step.id))
        .map(|step| step.name)
        .collect();
    assert!(missed.is_empty(), "reached by nobody: {missed:?}");
}

/// The exit code of the command line, and what it said on both streams.
fn chachu(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_chachu")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_says_that_every_article_is_answered() {
    let (code, said, _) = chachu(&["law", "--json"]);
    let law: serde_json::Value = serde_json::from_str(&said).unwrap();
    let count = |name: &str| law["counts"][name].as_u64().unwrap();
    assert_eq!((code, count("articles"), count("answered"), count("pending")), (0, 64, 64, 0));
    assert_eq!(count("refusals_without_scenario"), 0);
    assert_eq!(count("refusals"), procedure::refusals().count() as u64);
    assert_eq!(count("scenarios"), samples::scenarios(TODAY).len() as u64);
    assert_eq!(law["readings"].as_array().unwrap().len(), READINGS.len());
    assert_eq!(law["papers"].as_array().unwrap().len(), 54);
    for article in law["articles"].as_array().unwrap() {
        assert_eq!((&article["answered"], &article["pending"]), (&true.into(), &false.into()));
        for check in article["checks"].as_array().unwrap() {
            assert!(!check["scenarios"].as_array().unwrap().is_empty(), "{check}");
        }
    }
    let (code, said, _) = chachu(&["law", "--readings"]);
    assert_eq!(code, 0);
    shows(&said, &["解读31-1　第三十一条　默认采用，部门可以改变"]);
    let (code, said, _) = chachu(&["law"]);
    assert_eq!(code, 0);
    shows(&said, &["共64条，已落实64条，待办0条", "没有情景演示的0项"]);
    shows(&chachu(&["law", "35"]).1, &["证件", "不符合时："]);
    assert_eq!(chachu(&["law", "65"]).0, 2);
}

#[test]
fn files_that_cannot_be_read_are_told_of_in_chinese_with_their_place() {
    let root = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let folder = root.path().to_str().unwrap().to_owned();
    let gbk = file("gbk", b"{\n\"\xb5\xd8\xc7\xf8\": 1}");
    let large = file("large", &vec![b' '; 10 * 1024 * 1024]);
    let cases = [
        ("/没有/的文件", "不存在"),
        (folder.as_str(), "是目录，应为文件"),
        (gbk.as_str(), "第2行不是UTF-8编码的文字"),
        (large.as_str(), "大于8 MB"),
    ];
    for command in ["competent", "play"] {
        for (path, why) in cases {
            let (code, said, wrong) = chachu(&[command, path]);
            assert_eq!((code, said.as_str()), (2, ""), "{command} {path}: {wrong}");
            assert!(wrong.contains(&format!("文件「{path}」{why}")), "{wrong}");
        }
    }
    let (code, _, wrong) = chachu(&["competent", &file("json", b"{\"facts\": {},}")]);
    assert_eq!((code, wrong.as_str()), (2, "错误：第1行第14列不是正确的JSON\n"));
    let marked = "\u{feff}案例 样例\n2026-02-30 甲一 立案\n";
    let path = file("scenario", marked.as_bytes());
    let (code, _, wrong) = chachu(&["play", &path]);
    assert_eq!(code, 2);
    assert!(wrong.contains(&format!("「{path}」第2行第1字")), "{wrong}");
}

#[test]
fn facts_of_competence_that_cannot_be_judged_are_told_of_on_the_page() {
    let played = Played::scenario("demo/01-registered");
    let clerk = played.reader("甲一");
    let long = "市".repeat(10_000);
    let cases = [
        ("places", "某地", 422, "没有负责「某地」的部门，请核对地区"),
        ("residences", "某地", 422, "没有负责「某地」的部门，请核对地区"),
        ("units", "某厂", 422, "没有登记「某厂」这一机关、单位，请先在机构人员中登记"),
        ("holder", "某局", 422, "没有「某局」这一部门"),
        ("designated", "某局", 422, "没有「某局」这一部门"),
        ("places", &long, 413, "提交的内容过大"),
    ];
    for (field, value, status, words) in cases {
        let mut fields = vec![(field, value)];
        // The facts are enough but for the department that is named.
        fields.extend((field != "places").then_some(("places", "示例市")));
        let (came, page) = clerk.post("/competence", &fields);
        assert_eq!(came, status, "{field}: {page}");
        shows(&page, &[words]);
    }
}
