//! How soon the program serves a record that is there, and what memory it holds at rest.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::http::lost;
use crate::commands::Wrong;

/// How long it is left alone before its memory is looked at.
const REST: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;

/// One start.
#[derive(Clone, Copy)]
pub(super) struct Started {
    /// From the start of the program until the sign-in page was there, in milliseconds.
    pub(super) first_page_ms: f64,
    /// Memory at rest, in MiB.
    pub(super) memory_mib: f64,
}

/// The program itself, as the command line `serve` with these settings starts it.
pub(super) fn measure(settings: &BTreeMap<String, String>) -> Result<Started, Wrong> {
    let program = env::current_exe()?;
    let starts = (0..ROUNDS).map(|_| start(&program, settings));
    let starts = starts.collect::<Result<Vec<_>, _>>()?;
    let middle = |figure: fn(&Started) -> f64| {
        let mut figures: Vec<_> = starts.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
    };
    Ok(Started {
        first_page_ms: middle(|it| it.first_page_ms),
        memory_mib: middle(|it| it.memory_mib),
    })
}

impl Started {
    pub(super) fn as_json(self) -> Value {
        json!({ "first_page_ms": self.first_page_ms, "memory_mib": self.memory_mib })
    }

    pub(super) fn as_line(self) -> String {
        let Started { first_page_ms, memory_mib } = self;
        format!("\n启动：{first_page_ms:.0}毫秒后有第一页；空闲时内存{memory_mib:.0} MiB\n")
    }
}

fn start(program: &Path, settings: &BTreeMap<String, String>) -> Result<Started, Wrong> {
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    for (name, value) in settings {
        command.arg(format!("--{name}")).arg(value);
    }
    let begun = Instant::now();
    let mut served = Served(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let base = served.address()?;
    let mut answer = ureq::get(format!("{base}/sign-in")).call().map_err(lost)?;
    answer.body_mut().read_to_string().map_err(lost)?;
    let first_page_ms = begun.elapsed().as_secs_f64() * 1e3;
    thread::sleep(REST);
    let memory_mib = served.memory_mib()?;
    Ok(Started { first_page_ms, memory_mib })
}

/// A running program; it is asked to stop when this is dropped.
struct Served(Child);

impl Served {
    /// The address that it says it listens on.
    fn address(&mut self) -> Result<String, Wrong> {
        let out = self.0.stdout.take().map(BufReader::new);
        for line in out.into_iter().flat_map(BufRead::lines) {
            let line = line?;
            if let Some(place) = line.find("http://") {
                let address = line.get(place..).unwrap_or_default();
                return Ok(address.trim_end_matches('/').to_owned());
            }
        }
        Err(Wrong::Refused("服务没有启动，请以chachu doctor查找原因".to_owned()))
    }

    fn memory_mib(&self) -> Result<f64, Wrong> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| Wrong::unreadable("无法得知内存用量"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // One that has ended by itself needs no asking.
        pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = self.0.wait();
    }
}
