//! What a browser posts: names and texts, and files that are in the vault before anything is decided.

use std::{collections::BTreeMap, io::Read};

use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::header,
};
use procedure::value::{Answer, Value};
use tokio::sync::mpsc;

use crate::{
    no::{Denied, No},
    office::Office,
    serve::blocking,
};

/// The longest texts of a form, in bytes; files are counted apart.
const TEXT_LIMIT: usize = 16 * 1024 * 1024;

/// A posted form.
#[derive(Default)]
pub(super) struct Posted {
    pairs: Vec<(String, String)>,
    files: BTreeMap<String, Answer>,
}

impl Posted {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn urlencoded(body: &[u8]) -> Posted {
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || decode(halves.next().unwrap_or_default());
            (half(), half())
        });
        Posted { pairs: pairs.collect(), files: BTreeMap::new() }
    }

    /// Writes the texts as `application/x-www-form-urlencoded`.
    pub(super) fn to_urlencoded(&self) -> String {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode as encode};
        let pairs = self.pairs.iter().map(|(name, value)| {
            format!("{}={}", encode(name, NON_ALPHANUMERIC), encode(value, NON_ALPHANUMERIC))
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Adds a text.
    pub(super) fn push(&mut self, name: String, value: String) {
        self.pairs.push((name, value));
    }

    /// Every text with its name, in the order of the form.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every text of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The first text of this name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The file of this field.
    pub(super) fn file(&self, name: &str) -> Option<&Answer> {
        self.files.get(name)
    }
}

fn decode(text: &[u8]) -> String {
    let spaced: Vec<u8> = text.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_encoding::percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// Reads what was posted; files go into the vault of the office, or nowhere without one.
pub(super) async fn read(request: Request, office: Option<&Office>) -> Result<Posted, No> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let multipart = Multipart::from_request(request, &()).await;
        return read_parts(multipart.map_err(|_| incomplete())?, office).await;
    }
    let body = to_bytes(request.into_body(), TEXT_LIMIT).await.map_err(|_| Denied::TooLarge)?;
    Ok(Posted::urlencoded(&body))
}

async fn read_parts(mut parts: Multipart, office: Option<&Office>) -> Result<Posted, No> {
    let mut posted = Posted::default();
    let mut left = TEXT_LIMIT;
    while let Some(mut part) = parts.next_field().await.map_err(|_| incomplete())? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file_name) => {
                if let Some(file) = store(&file_name, part, office).await? {
                    posted.files.insert(name, file);
                }
            }
            None => {
                let mut text = Vec::new();
                while let Some(chunk) = part.chunk().await.map_err(|_| incomplete())? {
                    left = left.checked_sub(chunk.len()).ok_or(Denied::TooLarge)?;
                    text.extend_from_slice(&chunk);
                }
                posted.push(name, String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
    Ok(posted)
}

fn incomplete() -> Denied {
    Denied::Malformed("提交的内容没有传完，或者不完整".to_owned())
}

/// Streams a file into the vault; a field in which none was chosen has neither name nor bytes.
async fn store(
    name: &str,
    mut part: Field<'_>,
    office: Option<&Office>,
) -> Result<Option<Answer>, No> {
    let first = part.chunk().await.map_err(|_| incomplete())?.unwrap_or_default();
    let (Some(office), false) = (office, name.is_empty() && first.is_empty()) else {
        while part.chunk().await.map_err(|_| incomplete())?.is_some() {}
        return Ok(None);
    };
    let (office, name) = (office.clone(), name.to_owned());
    let (sender, receiver) = mpsc::channel(4);
    let put = tokio::spawn(blocking(move || {
        office.vault_put(&name, Chunks { receiver, current: first })
    }));
    let mut complete = Ok(());
    while let Some(chunk) = part.chunk().await.transpose() {
        // What came before a chunk that failed must not be taken for the whole.
        let chunk = chunk.map_err(|_| std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        let broken = chunk.is_err();
        if broken {
            complete = Err(incomplete());
        }
        // The vault stops listening when it has had enough.
        if sender.send(chunk).await.is_err() || broken {
            break;
        }
    }
    drop(sender);
    let file = put.await.map_err(|error| No::Fault(crate::no::Operation::log(&error)))?;
    complete?;
    Ok(Some(file?.write()))
}

/// The chunks of an upload, read by a thread that blocks.
struct Chunks {
    receiver: mpsc::Receiver<std::io::Result<Bytes>>,
    current: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
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
