//! Chromium as a world: the same scenario files, played by hand on the pages.
//!
//! Each act is taken as its person would take it: sign in, open the dossier, choose the step, fill in the form, send it, read what the page says.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use jiff::civil::{Date, DateTime};
use procedure::{
    directory,
    law::Clause,
    step::Field,
    summary::Summary,
    value::{Answer, Answers, Kind, StaffId},
};
use scenario::{
    Reply, World,
    language::{Manner, Move, Outcome},
    player::Named,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser and its driver; both end with it.
pub struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Child,
    _profile: TempDir,
    base: String,
    password: String,
    signed_in: Option<StaffId>,
    today: Option<Date>,
    screens: Option<PathBuf>,
    dossier: Option<String>,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser when it is told to end itself; what is already gone needs no ending.
        let _ = self.runtime.block_on(self.client.clone().close());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

type Done<T> = Result<T, String>;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Browser {
    /// Opens the server at this address, where everybody has the same password.
    ///
    /// With `CHACHU_SCREENS` in the environment, what the screen shows after each act is kept in that folder.
    pub fn open(base: &str, password: &str) -> Done<Browser> {
        let runtime = Runtime::new().map_err(text)?;
        let profile = tempfile::tempdir().map_err(text)?;
        let (driver, port) = start_driver()?;
        let capabilities = capabilities(&profile)?;
        let connecting = async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities);
            let client =
                builder.connect(&format!("http://127.0.0.1:{port}")).await.map_err(text)?;
            client.set_window_size(1366, 768).await.map_err(text)?;
            client.goto(base).await.map_err(text)?;
            Ok::<_, String>(client)
        };
        let client = runtime.block_on(connecting)?;
        Ok(Browser {
            runtime,
            client,
            driver,
            _profile: profile,
            base: base.to_owned(),
            password: password.to_owned(),
            signed_in: None,
            today: None,
            screens: std::env::var_os("CHACHU_SCREENS").map(PathBuf::from),
            dossier: None,
        })
    }

    /// Goes to a page of the server.
    pub fn goto(&self, path: &str) -> Done<()> {
        self.runtime.block_on(self.client.goto(&format!("{}{path}", self.base))).map_err(text)
    }

    /// Loads the page again.
    pub fn reload(&self) -> Done<()> {
        self.runtime.block_on(self.client.refresh()).map_err(text)
    }

    /// Goes to the dossier that an act was last recorded in.
    pub fn goto_last_dossier(&self) -> Done<()> {
        let dossier = self.dossier.as_ref().ok_or("no act was recorded yet")?;
        self.goto(&format!("/dossiers/{dossier}"))
    }

    /// Whether there is a link whose text or address has this part.
    pub fn has_link(&self, part: &str) -> Done<bool> {
        let script = "return [...document.links].some(a => a.textContent.includes(arguments[0]) || a.href.includes(arguments[0]))";
        Ok(self.run(script, vec![json!(part)])? == Value::Bool(true))
    }

    /// Everything that can be read on the page, what is folded away included.
    pub fn read(&self) -> Done<String> {
        let body = self.run("return document.body.textContent", vec![])?;
        Ok(body.as_str().unwrap_or_default().to_owned())
    }

    /// The page as it looks, as PNG.
    pub fn screenshot(&self) -> Done<Vec<u8>> {
        self.runtime.block_on(self.client.screenshot()).map_err(text)
    }

    /// Follows the first link whose text or address has this part, and returns what it leads to, as bytes.
    pub fn download(&self, part: &str) -> Done<Vec<u8>> {
        let script = "const [part, done] = arguments;
            const link = [...document.links].find(a => a.textContent.includes(part) || a.href.includes(part));
            if (!link) return done(null);
            fetch(link.href).then(r => r.arrayBuffer()).then(b => done([...new Uint8Array(b)]));";
        let bytes = self.client.execute_async(script, vec![json!(part)]);
        let bytes = self.runtime.block_on(bytes).map_err(text)?;
        let list = bytes.as_array().ok_or_else(|| format!("no link 「{part}」 on the page"))?;
        Ok(list.iter().filter_map(Value::as_u64).filter_map(|b| u8::try_from(b).ok()).collect())
    }

    /// Signs in through the page, after whoever is signed in has signed out.
    pub fn sign_in(&mut self, who: &StaffId) -> Done<()> {
        if self.signed_in.as_ref() == Some(who) {
            return Ok(());
        }
        if self.signed_in.take().is_some() {
            self.goto("/")?;
            self.press("form.who button")?;
        }
        self.goto("/sign-in")?;
        self.fill("account", &who.0)?;
        self.fill("password", &self.password.clone())?;
        self.press("main form button")?;
        self.signed_in = Some(who.clone());
        Ok(())
    }

    /// Sets the demonstration's date on its banner.
    fn on(&mut self, day: Date) -> Done<()> {
        if self.today == Some(day) {
            return Ok(());
        }
        self.goto("/")?;
        self.set("today", &day.to_string())?;
        self.press(".demo button[value=set]")?;
        self.today = Some(day);
        Ok(())
    }

    fn run(&self, script: &str, arguments: Vec<Value>) -> Done<Value> {
        self.runtime.block_on(self.client.execute(script, arguments)).map_err(text)
    }

    /// Types into a text field.
    fn fill(&self, id: &str, words: &str) -> Done<()> {
        let typing = async {
            let element = self.client.find(Locator::Id(id)).await?;
            element.clear().await?;
            element.send_keys(words).await
        };
        self.runtime.block_on(typing).map_err(|error| format!("{id}: {error}"))
    }

    /// Sets a picker, whose typing depends on the browser's language.
    fn set(&self, id: &str, value: &str) -> Done<()> {
        let script = "const e = document.getElementById(arguments[0]);
            if (!e) return false; e.value = arguments[1]; return true;";
        match self.run(script, vec![json!(id), json!(value)])? {
            Value::Bool(true) => Ok(()),
            _ => Err(format!("no field {id} on the page")),
        }
    }

    /// Chooses what is named by its label or its value: a radio button, a box, or an option of a list.
    fn pick(&self, name: &str, wanted: &str) -> Done<()> {
        let script = "const [name, wanted] = arguments;
            const select = document.querySelector(`select[name=\"${name}\"]`);
            const is = (value, label) => value === wanted || label.trim() === wanted;
            if (select) {
                const option = [...select.options].find(o => is(o.value, o.text));
                if (option) select.value = option.value;
                return !!option;
            }
            const input = [...document.querySelectorAll(`input[name=\"${name}\"]`)]
                .find(i => is(i.value, i.parentElement.textContent));
            if (input && !input.checked) input.click();
            return !!input;";
        match self.run(script, vec![json!(name), json!(wanted)])? {
            Value::Bool(true) => Ok(()),
            _ => Err(format!("{name}: 「{wanted}」 cannot be chosen on the page")),
        }
    }

    /// Presses a button and waits for the page it leads to.
    fn press(&self, selector: &str) -> Done<()> {
        let pressing = async {
            let before = self.client.find(Locator::Css("html")).await?;
            self.client.find(Locator::Css(selector)).await?.click().await?;
            let deadline = tokio::time::Instant::now() + PATIENCE;
            // The old page is gone when its root is; then the new one must be there.
            while before.tag_name().await.is_ok() && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            self.client.wait().at_most(PATIENCE).for_element(Locator::Css("main")).await?;
            Ok::<_, fantoccini::error::CmdError>(())
        };
        self.runtime.block_on(pressing).map_err(|error| format!("{selector}: {error}"))
    }

    /// Opens the form of a step the way people do, or by its address where the page offers no way.
    fn open_step(&self, dossier: Option<&str>, act: &Move, corrects: Option<u64>) -> Done<()> {
        let Some(dossier) = dossier else { return self.goto("/register") };
        let address = match corrects.filter(|_| matches!(act.manner, Manner::Correcting(_))) {
            Some(entry) => format!("/dossiers/{dossier}/entries/{entry}/correct"),
            None => format!("/dossiers/{dossier}/steps/{}", act.step.id),
        };
        self.goto(&format!("/dossiers/{dossier}"))?;
        let script =
            "const link = [...document.links].find(a => a.getAttribute('href') === arguments[0]);
            if (link) link.scrollIntoView(); return !!link;";
        match self.run(script, vec![json!(address)])? {
            Value::Bool(true) => self.press(&format!("a[href=\"{address}\"]")),
            _ => self.goto(&address),
        }
    }

    fn answer(&self, field: &Field, answer: &Answer) -> Done<()> {
        let words = answer.text().unwrap_or_default();
        match field.kind {
            Kind::List(Kind::Choice(_) | Kind::Target(_)) => {
                let list = match answer {
                    Answer::Many(list) => list.clone(),
                    other => vec![other.clone()],
                };
                list.iter().try_for_each(|one| self.pick(field.id, one.text().unwrap_or_default()))
            }
            Kind::List(_) | Kind::Rows(_) => self.rows(field, answer),
            Kind::Choice(_) | Kind::Target(_) => self.pick(field.id, words),
            Kind::Fact => {
                let (word, reason) = words.split_once('：').unwrap_or((words, ""));
                self.pick(field.id, word)?;
                if reason.is_empty() {
                    return Ok(());
                }
                self.fill(&format!("{}.reason", field.id), reason)
            }
            Kind::Date | Kind::Time => self.set(field.id, words),
            _ => self.fill(field.id, words),
        }
    }

    fn rows(&self, field: &Field, answer: &Answer) -> Done<()> {
        let Answer::Many(rows) = answer else { return Err(format!("{}: no rows", field.id)) };
        for (row, number) in rows.iter().zip(1..) {
            let group = match row {
                Answer::Group(group) => group.clone(),
                other => Answers::from([(String::new(), other.clone())]),
            };
            for (column, cell) in group {
                let name = format!("{}.{number}.{column}", field.id);
                if !self.has(&name)? {
                    self.press(&format!("button[name=more][value=\"{}\"]", field.id))?;
                }
                let words = cell.text().unwrap_or_default();
                if self.pick(&name, words).is_err() {
                    self.fill(&name, words)?;
                }
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> Done<bool> {
        let script = "return document.getElementsByName(arguments[0]).length > 0";
        Ok(self.run(script, vec![json!(name)])? == Value::Bool(true))
    }

    /// Ticks what a step that cannot be undone asks to be ticked.
    fn confirm(&self) -> Done<()> {
        if self.has("_confirmed")? { self.pick("_confirmed", "1") } else { Ok(()) }
    }

    /// What the page says after a form was sent.
    fn reply(&self) -> Done<Reply> {
        let script = "const cite = a => a.textContent.trim();
            const problems = [...document.querySelectorAll('.errors > ol > li')].map(li => ({
                message: li.firstElementChild.textContent.trim(),
                field: (li.querySelector('a[href^=\"#\"]') || {hash: ''}).hash.slice(1),
                cites: [...li.querySelectorAll('a.cite')].map(cite)}));
            const notice = document.querySelector('.notice--ok');
            return {path: location.pathname, problems, title: document.title,
                notice: notice && notice.textContent.trim()};";
        let page = self.run(script, vec![])?;
        let part = |name: &str| page.get(name).and_then(Value::as_str).unwrap_or_default();
        let (path, notice) = (part("path"), part("notice"));
        let problems = page.get("problems").and_then(Value::as_array).cloned().unwrap_or_default();
        if problems.is_empty() && notice.starts_with("已录入") {
            return Ok(recorded(path, notice));
        }
        if part("title").contains("没有找到") || part("title").contains("不存在") {
            return Ok(Reply { outcome: Outcome::Refused, hidden: true, ..Reply::default() });
        }
        if problems.is_empty() {
            return Err(format!("the page says nothing: {page} {}", self.read()?));
        }
        let checks: Vec<Named> = problems.iter().filter_map(named).collect();
        let outcome = if checks.is_empty() { Outcome::Malformed } else { Outcome::Refused };
        let fields =
            problems.iter().filter_map(|p| p.get("field")?.as_str()).filter(|f| !f.is_empty());
        let fields = fields.map(str::to_owned).collect();
        Ok(Reply { outcome, checks, fields, ..Reply::default() })
    }

    fn fetch(&self, path: &str) -> Done<Value> {
        let script = "const [path, done] = arguments;
            fetch(path).then(r => r.json()).then(done, e => done(String(e)));";
        let fetching = self.client.execute_async(script, vec![json!(path)]);
        self.runtime.block_on(fetching).map_err(text)
    }
}

/// What the notice on the dossier's page tells.
fn recorded(path: &str, notice: &str) -> Reply {
    let dossier = path.split('/').nth(2).map(str::to_owned);
    let version = notice.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    let number = notice.split('，').find(|part| part.contains('〔'));
    let number = number.map(|part| part.split('；').next().unwrap_or_default().to_owned());
    let outcome = if notice.contains("瑕疵") { Outcome::Defective } else { Outcome::Done };
    Reply { outcome, dossier, version, number, ..Reply::default() }
}

/// A problem that cites an article or a reading is the law's; others are about the answers.
fn named(problem: &Value) -> Option<Named> {
    let cites = problem.get("cites")?.as_array()?;
    if cites.is_empty() {
        return None;
    }
    let words = || cites.iter().filter_map(Value::as_str);
    Some(Named {
        code: String::new(),
        clauses: words().filter_map(|cite| cite.parse::<Clause>().ok()).collect(),
        reading: words().find_map(|cite| cite.strip_prefix("解读 ")).map(str::to_owned),
        message: problem.get("message")?.as_str()?.to_owned(),
    })
}

fn start_driver() -> Done<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("chromedriver: {error}"))?;
    let output = driver.stdout.take().ok_or("chromedriver says nothing")?;
    for line in BufReader::new(output).lines() {
        let line = line.map_err(text)?;
        let port = line.rsplit_once("on port ").map(|(_, port)| port.trim_end_matches('.'));
        if let Some(port) = port.and_then(|port| port.parse().ok()).filter(|port| *port != 0) {
            return Ok((driver, port));
        }
    }
    Err("chromedriver did not say its port".to_owned())
}

fn capabilities(profile: &TempDir) -> Done<Capabilities> {
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=zh-CN",
    ];
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments: Vec<_> = arguments.into_iter().map(str::to_owned).chain([profile]).collect();
    let chrome = json!({ "goog:chromeOptions": { "args": arguments } });
    match chrome {
        Value::Object(capabilities) => Ok(capabilities),
        _ => Err("no capabilities".to_owned()),
    }
}

impl World for Browser {
    /// The office is founded before the browser opens it.
    fn found(&mut self, _: &[directory::Event]) -> Result<(), String> {
        Ok(())
    }

    fn act(
        &mut self,
        dossier: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        self.sign_in(&act.who)?;
        self.on(act.at.date())?;
        self.open_step(dossier, act, corrects)?;
        for field in act.step.all_fields() {
            if let Some(answer) = act.answers.get(field.id) {
                self.answer(&field, answer)?;
            }
        }
        for (field, plain) in &act.sealed {
            self.fill(field, plain)?;
        }
        if let Manner::Correcting(Some(reason)) = &act.manner {
            self.fill("_why", reason)?;
        }
        self.confirm()?;
        self.press(
            "main form.panel button.button--primary, main form.panel button.button--danger",
        )?;
        if let Manner::AsHappened(circumstances) = &act.manner {
            // The page offers it once it has refused the act as planned.
            self.pick("_as_happened", "1")?;
            self.fill("_circumstances", circumstances)?;
            self.press(
                "main form.panel button.button--primary, main form.panel button.button--danger",
            )?;
        }
        let mut reply = self.reply()?;
        self.dossier = reply.dossier.clone().or(self.dossier.take());
        if let Some(folder) = &self.screens {
            let path = folder.join(format!("{:03}-{}.png", act.line, act.step.id));
            std::fs::write(path, self.screenshot()?).map_err(text)?;
        }
        if reply.outcome == Outcome::Defective
            && let (Some(id), Some(version)) = (&reply.dossier, reply.version)
        {
            reply.checks = self.breaches(id, version)?;
        }
        Ok(reply)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.on(at.date())?;
        let body = self.fetch(&format!("/api/dossiers/{dossier}"))?;
        serde_json::from_value(body.clone()).map_err(|error| format!("{error}: {body}"))
    }

    fn may(
        &mut self,
        dossier: &str,
        at: DateTime,
        who: &StaffId,
        step: &str,
    ) -> Result<bool, String> {
        self.sign_in(who)?;
        self.on(at.date())?;
        self.goto(&format!("/dossiers/{dossier}"))?;
        let script = "return !!document.querySelector(`.steps a[href=\"${arguments[0]}\"]`)";
        let address = format!("/dossiers/{dossier}/steps/{step}");
        Ok(self.run(script, vec![json!(address)])? == Value::Bool(true))
    }
}

impl Browser {
    /// The breached articles that the history shows at an entry.
    fn breaches(&self, dossier: &str, version: u64) -> Done<Vec<Named>> {
        self.goto(&format!("/dossiers/{dossier}"))?;
        let script = "const entry = document.querySelector('.entry.is-defect');
            return entry ? [...entry.querySelectorAll('a.cite')].map(a => a.textContent.trim()) : []";
        let cites = self.run(script, vec![])?;
        let problem = json!({ "cites": cites, "message": format!("第{version}条记录的瑕疵") });
        Ok(named(&problem).into_iter().collect())
    }
}
