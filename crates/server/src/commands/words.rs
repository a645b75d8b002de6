//! The words of the command line: clap speaks English, people here do not.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Arg, ArgAction, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

const TEMPLATE: &str = "{about}\n\n用法：{usage}\n\n{all-args}{after-help}\n";

/// The same command with headings and built-in arguments in Chinese.
pub(super) fn in_chinese(command: Command) -> Command {
    let help = Arg::new("help").long("help").short('h').action(ArgAction::Help).help("显示本说明");
    let usage = usage(&command);
    // Only the program has a version, not its commands that have commands of their own.
    let has_version = command.get_version().is_some();
    let mut command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .help_template(TEMPLATE)
        .override_usage(usage)
        .subcommand_help_heading("命令")
        .arg(help)
        .mut_args(|arg| arg.help_heading("参数"))
        .mut_subcommands(in_chinese);
    if has_version {
        let version = Arg::new("version").long("version").short('V').action(ArgAction::Version);
        command = command.arg(version.help("显示版本").help_heading("参数"));
    }
    command
}

fn usage(command: &Command) -> String {
    let mut usage = match command.get_name() {
        "chachu" => "chachu".to_owned(),
        "add" | "password" => format!("chachu staff {}", command.get_name()),
        "state" | "protect" | "unprotect" => format!("chachu keys {}", command.get_name()),
        name => format!("chachu {name}"),
    };
    if command.has_subcommands() {
        usage.push_str(" <命令>");
    }
    if command.get_opts().next().is_some() {
        usage.push_str(" [参数]");
    }
    for arg in command.get_positionals() {
        let name = arg.get_value_names().and_then(|names| names.first());
        usage.push_str(&format!(" <{}>", name.map_or("", |name| name.as_str())));
    }
    usage
}

/// Shows the help that was asked for, or says in Chinese what cannot be read.
pub(super) fn explain(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Where nobody reads it, nothing is lost.
        let _ = write!(io::stdout(), "{}", error.render());
        return ExitCode::SUCCESS;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("、"),
        _ => String::new(),
    };
    let arg = text(ContextKind::InvalidArg);
    let message = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            format!("没有「{}」这一命令", text(ContextKind::InvalidSubcommand))
        }
        // An address in the wrong place may hold a password.
        ErrorKind::UnknownArgument if arg.contains("://") => {
            "地址应当写在--database之后".to_owned()
        }
        ErrorKind::UnknownArgument => format!("没有「{arg}」这一参数"),
        ErrorKind::MissingRequiredArgument => format!("缺少参数{arg}"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "没有指明命令".to_owned()
        }
        ErrorKind::ArgumentConflict => format!("参数「{arg}」不能与其他参数同用，或者重复给出"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("参数「{arg}」的值「{}」无效", text(ContextKind::InvalidValue))
        }
        ErrorKind::NoEquals | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("参数「{arg}」没有给出值")
        }
        _ => "命令行无法读取".to_owned(),
    };
    // With the error stream gone too, the exit code has to say it.
    let _ = writeln!(io::stderr(), "错误：{message}；用法见--help");
    ExitCode::from(2)
}
