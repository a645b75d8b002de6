//! Work in numbered parts, done by several threads, that ends as if one had done it in order.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::Stop;
use crate::Fault;

/// What a part came to, and whether it came to its end.
pub(super) type Done<T> = (T, Result<(), Stop>);

/// Which parts are begun first; what is found does not depend on it.
#[derive(Clone, Copy)]
pub(super) enum First {
    Early,
    /// The last part is known to be the longest.
    Late,
}

/// Does the parts on all readers. Answers what those before the first bad one came to, that one
/// included, and why it stopped: parts behind it may not even have been begun.
pub(super) fn share<R: Send, T: Send>(
    readers: &mut [R],
    parts: usize,
    first: First,
    work: impl Fn(&mut R, usize) -> Done<T> + Sync,
) -> (Vec<T>, Result<(), Stop>) {
    let next = AtomicUsize::new(0);
    let bad = AtomicUsize::new(usize::MAX);
    let run = |reader: &mut R| {
        let mut all = Vec::new();
        loop {
            let begun = next.fetch_add(1, Ordering::Relaxed);
            if begun >= parts {
                break all;
            }
            let part = match first {
                First::Early => begun,
                First::Late => parts - 1 - begun,
            };
            if part > bad.load(Ordering::Relaxed) {
                continue;
            }
            let (done, ended) = work(reader, part);
            if ended.is_err() {
                bad.fetch_min(part, Ordering::Relaxed);
            }
            all.push((part, done, ended));
        }
    };
    let mut all = Vec::new();
    let mut ended = Ok(());
    thread::scope(|scope| {
        let (own, others) = match readers.split_first_mut() {
            Some(split) => split,
            None => return ended = Err(Stop::Fault(Fault::Closed)),
        };
        let run = &run;
        let threads: Vec<_> =
            others.iter_mut().map(|reader| scope.spawn(move || run(reader))).collect();
        all.append(&mut run(own));
        for thread in threads {
            match thread.join() {
                Ok(mut done) => all.append(&mut done),
                Err(_) => ended = Err(Stop::Fault(Fault::Panicked)),
            }
        }
    });
    if ended.is_err() {
        return (Vec::new(), ended);
    }
    all.sort_unstable_by_key(|(part, ..)| *part);
    let mut done = Vec::with_capacity(all.len());
    for (_, one, how) in all {
        done.push(one);
        if how.is_err() {
            return (done, how);
        }
    }
    (done, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Bad;

    fn bad(part: usize) -> Stop {
        Stop::Bad(Bad { stream: None, version: Some(part as u64), what: String::new() })
    }

    #[test]
    fn the_first_bad_part_is_named_whichever_is_done_first() {
        for first in [First::Early, First::Late] {
            for threads in 1..=8 {
                let mut readers = vec![(); threads];
                let (done, ended) = share(&mut readers, 100, first, |(), part| {
                    // Later parts are quicker, so that they are found bad before.
                    thread::sleep(std::time::Duration::from_micros(100 - part as u64));
                    (part, if part % 30 == 17 { Err(bad(part)) } else { Ok(()) })
                });
                let Err(Stop::Bad(found)) = ended else { panic!("nothing was found") };
                assert_eq!(found.version, Some(17));
                assert_eq!(done, (0..=17).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn every_part_is_done_once_and_in_order() {
        let (done, ended) =
            share(&mut [(), (), ()], 1_000, First::Early, |(), part| (part, Ok(())));
        assert!(ended.is_ok());
        assert_eq!(done, (0..1_000).collect::<Vec<_>>());
        let (none, _) = share(&mut [()], 0, First::Early, |(), part| (part, Ok(())));
        assert!(none.is_empty());
    }

    #[test]
    fn a_thread_that_panics_is_a_fault() {
        let (_, ended) = share(&mut [(), ()], 9, First::Early, |(), part| {
            thread::sleep(std::time::Duration::from_millis(1));
            assert!(thread::current().name().is_some(), "only the spawned thread has no name");
            (part, Ok(()))
        });
        assert!(matches!(ended, Err(Stop::Fault(Fault::Panicked))));
    }
}
