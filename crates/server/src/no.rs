//! The three kinds of no: the law's, the request's, and ours. They are never mixed.

use procedure::Verdict;

/// Why something was not done.
#[derive(Debug)]
pub enum No {
    /// 拒绝. The regulation stands against it, or the form is incomplete; the verdict says everything.
    Refused(Box<Verdict>),
    /// The request cannot be served.
    Denied(Denied),
    /// 故障. Something failed on our side; only the number is told.
    Fault(Operation),
}

/// Why a request cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It does not exist, or not for the asking person.
    NotFound,
    /// Nobody is signed in.
    NotSignedIn,
    /// The name or the password is wrong; which of them is not told.
    WrongPassword,
    /// Too many attempts to sign in.
    Throttled {
        /// How long to wait.
        seconds: u64,
    },
    /// The initial password must be changed first.
    MustChangePassword,
    /// The new password is too weak, in Chinese.
    WeakPassword(&'static str),
    /// What the person is not there to do, in Chinese.
    NotAllowed(&'static str),
    /// The request came from another site.
    OtherSite,
    /// Somebody was quicker.
    Quicker {
        /// Their name.
        by: String,
        /// The version the dossier has now.
        version: u64,
    },
    /// The idempotency key belongs to another request.
    KeyReused,
    /// What was sent cannot be read, in Chinese.
    Malformed(String),
    /// The address does not take this method.
    WrongMethod,
    /// More was sent than is taken.
    TooLarge,
    /// The head of the request is longer than what is taken.
    HeaderTooLarge,
    /// The request did not come to its end in time.
    TooSlow,
    /// 磁盘已满.
    Full,
    /// Too many people at once.
    Busy,
    /// 数据库暂时无法连接. Nothing was done.
    Unavailable,
    /// 记录无法写入. Without its entry nothing is done, and nothing was.
    Unrecorded,
    /// 结果不明. Whether it was done is not known; the same key tells.
    Unresolved,
}

impl Denied {
    /// Whether the same request, sent again a little later, may well be served.
    pub fn passes(&self) -> bool {
        self.is_away() || matches!(self, Denied::Busy | Denied::Full)
    }

    /// Whether the record could not be asked or written, so that it keeps no entry of that either.
    pub fn is_away(&self) -> bool {
        matches!(self, Denied::Unavailable | Denied::Unresolved | Denied::Unrecorded)
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Denied::Malformed(_) => 400,
            Denied::NotSignedIn | Denied::WrongPassword => 401,
            Denied::MustChangePassword | Denied::NotAllowed(_) | Denied::OtherSite => 403,
            Denied::NotFound => 404,
            Denied::WrongMethod => 405,
            Denied::TooSlow => 408,
            Denied::Quicker { .. } | Denied::KeyReused => 409,
            Denied::TooLarge => 413,
            Denied::WeakPassword(_) => 422,
            Denied::Throttled { .. } => 429,
            Denied::HeaderTooLarge => 431,
            Denied::Busy | Denied::Unavailable | Denied::Unrecorded | Denied::Unresolved => 503,
            Denied::Full => 507,
        }
    }

    /// A stable identifier.
    pub fn code(&self) -> &'static str {
        match self {
            Denied::NotFound => "not_found",
            Denied::NotSignedIn => "not_signed_in",
            Denied::WrongPassword => "wrong_password",
            Denied::Throttled { .. } => "throttled",
            Denied::MustChangePassword => "must_change_password",
            Denied::WeakPassword(_) => "weak_password",
            Denied::NotAllowed(_) => "not_allowed",
            Denied::OtherSite => "other_site",
            Denied::Quicker { .. } => "quicker",
            Denied::KeyReused => "key_reused",
            Denied::Malformed(_) => "malformed",
            Denied::WrongMethod => "wrong_method",
            Denied::TooLarge => "too_large",
            Denied::HeaderTooLarge => "header_too_large",
            Denied::TooSlow => "too_slow",
            Denied::Full => "full",
            Denied::Busy => "busy",
            Denied::Unavailable => "unavailable",
            Denied::Unrecorded => "unrecorded",
            Denied::Unresolved => "unresolved",
        }
    }

    /// What is wrong, in one clause.
    pub fn message(&self) -> String {
        match self {
            Denied::NotFound => "没有这一内容，或者不在您的知悉范围内".to_owned(),
            Denied::NotSignedIn => "尚未登录，或者登录已经失效".to_owned(),
            Denied::WrongPassword => "账号或者密码不正确".to_owned(),
            Denied::Throttled { seconds } => format!("登录失败次数过多，请在{seconds}秒后再试"),
            Denied::MustChangePassword => "初始密码尚未更改".to_owned(),
            Denied::WeakPassword(message) | Denied::NotAllowed(message) => (*message).to_owned(),
            Denied::OtherSite => "请求来自其他网站".to_owned(),
            Denied::Quicker { by, .. } => format!("「{by}」在您办理期间已经录入新的内容"),
            Denied::KeyReused => "同一请求编号已用于另一项内容".to_owned(),
            Denied::Malformed(message) => message.clone(),
            Denied::WrongMethod => "这个地址不接受这种请求".to_owned(),
            Denied::TooLarge => "提交的内容过大".to_owned(),
            Denied::HeaderTooLarge => "请求头或者地址过长".to_owned(),
            Denied::TooSlow => "请求没有在规定时间内传完".to_owned(),
            Denied::Full => "磁盘已满，未保存任何内容".to_owned(),
            Denied::Busy => "系统繁忙，未处理本次请求".to_owned(),
            Denied::Unavailable => "数据库暂时无法连接，没有办理，也没有保存任何内容".to_owned(),
            Denied::Unrecorded => "记录无法写入，没有办理，也没有保存任何内容".to_owned(),
            Denied::Unresolved => "没有等到办理的结果，本次是否已经录入尚不能确定".to_owned(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Denied::NotFound => "核对编号，或者请本案办案人员办理",
            Denied::NotSignedIn => "请登录",
            Denied::WrongPassword => "核对后重新输入",
            Denied::Throttled { .. } => "等候之后重试；忘记密码的，请管理人员重置",
            Denied::MustChangePassword => "先更改密码",
            Denied::WeakPassword(_) => "换一个密码",
            Denied::NotAllowed(_) => "由有相应岗位的人员办理",
            Denied::OtherSite => "从本系统的页面办理",
            Denied::Quicker { .. } => "查看新的内容后重新办理",
            Denied::KeyReused => "换一个请求编号",
            Denied::Malformed(_) => "改正后重新提交",
            Denied::WrongMethod => "核对接口说明",
            Denied::TooLarge => "精简内容，或者把材料作为文件上传",
            Denied::HeaderTooLarge => "缩短地址，或者清除浏览器中本站的数据",
            Denied::TooSlow => "网络通畅后重试；大文件请分开上传",
            Denied::Full => "请管理人员清理磁盘后重试",
            Denied::Busy => "稍后重试",
            Denied::Unavailable => "稍后重试；请求编号不变的，重复提交只会生效一次",
            Denied::Unrecorded => "告知管理人员；排除之后，以同一请求编号重复提交只会生效一次",
            Denied::Unresolved => {
                "稍后以同一请求编号重试：已经录入的，答复原来的结果，不会重复录入"
            }
        }
    }
}

/// The number under which a fault is found in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation(String);

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[expect(clippy::new_without_default, reason = "each is another")]
impl Operation {
    /// A new number.
    pub fn new() -> Operation {
        let mut bytes = [0; 6];
        // Without random bytes the number finds more than one line, which is still better than none.
        let _ = getrandom::fill(&mut bytes);
        Operation(hex::encode(bytes))
    }

    /// Logs a fault, once, and gives it a number.
    pub fn log(fault: &dyn std::fmt::Display) -> Operation {
        let operation = Operation::new();
        tracing::error!(%operation, %fault, "a fault");
        operation
    }
}

impl From<Denied> for No {
    fn from(denied: Denied) -> Self {
        No::Denied(denied)
    }
}

impl From<store::Fault> for No {
    fn from(fault: store::Fault) -> Self {
        match fault {
            store::Fault::Full => No::Denied(Denied::Full),
            store::Fault::Unavailable(_) => {
                tracing::warn!(%fault, "the database is away");
                No::Denied(Denied::Unavailable)
            }
            store::Fault::Unresolved => {
                tracing::warn!(%fault, "the database went away in a commit");
                No::Denied(Denied::Unresolved)
            }
            store::Fault::Unwritten(_) => {
                tracing::error!(%fault, "the record cannot be written");
                No::Denied(Denied::Unrecorded)
            }
            fault => No::Fault(Operation::log(&fault)),
        }
    }
}
