//! A wire between a node and its database, which can be cut after any byte.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// To the database, and from it.
const WAYS: usize = 2;

/// The message that ends a transaction: its kind, its length, and the statement.
pub const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

#[derive(Default)]
struct State {
    passed: [usize; WAYS],
    /// The way and the byte after which every connection is cut, once.
    cut: Option<(usize, usize)>,
    /// So many bytes into the next message that says COMMIT everything is cut, once.
    cut_in_commit: Option<usize>,
    cuts: usize,
    /// How long nobody gets through after the cut.
    outage: Duration,
    down_until: Option<Instant>,
    open: Vec<(TcpStream, UnixStream)>,
}

pub struct Wire {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Wire {
    /// Begins to listen for a database's socket.
    pub fn to(socket: &Path) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let (shared, socket) = (state.clone(), socket.to_owned());
        thread::spawn(move || accept(&listener, &socket, &shared));
        Wire { port, state }
    }

    /// The address of a database, over this wire.
    pub fn url(&self, url: &str) -> String {
        let (start, rest) = url.split_once('@').unwrap();
        let (_, database) = rest.rsplit_once('/').unwrap();
        format!("{start}@127.0.0.1:{}/{database}", self.port)
    }

    /// Begins to count.
    pub fn count(&self) {
        self.state.lock().unwrap().passed = [0; WAYS];
    }

    /// How many bytes passed on each way since.
    pub fn counted(&self) -> [usize; WAYS] {
        self.state.lock().unwrap().passed
    }

    /// Cuts everything once so many bytes have passed on a way; then nobody gets through for a while.
    pub fn cut(&self, way: usize, after: usize, outage: Duration) {
        let mut state = self.state.lock().unwrap();
        (state.passed, state.cut, state.outage) = ([0; WAYS], Some((way, after)), outage);
    }

    /// Cuts everything once, so many bytes into the next message that says COMMIT.
    pub fn cut_in_commit(&self, after: usize) {
        let mut state = self.state.lock().unwrap();
        (state.cut_in_commit, state.outage) = (Some(after), Duration::ZERO);
    }

    /// Cuts no more.
    pub fn mend(&self) {
        let mut state = self.state.lock().unwrap();
        (state.cut, state.cut_in_commit, state.down_until) = (None, None, None);
    }

    /// How often it was cut.
    pub fn cuts(&self) -> usize {
        self.state.lock().unwrap().cuts
    }
}

fn accept(listener: &TcpListener, socket: &Path, state: &Arc<Mutex<State>>) {
    for node in listener.incoming().map_while(Result::ok) {
        let down = state.lock().unwrap().down_until;
        if down.is_some_and(|until| Instant::now() < until) {
            continue;
        }
        // The database may be away.
        let Ok(database) = UnixStream::connect(socket) else { continue };
        let _ = node.set_nodelay(true);
        let both = (node.try_clone().unwrap(), database.try_clone().unwrap());
        state.lock().unwrap().open.push(both);
        let ends = Arc::new((node.try_clone().unwrap(), database.try_clone().unwrap()));
        let (up, down, other) = (state.clone(), state.clone(), ends.clone());
        let (node_too, database_too) = (node.try_clone().unwrap(), database.try_clone().unwrap());
        thread::spawn(move || {
            pass(node, database, 0, &up);
            close(&ends);
        });
        thread::spawn(move || {
            pass(database_too, node_too, 1, &down);
            close(&other);
        });
    }
}

/// What one end closed is closed for the other.
fn close((node, database): &(TcpStream, UnixStream)) {
    let _ = (node.shutdown(Shutdown::Both), database.shutdown(Shutdown::Both));
}

/// Passes bytes on until an end closes or the wire is cut.
fn pass(mut from: impl Read, mut to: impl Write, way: usize, state: &Mutex<State>) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        let mut state = state.lock().unwrap();
        let commit = bytes[..read].windows(COMMIT.len()).position(|part| part == COMMIT);
        let left = match (state.cut, state.cut_in_commit, commit) {
            (Some((cut, after)), ..) if cut == way => after.saturating_sub(state.passed[way]),
            (_, Some(after), Some(at)) if way == 0 => at + after,
            _ => usize::MAX,
        };
        let whole = read < left;
        state.passed[way] += read.min(left);
        if to.write_all(&bytes[..read.min(left)]).is_err() {
            return;
        }
        if !whole {
            (state.cut, state.cut_in_commit, state.cuts) = (None, None, state.cuts + 1);
            state.down_until = Some(Instant::now() + state.outage);
            state.open.drain(..).for_each(|ends| close(&ends));
            return;
        }
    }
}
