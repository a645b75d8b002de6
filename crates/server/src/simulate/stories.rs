//! What comes of simulated matters: every outcome, each reached by the acts that the regulation asks for.
//!
//! Most matters end early. A story stops wherever its time is over, so that dossiers stand at every stage.

use procedure::{
    Dossier,
    setting::Other,
    value::{Answer, StaffId},
};

use super::{
    course::{Course, Stop, many, one},
    words::Matter,
};

/// What is to come of a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Story {
    /// 不予处理.
    NotHandled,
    /// 批评教育.
    Education,
    /// 并入.
    Joined,
    /// 移送其他机关，不属于保密行政管理部门管辖.
    NotOurs,
    /// 初查后移送其他机关.
    Crime,
    /// 初查后不予处理.
    Unfounded,
    /// 暂不立案存查.
    Deferred,
    /// 结案.
    Closed,
    /// 撤销.
    Cancelled,
    /// 移送涉嫌犯罪案件.
    Referred,
}

/// How many of a hundred matters come to what.
const SHARES: [(Story, usize); 10] = [
    (Story::NotHandled, 22),
    (Story::Education, 18),
    (Story::Joined, 3),
    (Story::NotOurs, 3),
    (Story::Crime, 5),
    (Story::Unfounded, 10),
    (Story::Deferred, 10),
    (Story::Closed, 24),
    (Story::Cancelled, 3),
    (Story::Referred, 2),
];

type Told = Result<(), Stop>;

impl Course<'_, '_> {
    /// Tells a story that chance chooses.
    pub(super) fn tell(&mut self) -> Told {
        let mut drawn = self.random.below(100);
        let mut story = Story::NotHandled;
        for (candidate, share) in SHARES {
            story = candidate;
            if drawn < share {
                break;
            }
            drawn -= share;
        }
        self.story(story)
    }

    fn story(&mut self, story: Story) -> Told {
        self.register()?;
        if self.desk.family.bureaus.len() > 1 && self.random.chance(6) {
            self.move_on()?;
        }
        match story {
            Story::NotHandled => self.not_handled(),
            Story::Education => self.education(),
            Story::Joined => self.joined(),
            Story::NotOurs => self.not_ours(),
            Story::Crime => {
                self.contain()?;
                self.review(true, true)?;
                self.refer("确有泄密事实且达到刑事立案标准（第二十九条第一项）")
            }
            Story::Unfounded => {
                self.review(false, false)?;
                self.days(1, 4);
                let who = self.handler()?;
                self.decline(&who)
            }
            Story::Deferred => self.deferred(),
            Story::Closed => self.closed(),
            Story::Cancelled => self.cancelled(),
            Story::Referred => self.referred(),
        }
    }

    /// The unit concerned, of the department whose the matter is.
    fn unit(&self) -> Result<(String, String), Stop> {
        let bureau = self.bureau()?;
        let chosen = self.matter.title.len() % bureau.units.len().max(1);
        let (id, name) = bureau.units.get(chosen).ok_or(Stop::Over)?;
        Ok((id.0.clone(), name.clone()))
    }

    fn clerk(&mut self) -> Result<StaffId, Stop> {
        let chosen = self.random.below(self.bureau()?.clerks.len());
        self.bureau()?.clerks.get(chosen).cloned().ok_or(Stop::Over)
    }

    /// The clerk who has it now: who registered it, or who took it over.
    fn registrar(&self) -> Result<StaffId, Stop> {
        let dossier = self.dossiers.get(self.at).ok_or(Stop::Over)?;
        let taken_over = dossier.jurisdiction.transfers.last().map(|moved| &moved.received.by);
        let registered = dossier.history.first().map(|entry| &entry.by);
        taken_over.or(registered).cloned().ok_or(Stop::Over)
    }

    fn register(&mut self) -> Told {
        let who = self.clerk()?;
        let (unit, name) = self.unit()?;
        let sources =
            ["公民举报", "机关和单位报告", "机关和单位报告", "保密检查发现", "有关部门移送"];
        let source = self.random.word(&sources);
        let today = self.today();
        let mut answers = vec![
            ("接到线索日期", one(&today)),
            ("线索来源", one(source)),
            ("案由", one(&self.matter.title)),
            ("线索内容", one(self.matter.content(&name, source))),
            ("涉及的机关、单位", many([unit])),
        ];
        match source {
            "公民举报" => answers.push(("举报人是否愿意公开个人或者单位信息", one("愿意公开"))),
            "机关和单位报告" => answers.push(("单位发现日期", one(&today))),
            _ => {}
        }
        if self.random.chance(30) {
            answers.push(("信息标注", one(self.matter.grade)));
        }
        self.take(&who, "登记线索", &answers)
    }

    /// 移交. The matter is another department's: it is sent there and taken over.
    fn move_on(&mut self) -> Told {
        let who = self.registrar()?;
        let family = self.desk.family;
        let others = family.bureaus.len() - 1;
        let next = (self.place + 1 + self.random.below(others)) % family.bureaus.len();
        let receiver = family.bureaus.get(next).ok_or(Stop::Over)?;
        self.days(1, 3);
        let today = self.today();
        let reason = format!("违法行为发生在{}管辖的区域。", receiver.name);
        self.take(
            &who,
            "发现不属于本部门管辖",
            &[
                ("发现日期", one(today)),
                ("不属于本部门管辖的理由", one(reason)),
                ("有管辖权的保密行政管理部门", one(&receiver.id.0)),
            ],
        )?;
        let longest = if self.random.chance(10) { 12 } else { 6 };
        self.days(1, longest);
        let (head, today) = (self.head()?, self.today());
        self.take(
            &head,
            "移送有管辖权的保密行政管理部门",
            &[
                ("移送日期", one(today)),
                ("接收的保密行政管理部门", one(&receiver.id.0)),
                ("移送的依据", one("不属于本部门管辖（第十六条）")),
                ("移送的理由和案卷材料", one("案卷1册，线索材料在卷。")),
            ],
        )?;
        self.days(1, 5);
        self.place = next;
        let (who, today) = (self.clerk()?, self.today());
        self.take(
            &who,
            "接收移送",
            &[("收到日期", one(today)), ("收到的案卷材料", one("案卷1册，材料齐全。"))],
        )
    }

    fn verify(&mut self, breach: bool) -> Told {
        let who = self.registrar()?;
        self.days(1, 6);
        let way = self.random.word(&["电话了解", "查看原件和登记", "调看监控和登记", "到单位了解"]);
        let (yes, minor) = match breach {
            true => ("是", "是"),
            false => ("否", "不适用：没有违反行为"),
        };
        let today = self.today();
        self.take(
            &who,
            "核实线索",
            &[
                ("核实日期", one(today)),
                ("核实方式", one(way)),
                ("线索反映的问题是否属实", one(yes)),
                ("是否存在违反保密法律法规行为", one(yes)),
                ("情节是否显著轻微", one(minor)),
                ("是否造成危害后果", one("否")),
            ],
        )
    }

    fn decline(&mut self, who: &StaffId) -> Told {
        // Only a review finds that what was reported is untrue.
        let reviewed = !self.handlers.is_empty();
        let untrue = reviewed && self.random.chance(50);
        let ground =
            if untrue { "案件线索反映的情况失实" } else { "没有泄密事实" };
        let carrier = self.matter.carrier;
        let reason = match ground {
            "没有泄密事实" => format!("所称{carrier}为公开资料，不涉及国家秘密。"),
            _ => format!("经核对登记，{carrier}没有离开规定的场所，反映的情况不存在。"),
        };
        self.take(who, "呈报不予处理", &[("不予处理的情形", one(ground)), ("理由", one(reason))])?;
        self.days(0, 5);
        self.approve("同意不予处理")
    }

    fn not_handled(&mut self) -> Told {
        self.verify(false)?;
        self.days(0, 3);
        let who = self.registrar()?;
        self.decline(&who)
    }

    fn education(&mut self) -> Told {
        self.verify(true)?;
        self.days(0, 5);
        let (head, (unit, _)) = (self.head()?, self.unit()?);
        self.take(
            &head,
            "责成批评教育",
            &[
                ("责成的机关、单位", many([unit])),
                ("批评教育的对象和要求", one("对责任人员批评教育，组织学习保密规定。")),
            ],
        )?;
        if !self.random.chance(60) {
            return Ok(());
        }
        self.days(5, 25);
        let (who, today) = (self.registrar()?, self.today());
        let done = format!("已对{}批评教育，并在全单位通报。", self.matter.person);
        self.take(
            &who,
            "记录批评教育情况",
            &[("报告日期", one(today)), ("批评教育情况", one(done))],
        )
    }

    /// A second lead about the same, registered apart and then joined to the first.
    fn joined(&mut self) -> Told {
        self.days(1, 8);
        let first = self.dossiers.first().and_then(Other::of).ok_or(Stop::Over)?;
        let id = format!("{:016x}{:016x}", self.random.next(), self.random.next());
        let at = self.dossiers.len();
        self.dossiers.push(Dossier::new(&id));
        self.at = at;
        let registered = self.register();
        if registered.is_err() {
            // It was never opened, so there is no such dossier.
            self.dossiers.pop();
            return registered;
        }
        self.days(1, 5);
        let head = self.head()?;
        let answers = [("并入的卷宗", one(&first.id)), ("并入理由", one("反映的是同一事实。"))];
        self.take_beside(&head, "并入其他卷宗", &answers, vec![first])?;
        self.at = 0;
        self.not_handled()
    }

    fn not_ours(&mut self) -> Told {
        let who = self.registrar()?;
        self.days(1, 5);
        let today = self.today();
        self.take(
            &who,
            "发现不属于本部门管辖",
            &[
                ("发现日期", one(today)),
                ("不属于本部门管辖的理由", one("反映的是其他违法行为，不涉及国家秘密。")),
            ],
        )?;
        self.refer("不属于保密行政管理部门管辖（第十六条第一款）")
    }

    fn refer(&mut self, ground: &str) -> Told {
        self.days(1, 6);
        let head = self.head()?;
        let organ = self.random.word(&["国家安全机关", "公安机关", "监察机关"]);
        let region = self.bureau()?.name.replace("保密局", "");
        self.take(
            &head,
            "移送有关部门",
            &[
                ("移送的情形", one(ground)),
                ("移送的机关", one(organ)),
                ("移送的机关名称", one(format!("{region}{organ}"))),
                ("移送理由", one("所反映的事实依法应由该机关处理。")),
                ("随案移送的材料", one("线索材料和初查材料各1册。")),
            ],
        )
    }

    fn contain(&mut self) -> Told {
        let (who, (unit, _), today) = (self.registrar()?, self.unit()?, self.today());
        self.minutes(5, 60);
        self.take(
            &who,
            "责令采取补救措施",
            &[
                ("责令日期", one(today)),
                ("责令的机关、单位", many([unit])),
                (
                    "停止的违法行为和采取的措施",
                    one(format!("立即停止，收回{}，收存有关设备。", self.matter.carrier)),
                ),
            ],
        )?;
        self.days(1, 3);
        let today = self.today();
        self.take(
            &who,
            "补救措施已落实",
            &[
                ("落实日期", one(today)),
                ("责令补救事项", one("1")),
                ("落实情况", one("已收回，设备已收存，未发现扩散。")),
            ],
        )
    }

    /// The preliminary review to its report; one in some takes longer, with an extension or late.
    fn review(&mut self, leak: bool, crime: bool) -> Told {
        self.days(1, 4);
        let bureau = self.bureau()?;
        let count = bureau.handlers.len();
        let pool = bureau.handlers.clone();
        let first = self.random.below(count);
        let pair = [first, first + 1 + self.random.below(count.saturating_sub(1))];
        let pair = pair.iter().filter_map(|at| pool.get(at % count.max(1)).cloned());
        self.handlers = pair.collect();
        let head = self.head()?;
        let handlers = self.handlers.iter().map(|staff| staff.0.clone());
        self.take(&head, "进行初查并指派初查人员", &[("初查人员", many(handlers))])?;
        let who = self.handler()?;
        self.days(2, 15);
        match self.random.below(100) {
            0..10 => {
                self.by_day(30);
                let reasons = ["涉及人员较多", "需要等待密级鉴定", "有关人员在外地"];
                let reason = self.random.word(&reasons);
                self.take(&who, "呈报初查延期", &[("延期理由", one(reason))])?;
                self.days(0, 2);
                self.approve("同意延期")?;
                self.days(10, 30);
            }
            10..17 => self.days(45, 70),
            _ => {}
        }
        self.note(&who, leak, crime)?;
        self.days(0, 4);
        let found = match leak {
            true => format!("经初查，{}{}属实。", self.matter.person, self.matter.title),
            false => "经初查，没有造成国家秘密泄露。".to_owned(),
        };
        let advice = if leak { "建议依法处理。" } else { "建议不予处理。" };
        self.take(
            &who,
            "呈报初查情况报告",
            &[
                ("案件线索情况", one("线索内容和来源已核对。")),
                ("初查情况", one(found)),
                ("处理建议", one(advice)),
            ],
        )
    }

    fn note(&mut self, who: &StaffId, leak: bool, crime: bool) -> Told {
        let fact = |holds: bool| one(if holds { "是" } else { "否" });
        let way = self.random.word(&["查阅登记、谈话了解、查看设备。", "调取记录、谈话了解。"]);
        let today = self.today();
        self.take(
            who,
            "记录初查情况",
            &[
                ("初查日期", one(today)),
                ("初查方式和经过", one(way)),
                ("涉及人员的主体身份及基本情况是否查清", fact(true)),
                ("案件线索所反映的问题是否属实", fact(leak)),
                ("是否造成国家秘密泄露", fact(leak)),
                ("是否违反保密法律法规", fact(leak)),
                ("是否达到刑事立案标准", fact(crime)),
            ],
        )
    }

    fn deferred(&mut self) -> Told {
        self.review(true, false)?;
        self.days(1, 5);
        let who = self.handler()?;
        let today = self.today();
        let nobody = self.random.chance(40);
        let mut answers = vec![
            ("通知日期", one(today)),
            ("不全或者有误的内容和补充要求", one("发生的时间、地点不详，请补充。")),
        ];
        if nobody {
            answers.push(("通知的对象", one("没有可以通知的")));
            answers.push(("没有可以通知的原因", one("提供线索的人员无法联系。")));
        } else {
            let whom = self.dossiers.get(self.at).and_then(|dossier| dossier.intake.leads.first());
            let whom = match whom.map(|lead| lead.form.source.label()) {
                Some("公民举报") => "举报人",
                Some("机关和单位报告") => "报告人",
                Some("有关部门移送") => "案件线索移送部门",
                _ => "没有可以通知的",
            };
            answers.push(("通知的对象", one(whom)));
            if whom == "没有可以通知的" {
                answers.push(("没有可以通知的原因", one("线索由检查发现。")));
            } else {
                let mut then = self.now.date();
                for _ in 0..14 {
                    then = then.tomorrow().unwrap_or(then);
                }
                answers.push(("补充期限", one(then.to_string())));
            }
        }
        self.take(&who, "通知补充", &answers)?;
        self.days(16, 25);
        let head = self.head()?;
        self.take(
            &head,
            "暂不予以立案",
            &[("仍不具备查处条件的理由", one("期限届满，没有补充材料。"))],
        )
    }

    fn approve(&mut self, words: &str) -> Told {
        let head = self.head()?;
        let waiting = self.dossiers.get(self.at).and_then(|d| d.approval.all_pending().next());
        let waiting = waiting.map(|submission| submission.id.to_string()).ok_or(Stop::Over)?;
        self.take(&head, "批准", &[("待批事项", one(waiting)), ("审批意见", one(words))])
    }

    fn people(&mut self) -> Told {
        let (who, (unit, _)) = (self.registrar()?, self.unit()?);
        self.minutes(5, 60);
        let Matter { person, post, carrier, grade, form, .. } = self.matter.clone();
        self.take(
            &who,
            "登记案件相关人员",
            &[
                ("姓名", one(person)),
                ("身份", one("案件当事人")),
                ("所在单位", one(unit)),
                ("职务", one(post)),
            ],
        )?;
        self.minutes(5, 60);
        self.take(
            &who,
            "登记国家秘密事项",
            &[
                ("名称", one(format!("样例{carrier}"))),
                ("密级", one(grade)),
                ("载体形式", one(form)),
                ("数量", one("1")),
            ],
        )
    }

    /// From the lead to the notice that the case is filed.
    fn file(&mut self) -> Told {
        self.contain()?;
        self.people()?;
        self.review(true, false)?;
        self.days(0, 4);
        let who = self.handler()?;
        let facts = format!(
            "{}{}，确有泄密事实，本部门具有管辖权。",
            self.matter.person, self.matter.title
        );
        self.take(
            &who,
            "填报立案表",
            &[
                ("立案事实和理由", one(facts)),
                ("立案依据", one("第二十九条第二项")),
                ("附件", many(["案件线索材料", "初查情况报告"])),
            ],
        )?;
        self.days(0, 6);
        self.approve("同意立案")?;
        self.minutes(5, 40);
        let head = self.head()?;
        let handlers = self.handlers.iter().map(|staff| staff.0.clone());
        self.take(
            &head,
            "指派办案人员",
            &[("办理方式", one("直接调查")), ("办案人员", many(handlers))],
        )?;
        self.days(1, 4);
        let ((unit, _), today) = (self.unit()?, self.today());
        let contact = format!("乙一，{}", self.bureau()?.name);
        self.take(
            &who,
            "立案通知",
            &[
                ("通知日期", one(today)),
                ("通知对象", one("有关机关、单位")),
                ("通知的机关、单位", many([unit])),
                ("联系人和联系方式", one(contact)),
            ],
        )
    }

    fn interview(&mut self) -> Told {
        let who = self.handler()?;
        self.days(1, 6);
        let today = self.today();
        let person = || many(["1"]);
        self.take(
            &who,
            "告知权利义务",
            &[
                ("告知日期", one(today)),
                ("被告知人", person()),
                ("告知方式", one("书面")),
                ("签收情况", one("已签名")),
            ],
        )?;
        self.days(1, 6);
        let (from, to) = self.meet()?;
        let today = self.today();
        let handlers = many(self.handlers.iter().map(|staff| staff.0.clone()));
        let Matter { person: name, way, carrier, cause, .. } = self.matter.clone();
        let said = |question: &str, answer: String| {
            Answer::Group([("问".to_owned(), one(question)), ("答".to_owned(), one(answer))].into())
        };
        self.take(
            &who,
            "询问并制作笔录",
            &[
                ("询问日期", one(&today)),
                ("被询问人", person()),
                ("开始时间", one(from)),
                ("结束时间", one(to)),
                ("询问地点", one(self.random_room())),
                ("询问的办案人员", handlers),
                ("是否出示证件、表明身份", one("是")),
                ("已询问的内容", asked()),
                (
                    "问答",
                    Answer::Many(vec![
                        said("请说明你的基本情况。", format!("我叫{name}。")),
                        said("请说明事情的经过。", format!("因{cause}，{way}了{carrier}。")),
                    ]),
                ),
            ],
        )?;
        self.minutes(5, 20);
        self.take(
            &who,
            "询问笔录核对签名",
            &[
                ("签名日期", one(today)),
                ("询问", one("1")),
                ("核对方式", one("本人阅读核对")),
                ("签名情况", one("逐页签名")),
            ],
        )
    }

    fn random_room(&self) -> &'static str {
        if self.matter.title.len().is_multiple_of(2) { "询问室一" } else { "询问室二" }
    }

    fn findings(&mut self) -> Told {
        let who = self.handler()?;
        self.days(0, 3);
        let today = self.today();
        self.take(&who, "听取陈述和申辩", &[("听取日期", one(today)), ("案件当事人", one("1"))])?;
        self.days(8, 18);
        let found = [
            "案件当事人的基本情况",
            "案件当事人是否实施违反保密法律法规行为",
            "实施违反保密法律法规行为的时间、地点、手段、后果以及其他情节",
        ];
        for subject in found {
            self.minutes(1, 10);
            self.take(
                &who,
                "认定调查内容",
                &[
                    ("调查内容", one(subject)),
                    ("认定", one("查明")),
                    ("认定的事实", one(format!("{}{}。", self.matter.person, self.matter.title))),
                    ("依据的证据", many(["1"])),
                ],
            )?;
        }
        for subject in ["有无法定从重、从轻、减轻或者免于处理的情形", "与案件有关的其他事实"]
        {
            self.minutes(1, 10);
            self.take(
                &who,
                "认定调查内容",
                &[
                    ("调查内容", one(subject)),
                    ("认定", one("经查没有")),
                    ("认定的事实", one("经调查，没有发现。")),
                ],
            )?;
        }
        self.days(0, 3);
        self.leak(&who)?;
        self.days(0, 4);
        self.take(
            &who,
            "调查结束",
            &[("调查结论", one(format!("{}，属于泄露国家秘密。", self.matter.title)))],
        )
    }

    fn leak(&mut self, who: &StaffId) -> Told {
        let mut answers = vec![
            ("违反的保密法律、法规和规章条款", one("《中华人民共和国保守国家秘密法》的有关规定")),
            ("所泄露的国家秘密事项", many(["1"])),
            ("责任人员", many(["1"])),
            ("依据的证据", many(["1"])),
        ];
        match self.matter.network {
            Some(network) => answers.extend([
                ("认定的情形", many(["未采取保密措施在公共信息网络、有线和无线通信中传递国家秘密（第五条第二项）"])),
                ("传递所用的网络或者通信方式", one(network)),
                ("是否未采取符合规定或者标准的保密措施", one("是")),
            ]),
            None => answers.extend([
                ("认定的情形", many(["使国家秘密被不应知悉者知悉（第四条第一项）"])),
                ("不应知悉的知悉者", one("单位以外的人员3名")),
            ]),
        }
        self.take(who, "认定泄露国家秘密", &answers)
    }

    fn closed(&mut self) -> Told {
        self.file()?;
        let late = self.random.below(100);
        self.interview()?;
        self.findings()?;
        let who = self.handler()?;
        self.dealt_with(&who)?;
        match late {
            0..12 => {
                self.days(1, 5);
                let cause =
                    self.random.word(&["处理结果尚未告知", "整改情况尚未报送", "取证需要时间"]);
                self.take(&who, "呈报办案延期", &[("未能查结的原因和延期理由", one(cause))])?;
                self.days(0, 1);
                self.approve("同意延长1个月")?;
                self.days(8, 20);
            }
            12..22 => self.days(30, 60),
            _ => self.days(1, 8),
        }
        self.report(&who)?;
        self.days(0, 6);
        self.approve("同意结案")
    }

    fn dealt_with(&mut self, who: &StaffId) -> Told {
        self.days(0, 4);
        let ((unit, _), today) = (self.unit()?, self.today());
        let mut then = self.now.date();
        for _ in 0..20 {
            then = then.tomorrow().unwrap_or(then);
        }
        self.take(
            who,
            "提出人员处理建议",
            &[
                ("提出日期", one(&today)),
                ("有关机关、单位", one(&unit)),
                ("建议处理的人员", many(["1"])),
                ("处理建议和依据", one("建议依法给予处分。")),
            ],
        )?;
        self.minutes(3, 30);
        self.take(
            who,
            "督促整改",
            &[
                ("督促日期", one(today)),
                ("有关机关、单位", one(unit)),
                (
                    "案件暴露出的问题和整改要求",
                    one(format!("{}管理不严，开展自查。", self.matter.carrier)),
                ),
                ("书面报送整改情况的时限", one(then.to_string())),
            ],
        )?;
        self.days(5, 12);
        let today = self.today();
        let result = self.random.word(&["警告", "记过", "记大过", "诫勉谈话", "调离涉密岗位"]);
        let row = [("人员".to_owned(), one("1")), ("处理结果".to_owned(), one(result))];
        self.take(
            who,
            "记录处理结果",
            &[
                ("书面告知日期", one(today)),
                ("人员处理建议", one("1")),
                ("处理结果", Answer::Many(vec![Answer::Group(row.into())])),
            ],
        )?;
        self.days(1, 5);
        let today = self.today();
        self.take(
            who,
            "记录整改情况报告",
            &[
                ("书面报送日期", one(today)),
                ("整改要求", one("1")),
                ("已经采取的整改措施", one("已自查整改，完善制度。")),
            ],
        )
    }

    fn report(&mut self, who: &StaffId) -> Told {
        let Matter { title, grade, carrier, form, cause, person, .. } = self.matter.clone();
        self.take(
            who,
            "提交结案报告",
            &[
                ("泄密案件的发生、发现经过", one(format!("{person}{title}，后被发现。"))),
                (
                    "案件涉及国家秘密的密级、数量、载体形式以及概要内容",
                    one(format!("{grade}级{carrier}1份，{form}。")),
                ),
                ("泄密案件已经或者可能造成的危害", one("未发现进一步扩散。")),
                ("案件发生的主要原因", one(cause)),
                ("已经采取的补救措施", one("已收回载体，收存设备。")),
                ("责任人员处理情况", one("已处理。")),
                ("有关机关、单位整改情况", one("已整改。")),
                ("其他需要说明的情况", one("无")),
            ],
        )
    }

    fn cancelled(&mut self) -> Told {
        self.file()?;
        self.interview()?;
        self.days(5, 25);
        let who = self.handler()?;
        self.take(
            &who,
            "呈报撤销案件",
            &[
                ("撤销案件的情形", one("证据不足，无法认定存在泄密事实")),
                ("调查情况和理由", one(format!("不能证明{}曾被外人知悉。", self.matter.carrier))),
            ],
        )?;
        self.days(0, 4);
        self.approve("同意撤销")?;
        self.days(0, 3);
        let ((unit, _), today) = (self.unit()?, self.today());
        self.take(
            &who,
            "撤销案件通知",
            &[
                ("通知日期", one(today)),
                ("通知的机关、单位", many([unit])),
                ("通知内容", one("本案已撤销。")),
            ],
        )
    }

    fn referred(&mut self) -> Told {
        self.file()?;
        self.interview()?;
        self.days(3, 20);
        let who = self.handler()?;
        self.take(
            &who,
            "认为涉嫌构成犯罪",
            &[
                ("涉嫌犯罪的案件当事人", many(["1"])),
                ("涉嫌的罪名", one("故意泄露国家秘密罪，过失泄露国家秘密罪（刑法第三百九十八条）")),
                ("涉嫌犯罪的事实和理由", one(format!("{}，情节严重。", self.matter.title))),
            ],
        )?;
        self.days(0, 5);
        let today = self.today();
        let region = self.bureau()?.name.replace("保密局", "");
        self.take(
            &who,
            "移送涉嫌犯罪案件",
            &[
                ("移送日期", one(today)),
                ("移送的案件当事人", many(["1"])),
                ("移送的机关", one("公安机关")),
                ("移送的机关名称", one(format!("{region}公安局"))),
                ("移送的案件材料", many(["案卷1册"])),
            ],
        )
    }
}

fn asked() -> Answer {
    many([
        "被询问人的基本情况",
        "被询问人与案件当事人或者与案件的联系",
        "证明案件当事人是否负有责任以及责任轻重的事实",
        "所证明的事实发生的原因、时间、地点、手段、情节等",
        "其他与案件有关的内容",
    ])
}
