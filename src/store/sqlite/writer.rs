//! The one thread that writes. It takes every call that waits, runs them all in one transaction and answers after its
//! commit, so that any number of calls share one wait for the disk.

use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, iter};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use super::batch::Batch;
use super::rows::fault;
use crate::store::StoreFault;

/// The most calls of one transaction; it bounds how long the first of them waits for the last.
pub(super) const BATCH: usize = 256;

/// The most calls that wait; further callers are told to come back.
pub(super) const QUEUE: usize = 4096;

/// One step of the writer's patience.
const STEP: Duration = Duration::from_micros(400);

/// The most steps before a commit.
const STEPS: usize = 8;

/// So many calls are worth a commit, unless the last batch had more.
const ENOUGH: usize = 32;

/// The way to the thread. Dropping it lets the thread finish what waits, close the file, and end.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Hands the connection to a new thread.
    pub(super) fn start(connection: Connection) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || write(connection, waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// What the verb says, once everything that it has written is durable.
    pub(super) async fn run<T, V>(&self, verb: V) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        V: FnMut(&mut Batch<'_>) -> Result<T, StoreFault> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreFault::Closed)?;
        queue.try_send(Box::new(Call { verb, outcome: None, caller })).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreFault::Full,
            TrySendError::Closed(_) => StoreFault::Closed,
        })?;
        answer.await.map_err(|_| StoreFault::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn write(mut connection: Connection, mut queue: mpsc::Receiver<Box<dyn Work>>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut last = 0;
    while gather(&mut queue, &mut batch, last) {
        last = batch.len();
        let committed = commit(&mut connection, &mut batch);
        for work in batch.drain(..) {
            work.answer(&committed);
        }
    }
    // Nobody is left to hear of a failure: the log stays beside the file, and the next start reads it.
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").ok();
}

/// Takes what waits, at least one call; `false` when no more will come.
///
/// A commit costs the machine several times what a call costs, so the writer is patient where callers come together: it waits
/// in short steps for as long as each step brings another call, or those of the last batch are not all back. A lone caller
/// never waits.
fn gather(queue: &mut mpsc::Receiver<Box<dyn Work>>, batch: &mut Vec<Box<dyn Work>>, last: usize) -> bool {
    queue.blocking_recv_many(batch, BATCH);
    for _ in 0..STEPS {
        let waiting = batch.len();
        if last <= 1 || (waiting >= ENOUGH && waiting >= last) || waiting == BATCH {
            break;
        }
        thread::sleep(STEP);
        batch.extend(iter::from_fn(|| queue.try_recv().ok()).take(BATCH - waiting));
        if batch.len() == waiting {
            break;
        }
    }
    !batch.is_empty()
}

/// Runs the whole batch, or changes nothing: dropping the transaction rolls it back.
fn commit(connection: &mut Connection, batch: &mut [Box<dyn Work>]) -> Result<(), StoreFault> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = begun.map_err(|error| fault(&error))?;
    let mut ledger = Batch::on(&transaction)?;
    for work in batch {
        work.run(&mut ledger)?;
    }
    transaction.commit().map_err(|error| fault(&error))
}

/// A call that waits.
trait Work: Send {
    /// Runs the verb and keeps its outcome. An error condemns the whole batch.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreFault>;

    /// Answers the caller: with the outcome if the batch was committed, else with its fault.
    fn answer(self: Box<Self>, committed: &Result<(), StoreFault>);
}

struct Call<T, V> {
    verb: V,
    outcome: Option<Result<T, StoreFault>>,
    caller: oneshot::Sender<Result<T, StoreFault>>,
}

impl<T, V> Work for Call<T, V>
where
    T: Send,
    V: FnMut(&mut Batch<'_>) -> Result<T, StoreFault> + Send,
{
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreFault> {
        match (self.verb)(batch) {
            // Verbs read before they write, so one that could not read has left nothing behind.
            outcome @ (Ok(_) | Err(StoreFault::Unreadable(_))) => self.outcome = Some(outcome),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    fn answer(self: Box<Self>, committed: &Result<(), StoreFault>) {
        let outcome = self.outcome.unwrap_or(Err(StoreFault::Closed));
        // A caller that has gone away does not mind.
        self.caller.send(committed.clone().and(outcome)).ok();
    }
}
