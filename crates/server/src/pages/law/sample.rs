//! 情景. A scenario of the product, as it was written: what a rule means, shown by acts and their results.

use askama::Template;

use super::Frame;
use crate::samples;

#[derive(Template)]
#[template(path = "scenario.html")]
pub(super) struct SamplePage {
    frame: Frame,
    name: String,
    text: String,
}

impl SamplePage {
    pub(super) fn new(frame: Frame, name: &str) -> Option<SamplePage> {
        let text = samples::text(name)?;
        Some(SamplePage { frame, name: name.to_owned(), text })
    }
}
