mod decision;
mod passing;

use super::{BypassPolicy, Environment, Exposure, Hatch, OptIn, Permit};

/// A permit made the way programs make one, where every hatch may open.
fn permit(hatch: Hatch) -> Permit {
    BypassPolicy::new(Environment::Development, Exposure::Loopback)
        .open(hatch, OptIn::Yes)
        .expect("every hatch may open in development on loopback")
        .expect("it was asked for")
}
