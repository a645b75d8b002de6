//! Who visits a page, and what every page says of them.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use procedure::{
    Setting,
    directory::{Role, Staff},
    value::{DepartmentId, StaffId},
};

use super::{
    frame::{Frame, Who},
    trouble,
};
use crate::{
    no::{Denied, No},
    serve::{self, AppState},
    trail,
};

/// A page's visitor: signed in, with their own password.
pub(super) struct Visit {
    pub(super) state: AppState,
    pub(super) who: StaffId,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        Visit::of(state, &parts.headers).await.map_err(|no| {
            let next = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let next = if parts.method == Method::GET { next } else { "/" };
            trouble(Some(next), &no)
        })
    }
}

impl Visit {
    /// Who sends a request with these headers.
    pub(super) async fn of(state: &AppState, headers: &axum::http::HeaderMap) -> Result<Visit, No> {
        let me = serve::signed_in(state, headers).await?;
        if me.must_change {
            return Err(Denied::MustChangePassword.into());
        }
        Ok(Visit::new(state, &me.staff))
    }

    /// A visitor who may have nothing to do but change their password.
    pub(super) fn new(state: &AppState, who: &StaffId) -> Visit {
        Visit { state: state.clone(), who: who.clone() }
    }

    /// The frame of a page.
    pub(super) fn frame(&self, title: impl Into<String>, nav: &'static str) -> Frame {
        let directory = self.state.office.directory();
        let who = directory.staff(&self.who).map(|staff| Who {
            name: staff.name.to_string(),
            roles: roles(staff),
            department: directory
                .department(&staff.department)
                .map(|department| department.name.to_string())
                .unwrap_or_default(),
            is_clerk: staff.roles.contains(&Role::Clerk),
        });
        Frame { title: title.into(), nav, who, ..frame_of_nobody(&self.state, "") }
    }

    /// The department in which the visitor serves.
    pub(super) fn department(&self) -> DepartmentId {
        let directory = self.state.office.directory();
        let department = directory.staff(&self.who).map(|staff| staff.department.clone());
        department.unwrap_or(DepartmentId(String::new()))
    }

    /// Whether the visitor heads a department.
    pub(super) fn is_head(&self) -> bool {
        self.state.office.directory().staff(&self.who).is_some_and(Staff::is_head)
    }

    /// Everything outside a dossier of this department.
    pub(super) fn setting(&self, department: Option<&DepartmentId>) -> Setting {
        let own = self.department();
        self.state.office.setting(department.unwrap_or(&own))
    }

    /// The page that says why not.
    pub(super) fn trouble(&self, no: &No) -> Response {
        match no {
            No::Denied(denied)
                if !matches!(denied, Denied::NotSignedIn | Denied::MustChangePassword) =>
            {
                trouble::denied(self.frame(denied.message(), ""), denied)
            }
            no => trouble(None, no),
        }
    }
}

/// The frame of a page for who is not signed in.
pub(super) fn frame_of_nobody(state: &AppState, title: &str) -> Frame {
    let demo = state.demonstration.as_ref().map(|_| state.office.now().date());
    Frame { title: title.to_owned(), nav: "", who: None, demo }
}

/// 岗位, in words.
pub(super) fn roles(staff: &Staff) -> String {
    staff.roles.iter().map(|role| role.label()).collect::<Vec<_>>().join("、")
}

/// What is answered where there is no page to show; who is not signed in is led there, and then on to `next`.
pub(super) fn trouble(next: Option<&str>, no: &No) -> Response {
    if let No::Denied(denied) = no {
        trail::refused(denied);
    }
    match no {
        No::Denied(Denied::NotSignedIn) => {
            use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
            let next = utf8_percent_encode(next.unwrap_or("/"), NON_ALPHANUMERIC);
            Redirect::to(&format!("/sign-in?next={next}")).into_response()
        }
        No::Denied(Denied::MustChangePassword) => Redirect::to("/password").into_response(),
        no => super::no(no),
    }
}
