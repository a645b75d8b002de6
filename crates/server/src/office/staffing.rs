//! Who there is: departments, staff and units, and who may change that.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use procedure::{
    directory::{Directory, Event},
    value::{DepartmentId, StaffId},
};
use store::{Append, AppendError, NewEvent, Stream, Write, Writes};

use super::{
    ATTEMPTS, Office,
    known::{self, Snapshot},
};
use crate::{
    no::{Denied, No, Operation},
    trail,
};

/// Heads change their own department; everybody in it may list units.
pub(super) fn may_change(
    directory: &Directory,
    who: &StaffId,
    event: &Event,
) -> Result<(), Denied> {
    let serves = directory.staff(who).filter(|staff| !staff.roles.is_empty());
    let staff = serves.ok_or(Denied::NotAllowed("只有在职工作人员可以变更"))?;
    match event {
        Event::UnitListed(_) => Ok(()),
        _ if !staff.is_head() => Err(Denied::NotAllowed("人员、解读和式样由本部门负责人变更")),
        _ if concerned(directory, event).as_ref() != Some(&staff.department) => {
            Err(Denied::NotAllowed("只能变更本部门的人员、解读和式样"))
        }
        _ => Ok(()),
    }
}

/// The department whose staff or readings an event changes.
fn concerned(directory: &Directory, event: &Event) -> Option<DepartmentId> {
    match event {
        Event::Founded(_) | Event::UnitListed(_) => None,
        Event::Appointed(staff) => Some(staff.department.clone()),
        Event::Left(staff) => Some(directory.staff(staff)?.department.clone()),
        Event::ReadingSwitched { department, .. } => Some(department.clone()),
        Event::FormAdded(form) => Some(form.department.clone()),
    }
}

impl Office {
    /// Records events about the directory, all of them or none.
    pub(super) fn record_in_directory(&self, who: &StaffId, events: Vec<Event>) -> Result<(), No> {
        let clock = &self.inner.clock;
        self.record_in_directory_at(who, events, (clock.now(), clock.instant()))
    }

    /// The same, entered and recorded at a moment that the caller says.
    pub(super) fn record_in_directory_at(
        &self,
        who: &StaffId,
        events: Vec<Event>,
        (entered, recorded): (DateTime, i64),
    ) -> Result<(), No> {
        for _ in 0..ATTEMPTS {
            let Snapshot { directory, versions, changes } = self.inner.known.snapshot();
            let mut after = (*directory).clone();
            let mut writes = BTreeMap::<Stream, Write>::new();
            for event in &events {
                after.check(event).map_err(Denied::Malformed)?;
                after.apply(event.clone());
                let stream = stream(&after, who, event);
                let version = versions.get(&stream).copied().unwrap_or(0);
                let new = new_directory_event(who, event, entered)?;
                let empty = || Write {
                    stream: stream.clone(),
                    version,
                    events: Vec::new(),
                    setting: String::new(),
                };
                writes.entry(stream.clone()).or_insert_with(empty).events.push(new);
            }
            let streams = writes.into_values().collect();
            let appended = self.inner.store.append(append(streams, changes, recorded));
            if appended.is_ok() {
                trail::recorded();
            }
            match appended {
                Ok(_) => return self.refresh(),
                Err(AppendError::Conflict { .. } | AppendError::Refused(Moved)) => {
                    self.refresh()?;
                }
                Err(AppendError::Full) => return Err(Denied::Full.into()),
                Err(AppendError::KeyReused) => return Err(Denied::KeyReused.into()),
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Denied::Busy.into())
    }
}

/// The directory is not what the change was checked against.
struct Moved;

/// Appends a change that was checked against the directory after so many changes.
///
/// All of the directory is what it rests on, and the next number says that none of it moved.
fn append(mut streams: Vec<Write>, changes: u64, recorded: i64) -> Append<Moved> {
    Append {
        reads: Vec::new(),
        writes: streams.iter().map(|write| write.stream.clone()).collect(),
        series: vec![known::SERIES.to_owned()],
        key: None,
        recorded,
        write: Box::new(move |numbers| {
            let change = numbers.next(known::SERIES);
            if change != changes + 1 {
                return Err(Moved);
            }
            streams.iter_mut().for_each(|write| write.setting = known::noted(change));
            Ok(Writes { streams, ..Writes::default() })
        }),
    }
}

fn new_directory_event(who: &StaffId, event: &Event, entered: DateTime) -> Result<NewEvent, No> {
    let payload = serde_json::to_vec(event).map_err(|error| No::Fault(Operation::log(&error)))?;
    Ok(NewEvent {
        kind: kind(event).to_owned(),
        who: who.to_string(),
        entered: entered.to_string(),
        payload,
        blobs: Vec::new(),
    })
}

/// Departments and what the system lists belong to the nation, all else to its department.
fn stream(directory: &Directory, who: &StaffId, event: &Event) -> Stream {
    let department = match event {
        Event::UnitListed(_) => directory.staff(who).map(|staff| staff.department.clone()),
        event => concerned(directory, event),
    };
    department.map_or_else(Stream::nation, |id| Stream::department(&id.0))
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Founded(_) => "founded",
        Event::Appointed(_) => "appointed",
        Event::Left(_) => "left",
        Event::UnitListed(_) => "unit_listed",
        Event::ReadingSwitched { .. } => "reading_switched",
        Event::FormAdded(_) => "form_added",
    }
}
