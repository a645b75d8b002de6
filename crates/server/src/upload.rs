//! 上传. Files on their way into the vault: they arrive in chunks and are never in memory as a whole.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, Read},
    pin::Pin,
};

use axum::body::{Body, Bytes, HttpBody};
use procedure::value::File;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    no::{Denied, No, Operation},
    office::Office,
    serve::blocking,
    trail,
};

/// How many chunks wait for the disk.
const WAITING: usize = 4;

/// A file that is being taken into the vault.
pub(crate) struct Upload {
    chunks: mpsc::Sender<io::Result<Bytes>>,
    put: JoinHandle<Result<File, No>>,
}

impl Upload {
    /// Begins to take a file in.
    pub(crate) fn begin(office: Office, name: String) -> Upload {
        let (chunks, receiver) = mpsc::channel(WAITING);
        let source = Chunks { receiver, current: Bytes::new() };
        let put = tokio::spawn(blocking(move || office.vault_put(&name, source)));
        Upload { chunks, put }
    }

    /// Takes a chunk; answers whether more are wanted. What came before a broken one is no file.
    pub(crate) async fn push<E>(&mut self, chunk: Result<Bytes, E>) -> bool {
        let chunk = chunk.map_err(|_| io::Error::from(ErrorKind::UnexpectedEof));
        let broken = chunk.is_err();
        self.chunks.send(chunk).await.is_ok() && !broken
    }

    /// Says that all came.
    pub(crate) async fn end(self) -> Result<File, No> {
        drop(self.chunks);
        self.put.await.map_err(|error| No::Fault(Operation::log(&error)))?
    }
}

/// Takes the whole body of a request in as one file.
pub(crate) async fn store(office: Office, name: String, mut body: Body) -> Result<File, No> {
    let mut upload = Upload::begin(office, name);
    let (mut wanted, mut length) = (true, 0);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let chunk = frame.map(|frame| frame.into_data().unwrap_or_default());
        let broken = chunk.is_err();
        length += chunk.as_ref().map_or(0, Bytes::len);
        // When the vault has had enough, the rest is heard without being kept.
        wanted = wanted && upload.push(chunk).await;
        if broken || (!wanted && length > READ_OUT) {
            break;
        }
    }
    let file = upload.end().await?;
    trail::about("sm3", &file.sm3);
    Ok(file)
}

/// The longest body that is read to its end although it is not taken, in bytes.
const READ_OUT: usize = 64 * 1024 * 1024;

/// Takes a body of at most `limit` bytes; a longer one is still read, so that its sender hears why not.
pub(crate) async fn small(mut body: Body, limit: usize) -> Result<Vec<u8>, Denied> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Denied::Malformed("请求内容没有传完".to_owned()))?;
        let chunk = frame.into_data().unwrap_or_default();
        length += chunk.len();
        match length {
            length if length <= limit => bytes.extend_from_slice(&chunk),
            length if length <= READ_OUT => bytes.clear(),
            _ => break,
        }
    }
    if length > limit { Err(Denied::TooLarge) } else { Ok(bytes) }
}

/// The chunks of an upload, read by a thread that blocks.
struct Chunks {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    current: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                Some(chunk) => self.current = chunk?,
                None => return Ok(0),
            }
        }
        let length = self.current.len().min(buffer.len());
        let taken = self.current.split_to(length);
        buffer.iter_mut().zip(taken).for_each(|(to, from)| *to = from);
        Ok(length)
    }
}
