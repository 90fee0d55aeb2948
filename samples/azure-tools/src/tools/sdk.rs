//! Lists of the Azure SDK's clients.

use azure_core::Result;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};

/// Takes the first items of a list; pages behind them are not asked for.
pub(super) async fn first<T>(list: Result<impl Stream<Item = Result<T>>>, wanted: usize) -> Result<Vec<T>> {
    list?.take(wanted).try_collect().await
}
