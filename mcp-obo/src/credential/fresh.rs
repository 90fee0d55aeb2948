//! What is costly to make: kept as long as it is good, and made once for all who wait.
//!
//! Beside `kept`, whose one value knows its maker and its end and is made in a task: here there are many values, what is good
//! is for each asker to say, and they are made from what the asker has borrowed, so in the asker's own future.

use std::{fmt, future::Future, hash::Hash, sync::Arc, time::Duration};

use moka::{future::Cache, ops::compute::Op};

/// Values by key, bounded in number; whoever asks says what is still good.
pub(super) struct Fresh<K, V>(Cache<K, Arc<V>>);

impl<K, V> Fresh<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Keeps so many values, none longer than `at_most`.
    pub(super) fn new(capacity: u64, at_most: Duration) -> Self {
        Self(Cache::builder().max_capacity(capacity).time_to_live(at_most).build())
    }

    /// Returns what is kept, good or not.
    pub(super) async fn find(&self, key: &K) -> Option<Arc<V>> {
        self.0.get(key).await
    }

    /// Returns a good value, or makes one.
    pub(super) async fn good_or<E: Send + Sync + 'static>(
        &self,
        key: K,
        is_good: impl Fn(&V) -> bool,
        make: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, Arc<E>> {
        if let Some(spent) = self.0.get(&key).await.filter(|kept| !is_good(kept)) {
            self.remove(&key, &spent).await;
        }
        self.0.try_get_with(key, async { make.await.map(Arc::new) }).await
    }

    /// Puts a value back that turned out to be the best there is.
    pub(super) async fn keep(&self, key: K, value: Arc<V>) {
        self.0.insert(key, value).await;
    }

    pub(super) fn for_each(&self, mut visit: impl FnMut(&V)) {
        (&self.0).into_iter().for_each(|(_, value)| visit(&value));
    }

    /// Removes this value and no newer one.
    async fn remove(&self, key: &K, spent: &Arc<V>) {
        let is_it = |present: Option<moka::Entry<K, Arc<V>>>| {
            let is_it = present.is_some_and(|present| Arc::ptr_eq(present.value(), spent));
            std::future::ready(if is_it { Op::Remove } else { Op::Nop })
        };
        self.0.entry_by_ref(key).and_compute_with(is_it).await;
    }

    #[cfg(test)]
    pub(super) async fn count(&self) -> u64 {
        self.0.run_pending_tasks().await;
        self.0.entry_count()
    }
}

impl<K, V> fmt::Debug for Fresh<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fresh(..)")
    }
}
