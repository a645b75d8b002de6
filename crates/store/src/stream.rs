//! Names of streams.

use std::fmt;

/// The name of a stream: one ordered, hash-chained list of events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stream(String);

impl Stream {
    /// The stream with exactly this name.
    pub fn named(name: impl Into<String>) -> Stream {
        Stream(name.into())
    }

    /// 案卷. The events of one dossier.
    pub fn dossier(id: &str) -> Stream {
        Stream(format!("dossier/{id}"))
    }

    /// 保密行政管理部门. Staff, roles and units of one department.
    pub fn department(id: &str) -> Stream {
        Stream(format!("department/{id}"))
    }

    /// 人员. The engagements of one person.
    pub fn person(id: &str) -> Stream {
        Stream(format!("person/{id}"))
    }

    /// 全国. The tree of departments, holiday tables, law and forms.
    pub fn nation() -> Stream {
        Stream("nation".to_owned())
    }

    /// 审计. Views and denials of one node on one day.
    pub fn audit(node: &str, date: &str) -> Stream {
        Stream(format!("audit/{node}/{date}"))
    }

    /// The id of the dossier whose stream this is.
    pub fn dossier_id(&self) -> Option<&str> {
        self.0.strip_prefix("dossier/")
    }

    /// The name as it stands in headers.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
