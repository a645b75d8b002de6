//! The language: a header with the cast, then acts, results and assertions, one below the other.
//!
//! See `docs/scenarios.md`, which is generated from the same declarations of steps that this module reads acts by.

use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time},
};
use procedure::{
    directory::{self, Department, Level, Role, Staff, Unit, UnitCategory},
    holidays::Holidays,
    law::Clause,
    readings,
    step::{Field, OCCURRED, Step},
    value::{Answer, Answers, Choice, DepartmentId, Kind, StaffId, Text, UnitId, read_date},
};

/// Where a file cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Character within the line, from 1.
    pub column: usize,
    /// What is wrong and what was expected, in Chinese.
    pub message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "第{}行第{}字：{}", self.line, self.column, self.message)
    }
}

/// One file, read.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    /// 案例. Its title.
    pub title: String,
    /// The cast: departments, staff, units, switched readings.
    pub cast: Vec<directory::Event>,
    /// What happens.
    pub lines: Vec<Statement>,
}

/// One statement of a scenario.
#[derive(Clone, Debug)]
pub enum Statement {
    /// An act, and what is expected to come of it.
    Act(Box<Move>, Expected),
    /// `==`: what must be so.
    Assert(Assertion),
    /// 卷宗: what follows is about the dossier that was opened with this lead number.
    Turn {
        /// Its line.
        line: usize,
        /// 线索编号.
        number: String,
    },
    /// 分支: what follows until its end starts from here and is forgotten afterwards.
    Fork {
        /// Its line.
        line: usize,
        /// Its name.
        name: String,
        /// What happens in it.
        lines: Vec<Statement>,
    },
}

/// An act as written.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its line.
    pub line: usize,
    /// When it is entered.
    pub at: DateTime,
    /// Who takes it.
    pub who: StaffId,
    /// The step.
    pub step: &'static Step,
    /// How it is put on the record.
    pub manner: Manner,
    /// What is filled in.
    pub answers: Answers,
    /// Sealed fields with their plain text.
    pub sealed: Vec<(String, String)>,
    /// File fields with the name and the content of the file.
    pub files: Vec<(String, String, String)>,
}

/// How an act is put on the record, as written: entries are named by line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As planned or lawfully done.
    Regular,
    /// 如实记录.
    AsHappened(String),
    /// 更正, of the last entry of the same step.
    Correcting(Option<String>),
}

/// What is expected to come of an act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// What comes of it.
    pub outcome: Outcome,
    /// The clauses and readings that must be among those given.
    pub bases: Vec<Basis>,
    /// Whether there may be no others.
    pub exactly: bool,
    /// The number that is given.
    pub number: Option<String>,
    /// The fields that are wrong or missing.
    pub fields: Vec<String>,
}

/// What comes of an act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// 通过.
    #[default]
    Done,
    /// 瑕疵: recorded as it happened, in breach.
    Defective,
    /// 拒绝.
    Refused,
    /// 未定: a fact is missing from the record.
    Undetermined,
    /// 有误: answers are missing or malformed.
    Malformed,
}

impl Outcome {
    /// 名称.
    pub const fn label(self) -> &'static str {
        match self {
            Outcome::Done => "通过",
            Outcome::Defective => "瑕疵",
            Outcome::Refused => "拒绝",
            Outcome::Undetermined => "未定",
            Outcome::Malformed => "有误",
        }
    }
}

/// A clause or a reading that a refusal rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// 第三十五条; a whole article covers its paragraphs and items.
    Clause(Clause),
    /// 解读31-1.
    Reading(String),
}

impl std::fmt::Display for Basis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Basis::Clause(clause) => clause.fmt(f),
            Basis::Reading(id) => write!(f, "解读{id}"),
        }
    }
}

/// `==`: what must be so, on a day.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Its line.
    pub line: usize,
    /// On which day.
    pub at: DateTime,
    /// What.
    pub what: Claim,
}

/// What is claimed.
#[derive(Clone, Debug)]
pub enum Claim {
    /// 阶段.
    Stage(String),
    /// 期限: name, nominal and latest day, or how it stands.
    Limit {
        /// 名称.
        name: String,
        /// 名义届满日.
        nominal: Option<Date>,
        /// 最迟日.
        latest: Option<Date>,
        /// 在期内, 逾期 …
        standing: Option<String>,
    },
    /// 待办 begins with these words; `false` says that there is none.
    Duty(String, bool),
    /// 缺: an item of 第五十三条 lacks something; `false` says that it lacks nothing.
    Lacks(u8, bool),
    /// 逾期报告: a lead that a unit reported too late; `false` says that it is none.
    LateReport(String, bool),
    /// 任务: an item of 第六条 is done; `false` says that it is not.
    Task(u8, bool),
    /// 标注 of the dossier.
    Marking(String),
    /// 证据: name and usability.
    Evidence(String, String),
    /// Somebody may, or may not, take a step.
    May {
        /// Who.
        who: StaffId,
        /// The step.
        step: &'static Step,
        /// Whether nothing stands against it.
        allowed: bool,
    },
}

/// Reads a file; dates written as `T-15` are working days from `today`.
pub fn parse(text: &str, today: Date) -> Result<Scenario, ParseError> {
    let lines: Vec<Source<'_>> = text
        .lines()
        .enumerate()
        .map(|(i, text)| Source { number: i + 1, text })
        .filter(|source| !source.body().is_empty() && !source.body().starts_with('#'))
        .collect();
    let mut reader =
        Reader { lines: &lines, next: 0, today, scenario: Scenario::default(), now: None };
    let body = reader.statements(Depth::File)?;
    reader.scenario.lines = body;
    Ok(reader.scenario)
}

#[derive(Clone, Copy)]
struct Source<'a> {
    number: usize,
    text: &'a str,
}

impl<'a> Source<'a> {
    fn body(self) -> &'a str {
        self.text.trim()
    }

    fn indent(self) -> usize {
        self.text.chars().take_while(|c| c.is_whitespace()).count()
    }

    fn is_indented(self) -> bool {
        self.indent() > 0
    }

    fn wrong(self, message: impl Into<String>) -> ParseError {
        ParseError { line: self.number, column: self.indent() + 1, message: message.into() }
    }

    /// The error stands where `part` stands in the line.
    fn wrong_at(self, part: &str, message: impl Into<String>) -> ParseError {
        let column = self
            .text
            .find(part)
            .map_or(1, |at| self.text.get(..at).map_or(1, |before| before.chars().count() + 1));
        ParseError { line: self.number, column, message: message.into() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    File,
    Fork,
}

struct Reader<'a> {
    lines: &'a [Source<'a>],
    next: usize,
    today: Date,
    scenario: Scenario,
    now: Option<DateTime>,
}

/// A field of a header or an act: its name and its value, as written.
struct Written<'a> {
    source: Source<'a>,
    name: &'a str,
    value: String,
    rows: Vec<String>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Source<'a>> {
        self.lines.get(self.next).copied()
    }

    fn statements(&mut self, depth: Depth) -> Result<Vec<Statement>, ParseError> {
        let mut statements = Vec::new();
        while let Some(source) = self.peek() {
            self.next += 1;
            let (word, rest) = split_word(source.body());
            match word {
                "案例" => self.scenario.title = rest.to_owned(),
                "部门" | "人员" | "单位" | "解读" => self.header(source, word, rest)?,
                "卷宗" => {
                    let (line, number) = (source.number, rest.to_owned());
                    statements.push(Statement::Turn { line, number });
                }
                "分支完" if depth == Depth::Fork => return Ok(statements),
                "分支" => {
                    let now = self.now;
                    let lines = self.statements(Depth::Fork)?;
                    self.now = now;
                    statements.push(Statement::Fork {
                        line: source.number,
                        name: rest.to_owned(),
                        lines,
                    });
                }
                _ if source.is_indented() => {
                    return Err(source.wrong("这一行缩进了，但前面没有它所属的步骤"));
                }
                "==" => statements.push(Statement::Assert(self.assertion(source, rest)?)),
                _ => {
                    self.now = Some(self.moment(source, word, rest)?);
                    let rest = after_time(rest);
                    match split_word(rest) {
                        ("==", claim) => {
                            statements.push(Statement::Assert(self.assertion(source, claim)?));
                        }
                        ("", _) => {
                            return Err(source.wrong("日期之后应为办理人和步骤，或者=="));
                        }
                        (who, rest) => statements.push(self.act(source, who, rest)?),
                    }
                }
            }
        }
        match depth {
            Depth::File => Ok(statements),
            Depth::Fork => Err(ParseError {
                line: self.lines.last().map_or(1, |source| source.number),
                column: 1,
                message: "分支没有以“分支完”结束".to_owned(),
            }),
        }
    }

    fn moment(&self, source: Source<'_>, word: &str, rest: &str) -> Result<DateTime, ParseError> {
        let date = self.date(word).map_err(|wrong| {
            source
                .wrong(format!("应为日期、案例、部门、人员、单位、解读、卷宗、分支或者==；{wrong}"))
        })?;
        let time = read_time(split_word(rest).0);
        let now = date.to_datetime(time.unwrap_or(Time::constant(18, 0, 0, 0)));
        match self.now {
            Some(earlier) if earlier.date() > date => {
                Err(source.wrong(format!("日期早于前一行的{}，应按先后顺序书写", earlier.date())))
            }
            Some(earlier) if earlier > now && time.is_some() => {
                let before = earlier.strftime("%H:%M");
                Err(source.wrong(format!("时刻早于前一行的{before}，应按先后顺序书写")))
            }
            earlier => Ok(earlier.map_or(now, |earlier| earlier.max(now))),
        }
    }

    /// `2022-02-08`, or working days from today: `T-15`, `T+3`, `T`.
    fn date(&self, text: &str) -> Result<Date, String> {
        let Some(offset) = text.strip_prefix('T') else { return read_date(text) };
        let wrong = || format!("「{text}」应写作T-15、T+3这样的形式");
        let days: i32 = if offset.is_empty() { 0 } else { offset.parse().map_err(|_| wrong())? };
        let holidays = Holidays::built_in();
        let step = if days > 0 { 1.day() } else { -1.day() };
        let mut date = self.today;
        let mut left = days.unsigned_abs();
        while left > 0 || !holidays.is_working_day(date) {
            date = date.checked_add(step).map_err(|_| wrong())?;
            left = left.saturating_sub(u32::from(holidays.is_working_day(date)));
        }
        Ok(date)
    }

    /// The indented lines that belong to the line just read: fields, and `- ` rows below a field.
    fn fields(&mut self) -> Result<Vec<Written<'a>>, ParseError> {
        let mut fields: Vec<Written<'a>> = Vec::new();
        while let Some(source) = self.peek().filter(|source| source.is_indented()) {
            let body = source.body();
            if body.starts_with('→') {
                break;
            }
            self.next += 1;
            if let Some(row) = body.strip_prefix("- ") {
                match fields.last_mut() {
                    Some(field) => field.rows.push(row.trim().to_owned()),
                    None => return Err(source.wrong("“- ”一行之前没有它所属的字段")),
                }
                continue;
            }
            // What is indented deeper is text of the field above, whatever it looks like.
            match fields.last_mut().filter(|field| source.indent() > field.source.indent()) {
                Some(field) if field.value.is_empty() => field.value.push_str(body),
                Some(field) => field.value.extend(["\n", body]),
                None => {
                    let (name, value) =
                        split_field(body).ok_or_else(|| source.wrong("应为“字段: 内容”"))?;
                    let (value, rows) = (value.to_owned(), Vec::new());
                    fields.push(Written { source, name, value, rows });
                }
            }
        }
        Ok(fields)
    }

    fn header(&mut self, source: Source<'a>, word: &str, rest: &'a str) -> Result<(), ParseError> {
        let (name, inline) = split_field(rest).unwrap_or((rest, ""));
        let mut fields = split_inline(source, inline)?;
        fields.extend(self.fields()?);
        once(&fields)?;
        let event = match word {
            "部门" => self.department(source, name, &fields)?,
            "人员" => self.staff(source, name, &fields)?,
            "单位" => unit(source, name, &fields)?,
            _ => self.reading(source, name, &fields)?,
        };
        self.scenario.cast.push(event);
        Ok(())
    }

    fn department(
        &self,
        source: Source<'_>,
        name: &str,
        fields: &[Written<'_>],
    ) -> Result<directory::Event, ParseError> {
        known(fields, &["级别", "上级", "区域", "代字"])?;
        let level = choose(source, fields, "级别", Level::ALL, |level| level.label())?;
        Ok(directory::Event::Founded(Department {
            id: DepartmentId(name.to_owned()),
            name: words(source, name)?,
            sign: words(source, need(source, fields, "代字")?)?,
            level,
            superior: find(fields, "上级").map(|superior| DepartmentId(superior.to_owned())),
            region: words(source, need(source, fields, "区域")?)?,
        }))
    }

    fn staff(
        &self,
        source: Source<'_>,
        name: &str,
        fields: &[Written<'_>],
    ) -> Result<directory::Event, ParseError> {
        known(fields, &["部门", "岗位", "证件"])?;
        let department = match find(fields, "部门") {
            Some(department) => DepartmentId(department.to_owned()),
            None => self.only_department(source)?,
        };
        let mut roles = std::collections::BTreeSet::new();
        for label in need(source, fields, "岗位")?.split('、') {
            let role = Role::ALL.iter().find(|role| role.label() == label.trim());
            let labels: Vec<_> = Role::ALL.iter().map(|role| role.label()).collect();
            let unknown = || {
                let line = line_of(source, fields, "岗位");
                line.wrong_at(label, format!("没有「{label}」这一岗位，应为{}", labels.join("、")))
            };
            roles.insert(*role.ok_or_else(unknown)?);
        }
        let credential = find(fields, "证件").map(|text| words(source, text)).transpose()?;
        Ok(directory::Event::Appointed(Staff {
            id: StaffId(format!("{name}@{department}")),
            name: words(source, name)?,
            department,
            roles,
            credential,
        }))
    }

    fn only_department(&self, source: Source<'_>) -> Result<DepartmentId, ParseError> {
        let mut departments = self.scenario.cast.iter().filter_map(|event| match event {
            directory::Event::Founded(department) => Some(&department.id),
            _ => None,
        });
        match (departments.next(), departments.next()) {
            (Some(only), None) => Ok(only.clone()),
            (None, _) => Err(source.wrong("之前没有写部门")),
            (Some(_), Some(_)) => Err(source.wrong("有几个部门，须写明“部门: 名称”")),
        }
    }

    fn reading(
        &self,
        source: Source<'_>,
        id: &str,
        fields: &[Written<'_>],
    ) -> Result<directory::Event, ParseError> {
        known(fields, &["部门", "采用"])?;
        if readings::find(id).is_none() {
            return Err(source.wrong_at(id, format!("没有编号为「{id}」的解读")));
        }
        let holds = match need(source, fields, "采用")? {
            "是" => true,
            "否" => false,
            other => {
                let line = line_of(source, fields, "采用");
                return Err(line.wrong_at(other, "采用：应为是或者否"));
            }
        };
        let department = match find(fields, "部门") {
            Some(department) => DepartmentId(department.to_owned()),
            None => self.only_department(source)?,
        };
        Ok(directory::Event::ReadingSwitched { department, reading: id.to_owned(), holds })
    }

    fn who(&self, source: Source<'_>, name: &str) -> Result<StaffId, ParseError> {
        if name == "系统" {
            return Ok(StaffId::system());
        }
        let mut found = self.scenario.cast.iter().filter_map(|event| match event {
            directory::Event::Appointed(staff)
                if staff.name.as_str() == name || staff.id.0 == name =>
            {
                Some(&staff.id)
            }
            _ => None,
        });
        match (found.next(), found.next()) {
            (Some(staff), None) => Ok(staff.clone()),
            (Some(_), Some(_)) => {
                Err(source.wrong_at(name, format!("有几个「{name}」，请写作“{name}@部门”")))
            }
            (None, _) => Err(source.wrong_at(name, format!("人员中没有「{name}」"))),
        }
    }

    fn act(
        &mut self,
        source: Source<'a>,
        who: &'a str,
        rest: &'a str,
    ) -> Result<Statement, ParseError> {
        let at = self.now.unwrap_or_default();
        let who = self.who(source, who)?;
        let (head, inline) = split_field(rest).unwrap_or((rest, ""));
        let (name, manner) = split_word(head);
        if name.is_empty() {
            return Err(source.wrong("办理人之后应为步骤"));
        }
        let step = procedure::step(name).ok_or_else(|| {
            source.wrong_at(name, format!("没有「{name}」这一步骤{}", nearest_step(name)))
        })?;
        let manner = match split_word(manner) {
            ("", _) => Manner::Regular,
            ("如实记录", circumstances) => Manner::AsHappened(circumstances.to_owned()),
            ("更正", "") => Manner::Correcting(None),
            ("更正", reason) => Manner::Correcting(Some(reason.to_owned())),
            (other, _) => {
                return Err(
                    source.wrong_at(other, format!("「{other}」应为如实记录、更正，或者冒号"))
                );
            }
        };
        let mut written = split_inline(source, inline)?;
        written.extend(self.fields()?);
        once(&written)?;
        let mut act = Move {
            line: source.number,
            at,
            who,
            step,
            manner,
            answers: Answers::new(),
            sealed: Vec::new(),
            files: Vec::new(),
        };
        for field in &written {
            self.answer(&mut act, field)?;
        }
        let expected = self.expected(step)?;
        Ok(Statement::Act(Box::new(act), expected))
    }

    fn answer(&self, act: &mut Move, written: &Written<'_>) -> Result<(), ParseError> {
        let Written { source, name, value, rows } = written;
        let field = act.step.all_fields().find(|field| field.label == *name || field.id == *name);
        let Some(field) = field else {
            // What the step does not have is still posted, so that a scenario can show its refusal.
            act.answers.insert((*name).to_owned(), Answer::One(value.clone()));
            return Ok(());
        };
        match field.kind {
            Kind::Sealed => {
                act.sealed.push((field.id.to_owned(), value.clone()));
                return Ok(());
            }
            Kind::File => {
                let (file, content) = value.split_once('|').unwrap_or((value, value));
                let (file, content) = (file.trim().to_owned(), content.trim().to_owned());
                act.files.push((field.id.to_owned(), file, content));
                return Ok(());
            }
            _ => {}
        }
        let answer = if rows.is_empty() {
            self.plain(field, value)
        } else {
            let read = |row: &String| self.row(*source, field, row);
            Answer::Many(rows.iter().map(read).collect::<Result<_, _>>()?)
        };
        act.answers.insert(field.id.to_owned(), answer);
        Ok(())
    }

    fn plain(&self, field: Field, value: &str) -> Answer {
        match field.kind {
            Kind::List(Kind::LongText) => Answer::Many(vec![Answer::from(value)]),
            Kind::List(Kind::Choice(choices)) => Answer::Many(split_choices(value, choices)),
            Kind::List(_) => {
                Answer::Many(value.split('、').map(|one| Answer::from(one.trim())).collect())
            }
            Kind::Date if field.id == OCCURRED || value.starts_with('T') => {
                Answer::One(self.date(value).map_or(value.to_owned(), |date| date.to_string()))
            }
            _ => Answer::from(value),
        }
    }

    fn row(&self, source: Source<'_>, field: Field, row: &str) -> Result<Answer, ParseError> {
        let Kind::Rows(columns) = field.kind else { return Ok(Answer::from(row)) };
        let mut group = Answers::new();
        for cell in row.split('|') {
            let labels: Vec<_> = columns.iter().map(|column| column.label).collect();
            let (name, value) = split_field(cell.trim()).ok_or_else(|| {
                source.wrong(format!("表格的一行应写作“- {}: … | …”", labels.join(": … | ")))
            })?;
            let column = columns.iter().find(|column| column.label == name || column.id == name);
            let column = column.ok_or_else(|| {
                source.wrong(format!("表格中没有「{name}」这一列，应为{}", labels.join("、")))
            })?;
            group.insert(column.id.to_owned(), Answer::from(value));
        }
        Ok(Answer::Group(group))
    }

    fn expected(&mut self, step: &Step) -> Result<Expected, ParseError> {
        let mut expected = Expected::default();
        while let Some(source) = self.peek().filter(|source| source.body().starts_with('→')) {
            self.next += 1;
            let body = source.body().trim_start_matches('→').trim();
            let (word, rest) = split_word(body);
            match word {
                "通过" | "已办" => expected.outcome = Outcome::Done,
                "编号" => expected.number = Some(rest.to_owned()),
                "拒绝" | "仅拒绝" | "瑕疵" | "未定" => {
                    expected.exactly = word == "仅拒绝";
                    expected.outcome = match word {
                        "瑕疵" => Outcome::Defective,
                        "未定" => Outcome::Undetermined,
                        _ => Outcome::Refused,
                    };
                    for basis in rest.split('、').filter(|basis| !basis.is_empty()) {
                        expected.bases.push(read_basis(source, basis.trim())?);
                    }
                }
                "有误" => {
                    expected.outcome = Outcome::Malformed;
                    let labels: Vec<_> = step.all_fields().map(|field| field.label).collect();
                    let fields = split_labels(rest, &labels).into_iter();
                    expected.fields = fields.map(str::to_owned).collect();
                }
                _ => {
                    return Err(
                        source.wrong("→之后应为通过、编号、拒绝、仅拒绝、瑕疵、未定或者有误")
                    );
                }
            }
        }
        Ok(expected)
    }

    fn assertion(&mut self, source: Source<'a>, claim: &'a str) -> Result<Assertion, ParseError> {
        let at = self.now.ok_or_else(|| source.wrong("之前没有任何日期"))?;
        let (word, rest) = split_word(claim);
        let what = match word {
            "阶段" => Claim::Stage(rest.to_owned()),
            "期限" => self.limit_claim(source, rest)?,
            "待办" => Claim::Duty(rest.to_owned(), true),
            "无待办" => Claim::Duty(rest.to_owned(), false),
            "缺" | "不缺" => {
                let clause: Clause =
                    rest.parse().map_err(|_| source.wrong("应为第五十三条第一项至第四项"))?;
                if clause.article != 53 || !(1..=4).contains(&clause.item) {
                    return Err(source.wrong_at(rest, "应为第五十三条第一项至第四项"));
                }
                Claim::Lacks(clause.item, word == "缺")
            }
            "逾期报告" | "未逾期报告" => {
                Claim::LateReport(rest.to_owned(), word == "逾期报告")
            }
            "任务" => {
                let wrong = || source.wrong_at(rest, "应写作“任务 第六条第一项 完成”，或者未完成");
                let (item, done) = rest.split_once(' ').ok_or_else(wrong)?;
                let item: Clause = item.parse().map_err(|_| wrong())?;
                match done.trim() {
                    "完成" | "未完成" if item.article == 6 && (1..=5).contains(&item.item) => {
                        Claim::Task(item.item, done.trim() == "完成")
                    }
                    _ => return Err(wrong()),
                }
            }
            "标注" => Claim::Marking(rest.to_owned()),
            "证据" => {
                let (name, usability) = rest.rsplit_once(' ').ok_or_else(|| {
                    source.wrong("应写作“证据 名称 可以使用”（或者暂不能使用、不能使用）")
                })?;
                Claim::Evidence(name.trim().to_owned(), usability.trim().to_owned())
            }
            who => {
                let who = self.who(source, who)?;
                let (may, step) = split_word(rest);
                let allowed = match may {
                    "可以" => true,
                    "不可以" => false,
                    _ => return Err(source.wrong_at(may, "人员之后应为可以或者不可以")),
                };
                let step = procedure::step(step)
                    .ok_or_else(|| source.wrong_at(step, format!("没有「{step}」这一步骤")))?;
                Claim::May { who, step, allowed }
            }
        };
        Ok(Assertion { line: source.number, at, what })
    }

    fn limit_claim(&self, source: Source<'_>, rest: &str) -> Result<Claim, ParseError> {
        let (name, rest) = split_word(rest);
        let date = |text: &str| self.date(text).map_err(|wrong| source.wrong_at(text, wrong));
        let (mut nominal, mut latest, mut standing) = (None, None, None);
        match rest.split_once('至') {
            Some((first, last)) => {
                nominal = Some(date(first.trim())?);
                latest = Some(date(last.trim())?);
            }
            None if rest.starts_with(|c: char| c.is_ascii_digit()) => nominal = Some(date(rest)?),
            None => standing = Some(rest.to_owned()),
        }
        Ok(Claim::Limit { name: name.to_owned(), nominal, latest, standing })
    }
}

fn unit(
    source: Source<'_>,
    name: &str,
    fields: &[Written<'_>],
) -> Result<directory::Event, ParseError> {
    known(fields, &["类别", "区域", "上级"])?;
    Ok(directory::Event::UnitListed(Unit {
        id: UnitId(name.to_owned()),
        name: words(source, name)?,
        category: choose(source, fields, "类别", UnitCategory::ALL, |category| category.label())?,
        region: words(source, need(source, fields, "区域")?)?,
        superior: find(fields, "上级").map(|superior| words(source, superior)).transpose()?,
    }))
}

fn read_basis(source: Source<'_>, text: &str) -> Result<Basis, ParseError> {
    if let Some(id) = text.strip_prefix("解读") {
        return match readings::find(id) {
            Some(_) => Ok(Basis::Reading(id.to_owned())),
            None => Err(source.wrong_at(text, format!("没有编号为「{id}」的解读"))),
        };
    }
    let clause: Clause = text
        .parse()
        .map_err(|_| source.wrong_at(text, format!("「{text}」不是条款，应写作第三十五条")))?;
    match clause.text() {
        Some(_) => Ok(Basis::Clause(clause)),
        None => Err(source.wrong_at(text, format!("本办法没有「{text}」"))),
    }
}

fn split_word(text: &str) -> (&str, &str) {
    match text.split_once([' ', '\t', '　']) {
        Some((word, rest)) => (word, rest.trim()),
        None => (text, ""),
    }
}

fn after_time(rest: &str) -> &str {
    let (word, after) = split_word(rest);
    if read_time(word).is_some() { after } else { rest }
}

fn read_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `字段: 内容`, with a colon of either width.
fn split_field(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once([':', '：'])?;
    Some((name.trim(), value.trim()))
}

/// `字段=内容；字段=内容`, behind the colon of an act or a header.
fn split_inline<'a>(source: Source<'a>, text: &'a str) -> Result<Vec<Written<'a>>, ParseError> {
    let parts = text.split(['；', ';']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.split_once(['=', '＝']) {
            Some((name, value)) => {
                let (name, value) = (name.trim(), value.trim().to_owned());
                Ok(Written { source, name, value, rows: Vec::new() })
            }
            None => Err(source.wrong_at(part, "同一行内应写作“字段=内容；字段=内容”")),
        })
        .collect()
}

fn find<'a>(fields: &'a [Written<'_>], name: &str) -> Option<&'a str> {
    fields.iter().find(|field| field.name == name).map(|field| field.value.as_str())
}

fn need<'a>(
    source: Source<'_>,
    fields: &'a [Written<'_>],
    name: &str,
) -> Result<&'a str, ParseError> {
    find(fields, name).ok_or_else(|| source.wrong(format!("缺少“{name}”")))
}

/// Of two answers to the same question one would be lost.
fn once(fields: &[Written<'_>]) -> Result<(), ParseError> {
    let mut names = std::collections::BTreeSet::new();
    match fields.iter().find(|field| !names.insert(field.name)) {
        Some(twice) => {
            Err(twice.source.wrong_at(twice.name, format!("「{}」写了两次", twice.name)))
        }
        None => Ok(()),
    }
}

fn known(fields: &[Written<'_>], names: &[&str]) -> Result<(), ParseError> {
    match fields.iter().find(|field| !names.contains(&field.name)) {
        Some(field) => {
            let message = format!("没有「{}」这一项，应为{}", field.name, names.join("、"));
            Err(field.source.wrong_at(field.name, message))
        }
        None => Ok(()),
    }
}

fn choose<'a, T: Copy>(
    source: Source<'a>,
    fields: &[Written<'a>],
    name: &str,
    all: &[T],
    label: impl Fn(T) -> &'static str,
) -> Result<T, ParseError> {
    let text = need(source, fields, name)?;
    let found = all.iter().copied().find(|one| label(*one) == text);
    found.ok_or_else(|| {
        let labels: Vec<_> = all.iter().map(|one| label(*one)).collect();
        line_of(source, fields, name)
            .wrong_at(text, format!("{name}「{text}」应为{}", labels.join("、")))
    })
}

/// The line on which a field stands: that of the header, or one below it.
fn line_of<'a>(source: Source<'a>, fields: &[Written<'a>], name: &str) -> Source<'a> {
    fields.iter().find(|field| field.name == name).map_or(source, |field| field.source)
}

fn words(source: Source<'_>, text: &str) -> Result<Text, ParseError> {
    Text::new(text).map_err(|wrong| source.wrong_at(text, wrong))
}

/// The answers of a list of choices; 全部 is all of them.
fn split_choices(value: &str, choices: &[Choice]) -> Vec<Answer> {
    let labels: Vec<_> = choices.iter().map(|choice| choice.label).collect();
    let chosen = if value == "全部" { labels } else { split_labels(value, &labels) };
    chosen.into_iter().map(Answer::from).collect()
}

/// Splits at “、”, but not within the labels, some of which contain it themselves.
fn split_labels<'a>(text: &'a str, labels: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let starts = labels.iter().filter(|label| rest.starts_with(**label));
        let length = starts.map(|label| label.len()).max();
        let length = length.unwrap_or_else(|| rest.find('、').unwrap_or(rest.len()));
        let (one, after) = rest.split_at(length);
        found.push(one.trim());
        rest = after.trim_start_matches('、').trim();
    }
    found
}

/// A step whose name shares the most characters, to help with a misremembered name.
fn nearest_step(name: &str) -> String {
    let shared = |step: &&Step| name.chars().filter(|c| step.name.contains(*c)).count();
    match procedure::steps().max_by_key(shared).filter(|step| shared(step) >= 2) {
        Some(step) => format!("，是否指「{}」", step.name),
        None => String::new(),
    }
}
