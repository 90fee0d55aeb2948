//! Lists of the Azure SDK's clients.

use azure_core::{
    Error, Result,
    error::ErrorKind,
    http::pager::{ItemIterator, Page},
};
use futures_util::TryStreamExt as _;
use mcp_obo::DownstreamError;

/// Takes the first items of a list; pages behind them are not asked for.
///
/// A service may send empty pages, each of which names a next one: so it is the pages that are counted, too.
pub(super) async fn first<P: Page + Send>(list: Result<ItemIterator<P>>, wanted: usize) -> Result<Vec<P::Item>> {
    let (mut pages, mut items) = (list?.into_pages(), Vec::new());
    for _ in 0..MAX_PAGES {
        let Some(page) = pages.try_next().await? else { return Ok(items) };
        items.extend(page.into_items().await?.take(wanted - items.len()));
        if items.len() == wanted {
            return Ok(items);
        }
    }
    Err(Error::new(ErrorKind::Other, DownstreamError::TooManyPages { limit: MAX_PAGES }))
}

/// Key Vault gives 25 secrets at once, and has to be asked so often for the last that can be shown.
const MAX_PAGES: usize = 500;
