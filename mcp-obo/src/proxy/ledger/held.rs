//! A use that is recorded, while nobody knows yet what will come of it.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{Books, Fault, records::Record};
use crate::{proxy::error::OAuthError, shared::StoreError};

/// One use of a code or a refresh token.
///
/// Until it is settled it may turn out to be none: Entra cannot answer, or the client goes away before it has the answer. Then
/// the record is taken back, so that the client may come again, however late.
#[derive(Debug)]
#[must_use = "what is not settled is taken back"]
pub(in crate::proxy) struct Held(Option<Use>);

#[derive(Debug)]
struct Use {
    books: Arc<Books>,
    record: Record,
    life: Duration,
    order: Order,
}

/// Whose record lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// This use's, if it is not taken back.
    First,
    /// Another use's, which may yet take it back.
    Later,
    /// That of a use of which something came.
    Settled,
}

impl Held {
    /// Where no ledger is kept.
    pub(super) const fn nothing() -> Self {
        Self(None)
    }

    /// Records a first use; none when it is not the first.
    pub(super) async fn first(books: &Arc<Books>, record: Record, life: Duration) -> Result<Option<Self>, StoreError> {
        // Made before the store is asked: one that does not answer may have done it, and is told to undo it.
        let mut one = Use { books: Arc::clone(books), record, life, order: Order::First };
        if one.record.claim(&books.store, life).await? {
            return Ok(Some(Self(Some(one))));
        }
        one.order = Order::Settled;
        Ok(None)
    }

    /// Stands for a use beside the first.
    pub(super) fn later(books: &Arc<Books>, record: Record, life: Duration) -> Self {
        Self(Some(Use { books: Arc::clone(books), record, life, order: Order::Later }))
    }

    /// Keeps the record when something is handed out, and takes it back when nothing is.
    pub(in crate::proxy) async fn settle<T>(self, outcome: Result<T, OAuthError>) -> Result<T, OAuthError> {
        let Some(mut one) = self.0 else { return outcome };
        let store = &one.books.store;
        match (one.order, &outcome) {
            // In place of the first one's, who would take it back if nothing came of his use.
            (Order::Later, Ok(_)) => one.record.put(store, one.life).await.map_err(Fault::Store)?,
            // A record that stays ends by itself; until then the client's next try counts as another use.
            (Order::First, Err(_)) => drop(one.record.take_back(store).await),
            _ => {}
        }
        one.order = Order::Settled;
        outcome
    }
}

/// The client went away, or the store did not say whether it has done as it was asked.
impl Drop for Use {
    fn drop(&mut self) {
        if self.order != Order::First {
            return;
        }
        let (books, record) = (Arc::clone(&self.books), self.record.clone());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { drop(record.take_back(&books.store).await) });
        }
    }
}
