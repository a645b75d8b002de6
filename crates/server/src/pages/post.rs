//! What a browser posts: names and texts, and files that are in the vault before anything is decided.

use std::{collections::BTreeMap, convert::Infallible, future::poll_fn, pin::Pin};

use axum::{
    body::HttpBody,
    extract::{FromRequest, Multipart, Request, multipart::Field},
    http::header,
};
use procedure::value::{Answer, Value};

use crate::{
    no::{Denied, No},
    office::Office,
    upload::Upload,
};

/// The longest texts of a form, in bytes; files are counted apart.
const TEXT_LIMIT: usize = 16 * 1024 * 1024;

/// A posted form.
#[derive(Default)]
pub(super) struct Posted {
    pairs: Vec<(String, String)>,
    files: BTreeMap<String, Answer>,
    /// Why files that were sent along are not in the vault.
    lost: Option<No>,
    has_lost_files: bool,
}

impl Posted {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn urlencoded(body: &[u8]) -> Posted {
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut half = || decode(halves.next().unwrap_or_default());
            (half(), half())
        });
        Posted { pairs: pairs.collect(), ..Posted::default() }
    }

    /// Writes the texts as `application/x-www-form-urlencoded`.
    pub(super) fn to_urlencoded(&self) -> String {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode as encode};
        let pairs = self.pairs.iter().map(|(name, value)| {
            format!("{}={}", encode(name, NON_ALPHANUMERIC), encode(value, NON_ALPHANUMERIC))
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Whether files were sent along that are not in the vault.
    pub(super) fn has_lost_files(&self) -> bool {
        self.has_lost_files
    }

    /// What stands against the files, taken out.
    pub(super) fn take_lost(&mut self) -> Option<No> {
        self.lost.take()
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
    let mut posted = read_texts(request, office).await?;
    posted.take_lost().map_or(Ok(posted), Err)
}

/// The same; where only files could not be kept, the texts are answered with what stands against them.
pub(super) async fn read_texts(request: Request, office: Option<&Office>) -> Result<Posted, No> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let multipart = Multipart::from_request(request, &()).await;
        return read_parts(multipart.map_err(|_| incomplete())?, office).await;
    }
    let mut body = request.into_body();
    let mut bytes = Vec::new();
    let mut fits = true;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(chunk) = frame.map_err(|_| incomplete())?.into_data() else { continue };
        fits = fits && bytes.len() + chunk.len() <= TEXT_LIMIT;
        // The rest is heard without being kept: a browser that is cut short shows no answer.
        if fits {
            bytes.extend_from_slice(&chunk);
        }
    }
    if fits { Ok(Posted::urlencoded(&bytes)) } else { Err(Denied::TooLarge.into()) }
}

async fn read_parts(mut parts: Multipart, office: Option<&Office>) -> Result<Posted, No> {
    let mut posted = Posted::default();
    let mut length = 0;
    while let Some(mut part) = parts.next_field().await.map_err(|_| incomplete())? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file_name) => {
                // What is too large is heard to its end too.
                match store(&file_name, part, office).await {
                    Ok(Some(file)) => drop(posted.files.insert(name, file)),
                    Ok(None) => posted.has_lost_files |= office.is_none() && !file_name.is_empty(),
                    Err(no) => (posted.has_lost_files, posted.lost) = (true, Some(no)),
                }
            }
            None => {
                let mut text = Vec::new();
                while let Some(chunk) = part.chunk().await.map_err(|_| incomplete())? {
                    length += chunk.len();
                    if length <= TEXT_LIMIT {
                        text.extend_from_slice(&chunk);
                    }
                }
                posted.push(name, String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
    if length > TEXT_LIMIT { Err(Denied::TooLarge.into()) } else { Ok(posted) }
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
    let mut upload = Upload::begin(office.clone(), name.to_owned());
    let mut wanted = upload.push(Ok::<_, Infallible>(first)).await;
    while let Some(chunk) = part.chunk().await.transpose() {
        let broken = chunk.is_err();
        // When the vault has had enough, the rest is heard without being kept.
        wanted = wanted && upload.push(chunk).await;
        if broken {
            break;
        }
    }
    Ok(Some(upload.end().await?.write()))
}
