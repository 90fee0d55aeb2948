//! What a certificate, a bare private key and a key in a vault are to an exchange: the key within, and nothing more.

/// Implements [`ClientCredential`](super::ClientCredential) and `Debug` by the first field.
macro_rules! presents_its_key {
    ($credential:ident) => {
        impl $crate::credential::ClientCredential for $credential {
            fn authenticate<'a>(
                &'a self,
                client: &'a $crate::credential::ClientContext<'a>,
            ) -> $crate::boxed::BoxFuture<
                'a,
                ::std::result::Result<$crate::credential::ClientAuth, $crate::credential::CredentialError>,
            > {
                ::std::boxed::Box::pin(self.0.authenticate(client))
            }

            fn refused(&self, spent: &$crate::credential::ClientAuth) {
                self.0.refused(spent);
            }

            fn status(&self) -> $crate::credential::CredentialStatus {
                self.0.status()
            }
        }

        impl ::std::fmt::Debug for $credential {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.describe(f.debug_struct(stringify!($credential)))
            }
        }
    };
}

pub(super) use presents_its_key;
