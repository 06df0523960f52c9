//! Connections that only read. They see what was committed last and never wait for the writer.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::rows::fault;
use crate::store::StoreFault;

/// A few connections, each used by one query at a time.
pub(super) struct Readers {
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// The pool of these connections.
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let places = Arc::new(Semaphore::new(connections.len()));
        Self { places, idle: Arc::new(Mutex::new(connections)) }
    }

    /// What a query of several statements answers, all of them about one moment.
    pub(super) async fn read_whole<T, Q>(&self, query: Q) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> Result<T, StoreFault> + Send + 'static,
    {
        self.read(|connection| {
            let snapshot = connection.unchecked_transaction().map_err(|error| fault(&error))?;
            query(&snapshot)
        })
        .await
    }

    /// What the query answers, from a thread that may wait for the disk.
    pub(super) async fn read<T, Q>(&self, query: Q) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        Q: FnOnce(&Connection) -> Result<T, StoreFault> + Send + 'static,
    {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| StoreFault::Closed)?;
        let idle = Arc::clone(&self.idle);
        let answer = spawn_blocking(move || {
            let connection = take(&idle).ok_or(StoreFault::Closed)?;
            let answer = query(&connection);
            put(&idle, connection);
            drop(place);
            answer
        });
        answer.await.map_err(|_| StoreFault::Closed)?
    }
}

fn take(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn put(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
}
