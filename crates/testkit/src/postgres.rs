//! A throw-away PostgreSQL cluster: in a directory of its own, on a socket in it, on no port.
//!
//! It goes with the process that started it, however that ends: a shell holds the cluster, and
//! the process holds the shell's input.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests do")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use postgres::{Client, NoTls};
use tempfile::TempDir;

/// Owns databases in tests; the serving role's members are told by [`Cluster::SERVER`].
const OWNER: &str = "chachu_owner";

/// Holds a process until its input ends, then stops it and removes the directory.
const KEEPER: &str = r#"
    root=$1; shift
    "$@" </dev/null & held=$!
    read -r _
    kill -QUIT $held 2>/dev/null
    wait $held
    rm -rf "$root"
"#;

/// A cluster.
pub struct Cluster {
    root: PathBuf,
    options: Vec<String>,
    keeper: Option<Keeper>,
    databases: AtomicU32,
}

struct Keeper {
    shell: Child,
    input: Option<ChildStdin>,
}

impl Cluster {
    /// The login that serves; a member of `chachu_serve`, which it makes.
    pub const SERVER: &str = "chachu_server";

    /// Starts a cluster for tests that do not care for the machine's power: nothing is synced.
    pub fn fast() -> Cluster {
        Cluster::start(&["fsync=off", "full_page_writes=off", "synchronous_commit=off"])
    }

    /// Starts a cluster that keeps what it acknowledged.
    pub fn durable() -> Cluster {
        Cluster::start(&[])
    }

    /// Starts a cluster with these settings besides the usual ones.
    pub fn start(settings: &[&str]) -> Cluster {
        let root = TempDir::with_prefix("chachu-pg-").unwrap().keep();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let data = root.join("data");
        fs::create_dir(&data).unwrap();
        give_to_postgres(&root);
        give_to_postgres(&data);
        let made = as_postgres(&program("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--no-sync", "--no-instructions", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let usual = ["listen_addresses=", "max_connections=200", "log_min_messages=fatal"];
        let options = usual.iter().chain(settings).map(|it| (*it).to_owned()).collect();
        let mut cluster = Cluster { root, options, keeper: None, databases: AtomicU32::new(0) };
        cluster.go_on();
        let mut admin = cluster.admin("postgres");
        admin
            .batch_execute(&format!(
                "CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE; CREATE ROLE chachu_serve NOLOGIN;
            CREATE ROLE {} LOGIN IN ROLE chachu_serve",
                Cluster::SERVER
            ))
            .unwrap();
        cluster
    }

    /// Starts the cluster again after [`Cluster::kill`].
    pub fn go_on(&mut self) {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(&self.root);
        command.args(PRIVILEGES.iter().filter(|_| is_root()));
        command.arg(program("postgres")).arg("-D").arg(self.root.join("data"));
        command.arg("-k").arg(&self.root);
        command.args(self.options.iter().flat_map(|option| ["-c", option]));
        let log = fs::File::create(self.root.join("log")).unwrap();
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let mut shell = command.spawn().unwrap();
        let input = shell.stdin.take();
        self.keeper = Some(Keeper { shell, input });
        let patience = Instant::now() + Duration::from_secs(60);
        while self.try_admin("postgres").is_err() {
            let log = || fs::read_to_string(self.root.join("log")).unwrap_or_default();
            assert!(Instant::now() < patience, "PostgreSQL does not start: {}", log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Kills the cluster as a crash would.
    pub fn kill(&mut self) {
        let pid = fs::read_to_string(self.root.join("data/postmaster.pid")).unwrap();
        let pid = pid.lines().next().unwrap();
        // The keeper must not remove the directory.
        if let Some(mut keeper) = self.keeper.take() {
            keeper.shell.kill().unwrap();
            keeper.shell.wait().unwrap();
        }
        let children = Command::new("pgrep").args(["-P", pid]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        let all: Vec<_> = std::iter::once(pid).chain(children.lines()).collect();
        // A child may have ended by itself meanwhile.
        Command::new("kill").arg("-KILL").args(&all).output().unwrap();
        let patience = Instant::now() + Duration::from_secs(30);
        while all.iter().any(|pid| is_running(pid)) {
            assert!(Instant::now() < patience, "PostgreSQL does not end");
            thread::sleep(Duration::from_millis(20));
        }
        // Where nobody asks how orphans ended, a dead process looks alive to the next one.
        for lock in ["data/postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"] {
            fs::remove_file(self.root.join(lock)).unwrap();
        }
    }

    /// An empty database; answers its name.
    pub fn empty(&self) -> String {
        self.database("template0")
    }

    /// A copy of a database, which nobody may be using; answers its name.
    pub fn database(&self, template: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let sql =
            format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER} STRATEGY FILE_COPY");
        self.admin("postgres").batch_execute(&sql).unwrap();
        name
    }

    /// Drops a database, whoever is using it.
    pub fn drop_database(&self, name: &str) {
        let dropped = self.try_admin("postgres");
        // A cluster that is down takes its databases with it.
        if let Ok(mut admin) = dropped {
            let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }

    /// The address for the role that owns the databases.
    pub fn as_owner(&self, database: &str) -> String {
        self.address(OWNER, database)
    }

    /// The address for the role that serves.
    pub fn as_server(&self, database: &str) -> String {
        self.address(Cluster::SERVER, database)
    }

    /// The address for a role.
    pub fn address(&self, user: &str, database: &str) -> String {
        let host = self.root.to_string_lossy().replace('/', "%2F");
        format!("postgres://{user}@{host}/{database}")
    }

    /// The directory in which its socket lies.
    pub fn socket(&self) -> &Path {
        &self.root
    }

    /// Somebody who may do everything, past the product.
    pub fn admin(&self, database: &str) -> Client {
        self.try_admin(database).unwrap()
    }

    fn try_admin(&self, database: &str) -> Result<Client, postgres::Error> {
        Client::connect(&self.address("postgres", database), NoTls)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.input = None;
            let _ = keeper.shell.wait();
        }
    }
}

/// PostgreSQL refuses to run as root.
const PRIVILEGES: [&str; 4] = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"];

fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let [setpriv, rest @ ..] = PRIVILEGES;
    let mut command = Command::new(setpriv);
    command.args(rest).arg(program);
    command
}

fn is_root() -> bool {
    number_of(&["-u"]) == 0
}

/// Whether a process does anything; one that nobody has asked about since it ended does not.
fn is_running(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z"))
}

fn give_to_postgres(path: &Path) {
    if is_root() {
        let (user, group) = (number_of(&["-u", "postgres"]), number_of(&["-g", "postgres"]));
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// What `id` says.
fn number_of(args: &[&str]) -> u32 {
    let Output { stdout, .. } = Command::new("id").args(args).output().unwrap();
    String::from_utf8(stdout).unwrap().trim().parse().unwrap()
}

/// A program of the newest PostgreSQL on this machine; Debian keeps them off the path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = versions.filter_map(|version| Some(version.ok()?.path().join("bin").join(name)));
    versions.filter(|path| path.is_file()).max().unwrap_or_else(|| PathBuf::from(name))
}
