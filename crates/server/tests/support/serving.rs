//! The real program, serving, in a process that may be killed.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

pub struct Serving {
    pub child: Child,
    pub base: String,
}

impl Serving {
    pub fn start(data: &Path) -> Serving {
        Serving::by(Command::new(env!("CARGO_BIN_EXE_chachu")), data)
    }

    /// Started by another program, which is to run the rest of its command line.
    pub fn by(command: Command, data: &Path) -> Serving {
        Serving::to(command, data, Stdio::null())
    }

    /// With everything that it logs in a file, a JSON object on each line.
    pub fn logging(data: &Path, log: File) -> Serving {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chachu"));
        command.env("CHACHU_LOG_LEVEL", "debug").env("CHACHU_LOG_FORMAT", "json");
        Serving::to(command, data, log.into())
    }

    fn to(mut command: Command, data: &Path, log: Stdio) -> Serving {
        command.args(["serve", "--data"]).arg(data);
        Serving::run(command, log)
    }

    /// Of a command that has all its settings but the address.
    pub fn run(mut command: Command, log: Stdio) -> Serving {
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().trim_start_matches("地址：").trim_end_matches('/').to_owned();
        Serving { child, base }
    }

    /// SIGKILL: no farewell.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Who was killed already is not there any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `chachu verify` finds nothing.
pub fn verify(data: &Path) {
    verify_by(Command::new(env!("CARGO_BIN_EXE_chachu")), data);
}

/// The same with the settings that it is given.
pub fn verify_by(mut command: Command, data: &Path) {
    let output = command.args(["verify", "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
