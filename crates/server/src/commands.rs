//! 命令行. The subcommands of `chachu`, all in Chinese.
//!
//! Every command ends with 0 if it agrees, 1 if something differs or is refused, 2 if it cannot read what it was given.

mod bench;
mod checkpoint;
mod competent;
mod config;
mod doctor;
mod founding;
mod init;
mod keys;
mod law;
mod migrate;
mod next;
mod open;
mod play;
mod proof;
mod serve;
mod simulate;
mod staff;
mod state;
mod verify;
mod words;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    limit,
    no::{Denied, No},
};

/// 查处：泄密案件查处办理系统
#[derive(Parser)]
#[command(name = "chachu", version, after_help = "各命令的用法见chachu 命令 --help。")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 设立办公室：建立案卷库、部门和首批账号
    Init(init::InitArgs),
    /// 建立或者升级PostgreSQL数据库的结构（以数据库所有者的账号）
    Migrate(migrate::MigrateArgs),
    /// 启动服务
    Serve(serve::ServeArgs),
    /// 核对案卷库：校验链、索引、编号和文件
    Verify(verify::VerifyArgs),
    /// 算出状态校验值，供与副本比较
    State(state::StateArgs),
    /// 对全部记录签名，生成检查点，供在别处保存
    Checkpoint(checkpoint::CheckpointArgs),
    /// 一个卷宗的记录在签名的检查点之中的证明：生成或者核对
    Proof(proof::ProofArgs),
    /// 列出一个卷宗可以办理和不能办理的步骤及其条文
    Next(next::NextArgs),
    /// 演示或者核对情景文件
    Play(play::PlayArgs),
    /// 计算期限的名义届满日和最迟日
    Limit(limit::LimitArgs),
    /// 按管辖事实判断哪些部门有管辖权及其理由
    Competent(competent::CompetentArgs),
    /// 列出各条由哪些步骤和规则落实
    Law(law::LawArgs),
    /// 增加工作人员，重发初始密码
    Staff(staff::StaffArgs),
    /// 给密钥设口令或者去掉口令
    Keys(keys::KeysArgs),
    /// 模拟：以依法办理的样例卷宗建立案卷库，供测量和演示
    Simulate(simulate::SimulateArgs),
    /// 体检：权限、磁盘、时钟、密钥、完整性
    Doctor(doctor::DoctorArgs),
    /// 列出每项设置的值、来源、默认和含义
    Config(config::ConfigArgs),
    /// 测量性能：办理、待办页、裸数据库、规则
    Bench(bench::BenchArgs),
}

/// How a command ends when nothing was wrong with the product.
type Ended = Result<u8, Wrong>;

/// Why a command did not do what it was asked.
enum Wrong {
    /// It was refused, or something differs; in Chinese.
    Refused(String),
    /// What was given cannot be read; in Chinese.
    Unreadable(String),
}

impl Wrong {
    fn unreadable(message: impl Into<String>) -> Wrong {
        Wrong::Unreadable(message.into())
    }
}

impl From<No> for Wrong {
    fn from(no: No) -> Self {
        match no {
            No::Denied(Denied::Malformed(message)) => Wrong::Unreadable(message),
            No::Denied(denied) => {
                Wrong::Refused(format!("{}；{}", denied.message(), denied.hint()))
            }
            No::Refused(verdict) => {
                let refusals: Vec<_> = verdict.refusals().map(|f| f.message()).collect();
                Wrong::Refused(refusals.join("；"))
            }
            No::Fault(operation) => Wrong::Refused(format!("系统故障，操作编号{operation}")),
        }
    }
}

impl From<store::Fault> for Wrong {
    fn from(fault: store::Fault) -> Self {
        use store::Fault;
        Wrong::Refused(match fault {
            Fault::Full => "磁盘已满".to_owned(),
            Fault::Damaged { stream, version, .. } => {
                format!("「{stream}」第{version}条记录已损坏")
            }
            Fault::Foreign(_) => "这不是本系统的案卷库，或者其结构被改动".to_owned(),
            Fault::Newer { .. } => "案卷库由更新的版本建立，请升级程序".to_owned(),
            Fault::Older { found, known } => format!(
                "数据库的结构是第{found}版，本程序需要第{known}版：请以数据库所有者的账号运行chachu migrate"
            ),
            Fault::Rights(why) => rights(&why),
            Fault::Key { what, .. } => key(&what).to_owned(),
            Fault::Unavailable(_) => {
                "无法连接数据库：核对地址、网络和数据库是否在运行；没有办理任何事项".to_owned()
            }
            Fault::Database(what) if what.starts_with("28") => {
                "数据库拒绝登录：核对账号、密码和数据库的pg_hba.conf".to_owned()
            }
            Fault::Database(what) if what.starts_with("3D000") => "没有这个数据库".to_owned(),
            Fault::Misuse(_) => "数据目录与密钥目录须分开，且可以读写".to_owned(),
            Fault::Io { kind, .. } => format!("读写数据目录失败（{kind}）"),
            fault => return Wrong::from(No::from(fault)),
        })
    }
}

/// What is wrong with a key, in Chinese.
fn key(what: &str) -> &'static str {
    let known = [
        (
            "the file needs a passphrase",
            "密钥设有口令，请用--passphrase-file或者设置passphrase_file指明口令文件",
        ),
        (
            "not under a passphrase",
            "密钥没有设口令：去掉passphrase_file，或者先运行chachu keys protect",
        ),
        ("passphrase is wrong", "密钥的口令不正确"),
        ("is missing", "密钥缺失：从备份恢复，或者从另一节点复制"),
        ("damaged", "密钥文件已损坏：从备份恢复"),
        ("owner only", "密钥目录或者密钥文件他人可以读取：目录改为0700，文件改为0600"),
        ("made with", "密钥不是建立这个案卷库时的密钥"),
    ];
    let found = known.iter().find(|(word, _)| what.contains(word));
    found.map_or("密钥缺失、不匹配，或者他人可以读取", |(_, words)| words)
}

/// What is wrong with the role in the database, in Chinese.
fn rights(why: &str) -> String {
    let role = store::SERVING_ROLE;
    if why.contains("is missing") {
        return format!(
            "没有角色{role}，本账号也不能建立：请数据库管理员执行CREATE ROLE {role} NOLOGIN，再运行一次"
        );
    }
    let known = [
        ("superuser", "是超级用户"),
        ("bypasses", "可以绕过行级安全"),
        ("makes roles", "可以建立角色"),
        ("owns", "是数据表的所有者"),
        ("may change", "可以改动记录"),
    ];
    let found = known.iter().find(|(word, _)| why.contains(word));
    let what = found.map_or("权限不合要求", |(_, words)| words);
    format!(
        "数据库账号{what}，没有启动：请换用只是{role}成员的账号（不得是所有者），见docs/operations.md"
    )
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        Wrong::Refused(format!("输入输出失败（{}）", error.kind()))
    }
}

/// The first thing on which a record's entries and what is derived from them do not agree; for tests.
#[cfg(test)]
pub(crate) fn disagreement(store: &store::Store) -> Option<String> {
    verify::meaning(store).unwrap_or_else(|wrong| match wrong {
        Wrong::Refused(message) | Wrong::Unreadable(message) => Some(message),
    })
}

/// The largest file of text that is read, in bytes.
const TEXT_LIMIT: u64 = 8 * 1024 * 1024;

/// The text of a file that somebody wrote, or in Chinese why it cannot be read.
fn read_text(path: &Path) -> Result<String, Wrong> {
    let name = path.display();
    let wrong = |why: &str| Wrong::Unreadable(format!("文件「{name}」{why}"));
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => wrong("不存在"),
        io::ErrorKind::PermissionDenied => wrong("没有读取的权限"),
        io::ErrorKind::IsADirectory => wrong("是目录，应为文件"),
        _ => wrong("无法读取"),
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(TEXT_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > TEXT_LIMIT {
        return Err(wrong("大于8 MB，无法读取"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let read = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = read.iter().filter(|byte| **byte == b'\n').count() + 1;
        wrong(&format!("第{line}行不是UTF-8编码的文字，请另存为UTF-8编码"))
    })?;
    // Some editors put a mark before the text that is none of it.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let command = words::in_chinese(Arguments::command());
    let arguments =
        command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match arguments {
        Ok(arguments) => arguments,
        Err(error) => return words::explain(&error),
    };
    let (mut out, mut err) = (io::stdout().lock(), io::stderr());
    let ended = match arguments.command {
        Command::Init(args) => init::run(args, &mut out),
        Command::Migrate(args) => migrate::run(&args, &mut out),
        Command::Keys(args) => keys::run(&args, &mut out),
        Command::Serve(args) => serve::run(args, &mut out),
        Command::Verify(args) => verify::run(&args, &mut out),
        Command::State(args) => state::run(&args, &mut out),
        Command::Checkpoint(args) => checkpoint::run(&args, &mut out),
        Command::Proof(args) => proof::run(&args, &mut out),
        Command::Next(args) => next::run(&args, &mut out),
        Command::Play(args) => play::run(&args, &mut out),
        Command::Limit(args) => Ok(limit::run(&args, &mut out, &mut err)),
        Command::Competent(args) => competent::run(&args, &mut out),
        Command::Law(args) => law::run(&args, &mut out),
        Command::Staff(args) => staff::run(args, &mut out),
        Command::Simulate(args) => simulate::run(&args, &mut out),
        Command::Doctor(args) => doctor::run(&args, &mut out),
        Command::Config(args) => config::run(&args, &mut out),
        Command::Bench(args) => bench::run(&args, &mut out),
    };
    let (message, code) = match ended {
        Ok(code) => return ExitCode::from(code),
        Err(Wrong::Refused(message)) => (message, 1),
        Err(Wrong::Unreadable(message)) => (message, 2),
    };
    // With the error stream gone too, the exit code has to say it.
    let _ = writeln!(err, "错误：{message}");
    ExitCode::from(code)
}
