//! A kept ledger: what a block changed reaches the disk as a whole or not at all.
//!
//! The engine writes every account, index and transaction to SQLite as it goes, each for itself; killed in between it would come back with accounts
//! whose transaction it does not know. So its stores are wrapped: what changes stays in memory, and at the end of every block, while the
//! engine still holds its lock, all of it is written in one SQLite transaction. An account that a block changes many times is written once.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use anyhow::{anyhow, Context, Result};
use diesel::{
    connection::SimpleConnection, result::Error as SqlError, sql_query, sql_types::Text, Connection, RunQueryDsl,
    SqliteConnection,
};
use serde::{de::DeserializeOwned, Serialize};
use surfpool_core::{
    storage::{Storage, StorageError, StorageFifoMap, StorageHashMap, StorageResult},
    surfnet::svm::SurfnetSvm,
};

/// How the engine's errors call this kind of store.
const KIND: &str = "SQLite";
/// How long a commit waits for a reader that has the file locked.
const BUSY: Duration = Duration::from_secs(5);

/// All that changed since the last block, and the file that it goes to.
pub(crate) struct Ledger {
    path: String,
    network: String,
    connection: Mutex<Option<SqliteConnection>>,
    stores: Vec<Box<dyn Unsaved>>,
}

impl Ledger {
    /// Puts memory between the engine and its stores in the file `path`, where it is called `network`.
    pub(crate) fn attach(svm: &mut SurfnetSvm, path: &str, network: &str) -> Result<Arc<Self>> {
        let accounts = svm.inner.db.as_mut().context("the engine keeps no accounts on disk")?;
        let mut stores: Vec<Box<dyn Unsaved>> = vec![
            buffer("accounts", accounts),
            buffer("blocks", &mut svm.blocks),
            buffer("transactions", &mut svm.transactions),
            buffer("jito_bundles", &mut svm.jito_bundles),
            buffer("accounts_by_owner", &mut svm.accounts_by_owner),
            buffer("account_associated_data", &mut svm.account_associated_data),
            buffer("token_accounts", &mut svm.token_accounts),
            buffer("token_mints", &mut svm.token_mints),
            buffer("token_accounts_by_owner", &mut svm.token_accounts_by_owner),
            buffer("token_accounts_by_delegate", &mut svm.token_accounts_by_delegate),
            buffer("token_accounts_by_mint", &mut svm.token_accounts_by_mint),
            buffer("registered_idls", &mut svm.registered_idls),
            buffer("streamed_accounts", &mut svm.streamed_accounts),
            buffer("offline_accounts", &mut svm.offline_accounts),
            buffer("slot_checkpoint", &mut svm.slot_checkpoint),
        ];
        // Profiles hold every account before and after: gigabytes for the upload of a program. They are kept as without a ledger.
        svm.profile_tag_map = Box::new(StorageHashMap::new());
        svm.simulated_transaction_profiles = Box::new(StorageHashMap::new());
        svm.executed_transaction_profiles = Box::new(StorageFifoMap::new(svm.max_profiles));
        let overrides = Buffered::of("scheduled_overrides", svm.scheduled_overrides.clone());
        stores.push(Box::new(overrides.unsaved.clone()));
        let ledger = Arc::new(Self {
            path: path.to_owned(),
            network: network.to_owned(),
            connection: Mutex::new(None),
            stores,
        });
        // What the engine asks for last in a block, whatever was in it.
        svm.scheduled_overrides = Box::new(Buffered {
            block_end: Some(Arc::clone(&ledger)),
            ..overrides
        });
        Ok(ledger)
    }

    /// Writes what changed since the last time. When it cannot be written it is kept for the next time.
    fn commit(&self) -> StorageResult<()> {
        let mut rows = Vec::new();
        for store in &self.stores {
            store.add_rows(&mut rows)?;
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut connection = lock(&self.connection);
        let open = match connection.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        let open = connection.insert(open);
        open.immediate_transaction(|open| rows.iter().try_for_each(|row| row.write(open, &self.network)))
            .map_err(|error| StorageError::store("all", KIND, "*changes*", error))?;
        for store in &self.stores {
            store.forget();
        }
        Ok(())
    }

    /// Writes the rest after the engine has ended. It has taken the write-ahead file away by then, so the file is opened anew.
    pub(crate) fn close(&self) -> Result<()> {
        lock(&self.connection).take();
        let committed = self.commit();
        lock(&self.connection).take();
        committed.map_err(|error| anyhow!("the ledger's last changes cannot be written: {error}"))
    }

    fn connect(&self) -> StorageResult<SqliteConnection> {
        let failed = |error| StorageError::store("all", KIND, &self.path, error);
        let mut connection = SqliteConnection::establish(&self.path)
            .map_err(|error| failed(SqlError::QueryBuilderError(error.into())))?;
        connection
            .batch_execute(&format!(
                "PRAGMA busy_timeout = {}; PRAGMA synchronous = NORMAL;",
                BUSY.as_millis()
            ))
            .map_err(failed)?;
        Ok(connection)
    }
}

/// A changed entry as the engine writes it: JSON, and nothing for one that is gone.
struct Row {
    table: &'static str,
    key: String,
    value: Option<String>,
}

impl Row {
    fn write(&self, connection: &mut SqliteConnection, network: &str) -> Result<(), SqlError> {
        let table = self.table;
        match &self.value {
            Some(value) => sql_query(format!(
                "INSERT OR REPLACE INTO {table} (surfnet_id, key, value, updated_at) VALUES (?, ?, ?, CURRENT_TIMESTAMP)"
            ))
            .bind::<Text, _>(network)
            .bind::<Text, _>(&self.key)
            .bind::<Text, _>(value)
            .execute(connection),
            None => sql_query(format!("DELETE FROM {table} WHERE surfnet_id = ? AND key = ?"))
                .bind::<Text, _>(network)
                .bind::<Text, _>(&self.key)
                .execute(connection),
        }
        .map(|_| ())
    }
}

/// What one store has not written yet.
trait Unsaved: Send + Sync {
    fn add_rows(&self, rows: &mut Vec<Row>) -> StorageResult<()>;
    fn forget(&self);
}

/// Changed entries of one store; `None` for one that is gone.
struct Changes<K, V> {
    table: &'static str,
    entries: Arc<RwLock<HashMap<K, Option<V>>>>,
}

impl<K, V> Clone for Changes<K, V> {
    fn clone(&self) -> Self {
        Self {
            table: self.table,
            entries: Arc::clone(&self.entries),
        }
    }
}

impl<K, V> Changes<K, V> {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, Option<V>>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, Option<V>>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Unsaved for Changes<K, V>
where
    K: Serialize + Send + Sync,
    V: Serialize + Send + Sync,
{
    fn add_rows(&self, rows: &mut Vec<Row>) -> StorageResult<()> {
        for (key, value) in self.read().iter() {
            let value = value.as_ref().map(serde_json::to_string).transpose();
            rows.push(Row {
                table: self.table,
                key: serde_json::to_string(key).map_err(|error| StorageError::SerializeKeyError(KIND.into(), error))?,
                value: value.map_err(|error| StorageError::SerializeValueError(KIND.into(), error))?,
            });
        }
        Ok(())
    }

    fn forget(&self) {
        self.write().clear();
    }
}

/// A store of the engine with its changes in front of it.
struct Buffered<K, V> {
    saved: Box<dyn Storage<K, V>>,
    unsaved: Changes<K, V>,
    /// The store that the engine asks for last in a block: everything is written then.
    block_end: Option<Arc<Ledger>>,
}

impl<K, V> Buffered<K, V> {
    fn of(table: &'static str, saved: Box<dyn Storage<K, V>>) -> Self {
        Self {
            saved,
            unsaved: Changes {
                table,
                entries: Arc::default(),
            },
            block_end: None,
        }
    }
}

/// Puts memory in front of a store, and returns the other end of that memory.
fn buffer<K, V>(table: &'static str, store: &mut Box<dyn Storage<K, V>>) -> Box<dyn Unsaved>
where
    K: Serialize + DeserializeOwned + Clone + Eq + Hash + Send + Sync + 'static,
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let buffered = Buffered::of(table, store.clone());
    let unsaved = buffered.unsaved.clone();
    *store = Box::new(buffered);
    Box::new(unsaved)
}

impl<K, V> Storage<K, V> for Buffered<K, V>
where
    K: Serialize + DeserializeOwned + Clone + Eq + Hash + Send + Sync + 'static,
    V: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    fn store(&mut self, key: K, value: V) -> StorageResult<()> {
        self.unsaved.write().insert(key, Some(value));
        Ok(())
    }

    fn clear(&mut self) -> StorageResult<()> {
        let gone = self.keys()?;
        self.unsaved.write().extend(gone.into_iter().map(|key| (key, None)));
        Ok(())
    }

    fn get(&self, key: &K) -> StorageResult<Option<V>> {
        if let Some(changed) = self.unsaved.read().get(key) {
            return Ok(changed.clone());
        }
        self.saved.get(key)
    }

    fn take(&mut self, key: &K) -> StorageResult<Option<V>> {
        let value = self.get(key)?;
        if value.is_some() {
            self.unsaved.write().insert(key.clone(), None);
        }
        if let Some(ledger) = &self.block_end {
            ledger.commit()?;
        }
        Ok(value)
    }

    fn keys(&self) -> StorageResult<Vec<K>> {
        Ok(self.into_iter()?.map(|(key, _)| key).collect())
    }

    fn into_iter(&self) -> StorageResult<Box<dyn Iterator<Item = (K, V)> + '_>> {
        let unsaved = self.unsaved.read();
        let saved = self.saved.into_iter()?.filter(|(key, _)| !unsaved.contains_key(key));
        let changed = unsaved
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
        Ok(Box::new(saved.chain(changed).collect::<Vec<_>>().into_iter()))
    }

    fn count(&self) -> StorageResult<u64> {
        Ok(self.keys()?.len() as u64)
    }

    fn clone_box(&self) -> Box<dyn Storage<K, V>> {
        Box::new(Self {
            saved: self.saved.clone(),
            unsaved: self.unsaved.clone(),
            block_end: self.block_end.clone(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
