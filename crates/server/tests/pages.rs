//! The pages through the front door: a real server, and people who fill in forms.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::Ipv4Addr;

use jiff::civil::{Date, date};
use procedure::{directory, value::Kind};
use scenario::{Scenario, play};
use server::{
    accounts::{Accounts, give_known_password},
    clock::Clock,
    office::Office,
    samples,
    serve::{AppState, Demonstration, app},
};
use store::Store;
use testkit::Http;
use tokio::{net::TcpListener, runtime::Runtime};
use ureq::{Agent, http::header};

const PASSWORD: &str = "scenario-password";
const TODAY: Date = date(2026, 3, 16);

const CAST: &str = "案例 样例机构

部门 示例省局: 级别=省；区域=示例省；代字=示省保
部门 示例市局: 级别=市；上级=示例省局；区域=示例市；代字=示市保
单位 样例银行: 类别=企业；区域=示例市
人员 甲一: 部门=示例市局；岗位=受理人员
人员 乙一: 部门=示例市局；岗位=办案人员
人员 乙二: 部门=示例市局；岗位=办案人员
人员 丙一: 部门=示例市局；岗位=负责人
人员 丁一: 部门=示例省局；岗位=负责人
";

/// A server with an office in it.
struct World {
    base: String,
    office: Office,
    _runtime: Runtime,
}

/// Somebody at a browser without scripts, who is not carried along by redirects.
struct Browser {
    agent: Agent,
    base: String,
}

/// What the browser shows.
struct Page {
    status: u16,
    location: String,
    kind: String,
    text: String,
}

impl World {
    /// A server with an office in which nobody works yet.
    fn open(demonstration: Option<Demonstration>) -> World {
        let runtime = Runtime::new().unwrap();
        let office = Office::open(Store::in_memory().unwrap(), Clock::default()).unwrap();
        let accounts = Accounts::new(office.clone()).unwrap();
        let demonstration = demonstration.map(Into::into);
        let state = AppState { office: office.clone(), accounts, demonstration };
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app(state)).await });
        World { base, office, _runtime: runtime }
    }

    /// A demonstration in which only the cast is there.
    fn new() -> World {
        World::playing(&scenario::parse(CAST, TODAY).unwrap())
    }

    /// A demonstration in which a scenario has been played.
    fn playing(scenario: &Scenario) -> World {
        let world = World::open(Some(Demonstration::default()));
        let start = || {
            let office = world.office.clone();
            let found = move |cast: &[directory::Event]| found(&office, cast);
            Ok(Http::new(&world.base, PASSWORD, found))
        };
        let mut wrong = Vec::new();
        play(scenario, start, &mut |line| wrong.extend(line.failure.clone())).unwrap();
        assert_eq!(wrong, Vec::<String>::new());
        world.office.clock().stand(TODAY.at(18, 0, 0, 0));
        world
    }

    /// One of the demonstration's dossiers.
    fn demonstration(name: &str) -> World {
        let scenarios = samples::scenarios(TODAY);
        let (_, scenario) = scenarios.into_iter().find(|(found, _)| found == name).unwrap();
        World::playing(&scenario)
    }

    fn browser(&self) -> Browser {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Browser { agent: config.into(), base: self.base.clone() }
    }

    fn sign_in(&self, name: &str) -> Browser {
        let browser = self.browser();
        let page = browser.post("/sign-in", &[("account", name), ("password", PASSWORD)]);
        assert_eq!((page.status, page.location.as_str()), (303, "/"), "{}", page.text);
        browser
    }
}

fn found(office: &Office, cast: &[directory::Event]) -> Result<(), String> {
    office.found(cast.to_vec()).map_err(|no| format!("{no:?}"))?;
    let staff = cast.iter().filter_map(|event| match event {
        directory::Event::Appointed(staff) => Some(staff.id.clone()),
        _ => None,
    });
    let staff: Vec<_> = staff.collect();
    give_known_password(office.store(), &staff, PASSWORD).map_err(|no| format!("{no:?}"))
}

impl Browser {
    fn get(&self, path: &str) -> Page {
        Page::of(self.agent.get(format!("{}{path}", self.base)).call())
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let fields = fields.iter().copied();
        Page::of(self.agent.post(format!("{}{path}", self.base)).send_form(fields))
    }

    /// Posts what was rendered with the form, and these answers.
    fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.get(path);
        assert_eq!(form.status, 200, "{path}");
        let action = path.split('?').next().unwrap();
        let hidden = ["_key", "_seen", "_who"].map(|name| (name, form.hidden(name)));
        let hidden = hidden.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        self.post(action, &all)
    }

    fn post_parts(&self, path: &str, fields: &[(&str, &str)], file: (&str, &str, &str)) -> Page {
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!(
                "--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        let (field, name, content) = file;
        body += &format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--XX--\r\n"
        );
        let request = self.agent.post(format!("{}{path}", self.base));
        Page::of(request.content_type("multipart/form-data; boundary=XX").send(body.as_bytes()))
    }

    /// The dossiers on the first page of the list.
    fn dossiers(&self) -> Vec<String> {
        let list = self.get("/dossiers").text;
        let links = list.split("href=\"/dossiers/").skip(1);
        links.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    }
}

impl Page {
    fn of(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Page {
        let mut answer = answer.unwrap();
        let header = |name| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (location, kind) = (header(header::LOCATION), header(header::CONTENT_TYPE));
        let status = answer.status().as_u16();
        Page { status, location, kind, text: answer.body_mut().read_to_string().unwrap() }
    }

    fn hidden(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&start).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    #[track_caller]
    fn shows(&self, words: &str) {
        assert!(self.text.contains(words), "「{words}」 is not on the page\n{}", self.text);
    }

    #[track_caller]
    fn hides(&self, words: &str) {
        assert!(!self.text.contains(words), "「{words}」 is on the page\n{}", self.text);
    }
}

const LEAD: [(&str, &str); 5] = [
    ("occurred", "2026-03-16"),
    ("source", "unit_report"),
    ("title", "样例案由"),
    ("content", "第一行\r\n第二行"),
    ("units", "样例银行"),
];

/// The lead of the sample bank, registered by its clerk; answers the dossier's id.
fn registered(world: &World) -> String {
    let clerk = world.sign_in("甲一");
    let done = clerk.fill("/register", &LEAD);
    assert_eq!(done.status, 303, "{}", done.text);
    done.location.strip_prefix("/dossiers/").unwrap().split('?').next().unwrap().to_owned()
}

#[test]
fn facts_of_jurisdiction_are_answered_for_each_department() {
    let world = World::new();
    let handler = world.sign_in("乙一");
    let form = handler.get("/competence");
    assert_eq!(form.status, 200);
    assert!(form.text.contains(r#"value="示例市局""#), "{}", form.text);

    let page = handler.post("/competence", &[("places", "示例市"), ("holder", "示例市局")]);
    assert_eq!(page.status, 200);
    assert!(page.text.contains("泄密行为发生地「示例市」在本行政区域"), "{}", page.text);
    assert!(page.text.contains("由本部门办理；「示例省局」也有管辖权"), "{}", page.text);

    // What cannot be judged comes back as it was filled in.
    let page = handler.post("/competence", &[("places", "某地"), ("easier", "人员集中")]);
    assert_eq!(page.status, 422);
    assert!(page.text.contains("没有负责「某地」的部门，请核对地区"), "{}", page.text);
    assert!(page.text.contains("人员集中"), "{}", page.text);
    let page = handler.post("/competence", &[("places", "示例市"), ("units", "某厅、样例银行")]);
    assert_eq!(page.status, 422);
    assert!(page.text.contains("没有登记「某厅」这一机关、单位"), "{}", page.text);
}

#[test]
fn nobody_sees_anything_before_signing_in() {
    let world = World::new();
    let browser = world.browser();
    for path in ["/", "/dossiers", "/register", "/directory", "/law", "/dossiers/1/steps/approve"] {
        let page = browser.get(path);
        assert_eq!(page.status, 303, "{path}");
        assert!(page.location.starts_with("/sign-in?next="), "{path}: {}", page.location);
    }
    let wrong = browser.post("/sign-in", &[("account", "甲一"), ("password", "wrong")]);
    assert_eq!(wrong.status, 401);
    wrong.shows("账号或者密码不正确");
    wrong.shows("value=\"甲一\"");
    let elsewhere = [("account", "甲一"), ("password", PASSWORD), ("next", "//example.com/")];
    assert_eq!(browser.post("/sign-in", &elsewhere).location, "/");
    assert_eq!(browser.get("/").status, 200);
    assert_eq!(browser.post("/sign-out", &[]).location, "/sign-in");
    assert_eq!(browser.get("/").status, 303);
}

#[test]
fn a_password_is_changed_and_a_weak_one_is_not() {
    let world = World::new();
    let browser = world.sign_in("乙一");
    let change = |fresh: &str, again: &str| {
        browser.post("/password", &[("old", PASSWORD), ("fresh", fresh), ("again", again)])
    };
    change("one-thing-here", "another-there").shows("两次输入的新密码不一致");
    assert_eq!(change("short", "short").status, 422);
    assert_eq!(change("a-long-walk-home", "a-long-walk-home").location, "/");
    let again = world.browser();
    let page = again.post("/sign-in", &[("account", "乙一"), ("password", "a-long-walk-home")]);
    assert_eq!(page.status, 303);
}

#[test]
fn a_lead_is_registered_and_its_reporter_is_shown_to_nobody() {
    let world = World::new();
    let clerk = world.sign_in("甲一");
    let mut lead = LEAD.to_vec();
    lead[1] = ("source", "citizen_report");
    lead.extend([("secrecy", "keep_secret"), ("reporter", "金丝雀 13800000000")]);
    let done = clerk.fill("/register", &lead);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = clerk.get(&done.location);
    page.shows("已录入第 1 条：登记线索，示市保线〔2026〕1号");
    page.shows("样例案由");
    page.shows("第一行<br>第二行");
    page.shows("<span class=\"sealed\">密封</span>");
    page.hides("金丝雀");
    let id = clerk.dossiers().remove(0);
    let correction = clerk.get(&format!("/dossiers/{id}/entries/1/correct"));
    correction.shows("value=\"样例案由\"");
    correction.hides("金丝雀");
    lead.retain(|(field, _)| *field != "reporter");
    let corrected = clerk.fill(&format!("/dossiers/{id}/entries/1/correct"), &lead);
    assert_eq!(corrected.status, 303, "{}", corrected.text);
    let page = clerk.get(&format!("/dossiers/{id}"));
    page.hides("<del>密封</del>");
    assert_eq!(page.text.matches("<dd><span class=\"sealed\">密封</span>").count(), 2);
    for who in ["甲一", "丙一"] {
        world.sign_in(who).get("/dossiers").hides("金丝雀");
    }
    // Who registered it may read it, and nobody else unless it is granted.
    let address = format!("/dossiers/{id}/reporters/1");
    page.shows(&format!("action=\"{address}\""));
    clerk.post(&address, &[]).shows("金丝雀 13800000000");
    let head = world.sign_in("丙一");
    head.get(&format!("/dossiers/{id}")).hides(&address);
    assert_eq!(head.post(&address, &[]).status, 404);
}

#[test]
fn a_refused_form_comes_back_filled_in_with_each_message_at_its_field() {
    let world = World::new();
    let clerk = world.sign_in("甲一");
    let lead = [
        ("occurred", "2026-02-30"),
        ("source", "citizen_report"),
        ("title", "喆堃䶮"),
        ("content", ""),
        ("reporter", "不愿具名"),
    ];
    let page = clerk.fill("/register", &lead);
    assert_eq!(page.status, 422);
    page.shows("value=\"2026-02-30\"");
    page.shows("value=\"喆堃䶮\"");
    page.shows("不愿具名");
    page.shows("<a href=\"#secrecy\">公民举报的，须注明举报人是否愿意公开个人或者单位信息</a> <a class=\"cite\" href=\"/law/24\">第二十四条第一款</a>");
    page.shows("询问举报人后选择");
    page.shows("<a href=\"#occurred\">");
    page.shows("id=\"occurred.error\"");
    page.shows("<a href=\"#content\">「线索内容」没有填写</a>");
    assert_eq!(clerk.dossiers(), Vec::<String>::new());
}

#[test]
fn a_form_posted_twice_is_one_act() {
    let world = World::new();
    let clerk = world.sign_in("甲一");
    let form = clerk.get("/register");
    let (key, seen) = (form.hidden("_key"), form.hidden("_seen"));
    let mut lead = LEAD.to_vec();
    lead.extend([("_key", key.as_str()), ("_seen", seen.as_str())]);
    let first = clerk.post("/register", &lead);
    let second = clerk.post("/register", &lead);
    assert_eq!((first.status, first.location), (303, second.location));
    assert_eq!(clerk.dossiers().len(), 1);
    lead[2] = ("title", "改过的案由");
    let changed = clerk.post("/register", &lead);
    assert_eq!(changed.status, 409);
    changed.shows("此前已经提交并录入");
    changed.shows("改过的案由");
    assert_eq!(clerk.dossiers().len(), 1);
}

#[test]
fn who_was_quicker_is_named_and_what_was_filled_in_is_kept() {
    let world = World::new();
    let id = registered(&world);
    let (clerk, head) = (world.sign_in("甲一"), world.sign_in("丙一"));
    let path = format!("/dossiers/{id}/steps/assign_reviewers");
    let form = head.get(&path);
    let (key, seen) = (form.hidden("_key"), form.hidden("_seen"));
    let person = [("name", "戊五"), ("standing", "party")];
    assert_eq!(clerk.fill(&format!("/dossiers/{id}/steps/identify_person"), &person).status, 303);
    let decision = |seen: &str| {
        let staff = [("handlers", "乙一"), ("handlers", "乙二")];
        let fields = [&[("_key", key.as_str()), ("_seen", seen)][..], &staff].concat();
        head.post(&path, &fields)
    };
    let conflict = decision(&seen);
    assert_eq!(conflict.status, 409);
    conflict.shows("本次没有生效：甲一在您打开此页之后录入了新的内容");
    conflict.shows("登记案件相关人员");
    assert_eq!(conflict.text.matches(" checked").count(), 2);
    assert_eq!(decision(&conflict.hidden("_seen")).status, 303);
}

#[test]
fn a_form_outlives_its_session_for_the_person_who_filled_it_in() {
    let world = World::new();
    let browser = world.sign_in("甲一");
    let form = browser.get("/register");
    let (key, who) = (form.hidden("_key"), form.hidden("_who"));
    browser.post("/sign-out", &[]);
    let mut lead = LEAD.to_vec();
    lead.extend([("_key", key.as_str()), ("_who", who.as_str())]);
    lead[2] = ("title", "登录失效前填写的案由");
    let kept = browser.post("/register", &lead);
    assert_eq!((kept.status, kept.location.as_str()), (303, "/sign-in?kept=1"));
    browser.get("/sign-in?kept=1").shows("已为您加密保留");
    let other = browser.post("/sign-in", &[("account", "丙一"), ("password", PASSWORD)]);
    assert_eq!(other.location, "/", "somebody else is not led to the form");
    browser.get("/register?kept=1").hides("登录失效前填写的案由");
    let mine = browser.post("/sign-in", &[("account", "甲一"), ("password", PASSWORD)]);
    assert_eq!(mine.location, "/register?kept=1");
    let back = browser.get(&mine.location);
    back.shows("登录失效前填写的案由");
    back.shows("尚未提交");
    let stranger = world.sign_in("甲一");
    stranger.get("/register?kept=1").hides("登录失效前填写的案由");
    let again = back.hidden("_key");
    let at = lead.iter().position(|(name, _)| *name == "_key").unwrap();
    lead[at].1 = again.as_str();
    assert_eq!(browser.post("/register", &lead).status, 303);
    browser.get("/register?kept=1").hides("登录失效前填写的案由");
    let elsewhere = [("title", "另一台电脑上填写的案由"), ("_who", who.as_str())];
    assert_eq!(world.browser().post("/register", &elsewhere).location, "/sign-in?kept=1");
    browser.get("/register?kept=1").hides("另一台电脑上填写的案由");
}

#[test]
fn tables_grow_without_scripts() {
    let world = World::new();
    let id = registered(&world);
    let clerk = world.sign_in("甲一");
    let path = format!("/dossiers/{id}/steps/receive_material");
    let rows = |page: &Page| page.text.matches("data-row=").count();
    let form = clerk.get(&path);
    assert_eq!(rows(&form), 3);
    let row = [("items.1.name", "光盘"), ("items.1.quantity", "2"), ("kept", "一号柜")];
    let grown = clerk.fill(&path, &[&row[..], &[("more", "items")]].concat());
    assert_eq!((grown.status, rows(&grown)), (200, 4));
    grown.shows("value=\"光盘\"");
    let half = [("occurred", "2026-03-16"), ("items.2.name", "光盘"), ("kept", "一号柜")];
    let refused = clerk.fill(&path, &half);
    assert_eq!(refused.status, 422);
    refused.shows("<a href=\"#items\">「接收清单」「数量」不能为空</a>");
    refused.shows("value=\"光盘\"");
    assert_eq!(clerk.fill(&path, &[&row[..], &[("occurred", "2026-03-16")]].concat()).status, 303);
    clerk.get(&format!("/dossiers/{id}")).shows("<td>光盘</td><td>2</td>");
}

#[test]
fn an_unlawful_interview_is_refused_and_recorded_as_it_happened() {
    let world = World::demonstration("demo/08-investigating");
    let handler = world.sign_in("乙一");
    let id = handler.dossiers().remove(0);
    let path = format!("/dossiers/{id}/steps/record_interview");
    let interview = [
        ("occurred", "2026-03-16"),
        ("persons", "戊五"),
        ("from", "09:00"),
        ("to", "10:00"),
        ("place", "询问室"),
        ("handlers", "乙一"),
        ("credentials", "yes"),
        ("covered", "basics"),
        ("covered", "relation"),
        ("covered", "responsibility"),
        ("covered", "circumstances"),
        ("not_applicable", "other"),
        ("dialogue.1.question", "问一"),
        ("dialogue.1.answer", "答一"),
    ];
    let refused = handler.fill(&path, &interview);
    assert_eq!(refused.status, 422);
    refused.shows("<a href=\"#handlers\">询问的办案人员少于2人</a> <a class=\"cite\" href=\"/law/35\">第三十五条</a>");
    refused.shows("这一行为已经发生，如实记录");
    let happened = [&interview[..], &[("_as_happened", "1")]].concat();
    handler.fill(&path, &happened).shows("href=\"#_circumstances\"");
    let happened = [&happened[..], &[("_circumstances", "乙二临时离开")]].concat();
    let done = handler.fill(&path, &happened);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = handler.get(&done.location);
    page.shows("如实记录，有 1 处瑕疵");
    page.shows("情况说明：乙二临时离开");
    page.shows("不能使用");
    page.shows("由违反规定的行为取得");
}

#[test]
fn a_correction_shows_the_old_and_the_new() {
    let world = World::new();
    let id = registered(&world);
    let clerk = world.sign_in("甲一");
    let path = format!("/dossiers/{id}/entries/1/correct");
    world.office.clock().stand(date(2026, 3, 17).at(9, 0, 0, 0));
    let form = clerk.get(&path);
    form.shows("value=\"样例案由\"");
    form.shows("value=\"2026-03-16\"");
    let mut lead = LEAD.to_vec();
    lead[2] = ("title", "更正后的案由");
    let done = clerk.fill(&path, &lead);
    assert_eq!(done.status, 303, "{}", done.text);
    let page = clerk.get(&done.location);
    page.shows("<del>样例案由</del> <ins>更正后的案由</ins>");
    page.shows("<h1>更正后的案由");
    page.shows("已由<a href=\"#e2\">第 2 条记录</a>更正");
}

#[test]
fn what_cannot_be_undone_must_be_confirmed() {
    let world = World::demonstration("demo/06-filing-pending");
    let head = world.sign_in("丙一");
    let id = head.dossiers().remove(0);
    let path = format!("/dossiers/{id}/steps/approve?submission=1");
    let form = head.get(&path);
    form.shows("呈报：立案");
    form.shows("初查情况");
    form.shows("批准后即发生效力，不能撤回");
    let opinion = [("submission", "1"), ("opinion", "同意立案")];
    let unconfirmed = head.fill(&path, &opinion);
    assert_eq!(unconfirmed.status, 422);
    unconfirmed.shows("href=\"#_confirmed\"");
    unconfirmed.shows("同意立案");
    let done = head.fill(&path, &[&opinion[..], &[("_confirmed", "1")]].concat());
    assert_eq!(done.status, 303, "{}", done.text);
    head.get(&done.location).shows("已录入第");
    head.get(&done.location).shows("示市保案〔2026〕");
}

#[test]
fn a_file_is_kept_by_a_refused_form_and_comes_back_as_it_was() {
    let world = World::demonstration("demo/08-investigating");
    let handler = world.sign_in("乙一");
    let id = handler.dossiers().remove(0);
    let path = format!("/dossiers/{id}/steps/collect_evidence");
    let form = handler.get(&path);
    let (key, seen) = (form.hidden("_key"), form.hidden("_seen"));
    let evidence = [
        ("_key", key.as_str()),
        ("_seen", seen.as_str()),
        ("occurred", "2026-03-16"),
        ("name", "登记簿"),
        ("kind", "document"),
        ("shape", "original"),
        ("source", "样例规划院"),
        ("place", "档案室"),
        ("handlers", "乙一"),
        ("handlers", "乙二"),
    ];
    let file = ("file", "扫描.txt", "证据的内容");
    let refused = handler.post_parts(&path, &evidence, file);
    assert_eq!(refused.status, 422, "{}", refused.text);
    refused.shows("已上传：扫描.txt");
    let kept = refused.hidden("_kept.file").replace("&#34;", "\"");
    let complete = [&evidence[..], &[("method", "调取"), ("_kept.file", kept.as_str())]].concat();
    let done = handler.post_parts(&path, &complete, ("file", "", ""));
    assert_eq!(done.status, 303, "{}", done.text);
    let page = handler.get(&done.location);
    let link = page.text.split("href=\"").find(|rest| rest.contains("扫描.txt")).unwrap();
    let link = link.split('"').next().unwrap();
    let file = handler.get(link);
    assert_eq!((file.status, file.text.as_str()), (200, "证据的内容"));
    assert_eq!(file.kind, "application/octet-stream");
    assert_eq!(world.sign_in("丁一").get(link).status, 404);
}

#[test]
fn others_see_nothing_and_superiors_the_outline() {
    let world = World::new();
    let id = registered(&world);
    let stranger = world.sign_in("乙一");
    let missing = stranger.get("/dossiers/no-such-dossier");
    let hidden = stranger.get(&format!("/dossiers/{id}"));
    assert_eq!((missing.status, hidden.status), (404, 404));
    assert_eq!(missing.text, hidden.text);
    let superior = world.sign_in("丁一");
    let outline = superior.get(&format!("/dossiers/{id}"));
    outline.shows("示市保线〔2026〕1号");
    outline.shows("样例银行");
    outline.shows("初查时限");
    outline.hides("样例案由");
    let list = superior.get("/dossiers");
    list.shows("下级卷宗，只见概要");
    list.hides("样例案由");
    assert_eq!(superior.get(&format!("/dossiers/{id}/steps/approve")).status, 404);
    let form = superior.get(&format!("/dossiers/{id}/steps/open_supervision"));
    form.shows("示市保线〔2026〕1号</a>");
    form.hides("样例案由");
}

#[test]
fn what_people_type_is_never_part_of_the_page() {
    let world = World::new();
    let clerk = world.sign_in("甲一");
    let payload = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'";
    let mut lead = LEAD.to_vec();
    (lead[2], lead[3]) = (("title", payload), ("content", payload));
    let done = clerk.fill("/register", &lead);
    assert_eq!(done.status, 303, "{}", done.text);
    let id = clerk.dossiers().remove(0);
    let person = [("name", payload), ("standing", "party"), ("post", payload)];
    assert_eq!(clerk.fill(&format!("/dossiers/{id}/steps/identify_person"), &person).status, 303);
    let unit = [("name", payload), ("category", "企业"), ("region", payload)];
    assert_eq!(clerk.post("/directory/units", &unit).status, 303);
    let search = format!("/dossiers?q={}", "%22%3E%3Cscript%3E");
    let paths = [
        "/".to_owned(),
        search,
        "/directory".to_owned(),
        "/register".to_owned(),
        format!("/dossiers/{id}"),
        format!("/dossiers/{id}/steps/order_containment"),
        format!("/dossiers/{id}/entries/1/correct"),
    ];
    for path in paths {
        let page = clerk.get(&path);
        page.hides("<script>");
        page.hides("<img");
        assert_is_plain(&path, &page);
    }
}

/// No inline style or script, which the content security policy would stop anyway.
#[track_caller]
fn assert_is_plain(path: &str, page: &Page) {
    assert_eq!(page.status, 200, "{path}");
    for tag in page.text.split('<').filter_map(|rest| rest.split('>').next()) {
        // Every second part stands in quotation marks and is no attribute.
        let names: Vec<_> = tag.split('"').step_by(2).collect();
        let names = names.join(" ");
        let inline = tag.starts_with("style")
            || names.contains(" style=")
            || (tag.starts_with("script") && !tag.contains(" src=\"/assets/"))
            || [" onclick=", " onload=", " onerror=", " onsubmit="]
                .iter()
                .any(|on| names.contains(on));
        assert!(!inline, "{path}: <{tag}>");
    }
}

#[test]
fn every_form_is_shown_with_every_field_at_every_stage() {
    let worlds = [
        "01-registered",
        "03-review-due",
        "06-filing-pending",
        "08-investigating",
        "09-handling-due",
    ];
    let mut shown = 0;
    for world in worlds {
        let name = format!("demo/{world}");
        let world = World::demonstration(&name);
        let head = world.sign_in("丙一");
        let id = head.dossiers().remove(0);
        assert_is_plain(&name, &head.get(&format!("/dossiers/{id}")));
        let steps = procedure::steps().filter(|step| !matches!(step.id, "register" | "fix_paper"));
        for step in steps {
            let path = format!("/dossiers/{id}/steps/{}", step.id);
            let page = head.get(&path);
            assert_is_plain(&path, &page);
            for field in step.all_fields() {
                page.shows(field.label);
                page.shows(&format!("id=\"{}\"", field.id));
                if let Kind::Rows(columns) = field.kind {
                    columns.iter().for_each(|column| page.shows(column.label));
                }
            }
            shown += 1;
        }
    }
    assert_eq!(shown, worlds.len() * (procedure::steps().count() - 2));
}

#[test]
fn lists_are_sorted_filtered_and_paged_in_both_directions() {
    let world = World::new();
    let clerk = world.sign_in("甲一");
    for i in 0..23 {
        let title = format!("案由{i:02}");
        let mut lead = LEAD.to_vec();
        lead[2] = ("title", &title);
        assert_eq!(clerk.fill("/register", &lead).status, 303);
    }
    let first = clerk.get("/dossiers?sort=number");
    first.shows("共 23 件");
    first.shows("aria-sort=\"ascending\"");
    first.hides("上一页");
    let link = |page: &Page, rel: &str| {
        let (_, rest) = page.text.split_once(&format!("rel=\"{rel}\" href=\"")).unwrap();
        rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    };
    let second = clerk.get(&link(&first, "next"));
    assert_eq!(second.text.matches("<tr").count() - 1, 3);
    second.hides("下一页");
    let back = clerk.get(&link(&second, "prev"));
    assert_eq!(back.text.matches("<tr").count() - 1, 20);
    back.hides("上一页");
    clerk.get("/dossiers?q=%E6%A1%88%E7%94%B107").shows("共 1 件");
    clerk.get("/dossiers?stage=%E5%88%9D%E6%9F%A5").shows("没有符合条件的卷宗");
    let none = clerk.get("/dossiers?q=%E5%88%9D%E6%9F%A5%E4%BA%86");
    none.shows("没有找到「初查了」");
    none.shows("可以试试");
    none.shows("value=\"初查了\"");
    clerk.get("/dossiers?q=%E6%A1%88%E7%94%B1").hides("aria-sort");
    clerk.get("/?tab=overdue").shows("没有逾期的卷宗");
    let head = world.sign_in("丙一");
    head.get("/?tab=mine").shows("没有由您承办的卷宗");
    head.get("/?tab=all").shows("共 23 件");
}

#[test]
fn units_are_listed_once_and_readings_switched_by_heads() {
    let world = World::new();
    let (clerk, head) = (world.sign_in("甲一"), world.sign_in("丙一"));
    let unit = [("name", "样例研究所"), ("category", "事业单位"), ("region", "示例市")];
    assert_eq!(clerk.post("/directory/units", &unit).status, 303);
    clerk.get("/register").shows("样例研究所");
    let twice = clerk.post("/directory/units", &unit);
    assert_eq!(twice.status, 422);
    twice.shows("已登记过「样例研究所」");
    let switch = [("reading", "27-1"), ("holds", "no"), ("confirmed", "yes")];
    assert_eq!(clerk.post("/law/readings", &switch).status, 403);
    clerk.get("/law/readings").hides("href=\"/law/readings/27-1\"");
    head.get("/law/readings/27-1").shows("改为不采用");
    assert_eq!(head.post("/law/readings", &switch).status, 303);
    head.get("/law/readings/27-1").shows("改为采用");
}

#[test]
fn the_clock_is_set_only_in_a_demonstration() {
    let world = World::new();
    let head = world.sign_in("丙一");
    head.get("/").shows("下一工作日");
    assert_eq!(head.post("/demo/clock", &[("clock", "set"), ("today", "2026-04-03")]).status, 303);
    assert_eq!(world.office.now().date(), date(2026, 4, 3));
    // 清明节 is off from Saturday the fourth to Monday the sixth.
    head.post("/demo/clock", &[("clock", "next")]);
    assert_eq!(world.office.now().date(), date(2026, 4, 7));
}

#[test]
fn a_real_office_has_no_clock_to_set() {
    let world = World::open(None);
    found(&world.office, &scenario::parse(CAST, TODAY).unwrap().cast).unwrap();
    let head = world.sign_in("丙一");
    head.get("/").hides("演示");
    let before = world.office.now().date();
    assert_eq!(head.post("/demo/clock", &[("clock", "set"), ("today", "2020-01-01")]).status, 404);
    assert_eq!(world.office.now().date(), before);
}

#[test]
fn what_is_not_there_is_said_in_chinese() {
    let world = World::new();
    let head = world.sign_in("丙一");
    let missing = head.get("/no-such-page");
    assert_eq!((missing.status, missing.kind.as_str()), (404, "text/html; charset=utf-8"));
    missing.shows("没有这个页面，或者您无权查看");
    let method = head.post("/dossiers", &[]);
    assert_eq!(method.status, 405);
    method.shows("不接受这种请求");
    let long = "字".repeat(4_000_000);
    let large = head.post("/directory/units", &[("name", &long)]);
    assert_eq!(large.status, 413);
    large.shows("提交的内容过大");
    let style = world.browser().get("/assets/chachu.css");
    assert_eq!((style.status, style.kind.as_str()), (200, "text/css; charset=utf-8"));
}
