//! Azure's services, each at its real host names.

mod site;

pub(crate) use self::site::Site;
