//! What may be asked for at all.

use crate::{
    catalogue::{Catalogue, NotDelegable},
    error::{ExchangeError, ExchangeErrorKind, Failure},
    target::Target,
};

/// The targets that were declared, each judged once by the catalogue.
#[derive(Clone, Debug, Default)]
pub(super) struct Declared {
    targets: Vec<(Target, Result<(), NotDelegable>)>,
    catalogue: Catalogue,
}

impl Declared {
    pub(super) fn add(&mut self, target: &Target) {
        if !self.targets().any(|known| known == target) {
            self.targets.push((target.clone(), self.catalogue.check(target.resource())));
        }
    }

    pub(super) fn judge_by(&mut self, catalogue: Catalogue) {
        for (target, judged) in &mut self.targets {
            *judged = catalogue.check(target.resource());
        }
        self.catalogue = catalogue;
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.targets.iter().map(|(target, _)| target)
    }

    pub(super) fn check(&self, target: &Target) -> Result<(), ExchangeError> {
        let declared = self.targets.iter().find(|(known, _)| known == target);
        let (_, judged) = declared.ok_or_else(|| ExchangeError::from(ExchangeErrorKind::UndeclaredTarget))?;
        judged.map_err(|why| {
            let failure = Failure::new(ExchangeErrorKind::NoDelegatedScope);
            Failure { advice: why.advice, ..failure }.into()
        })
    }
}
