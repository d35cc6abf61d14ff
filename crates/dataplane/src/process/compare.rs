//! A look at all that the control plane decides of a running node.

use crate::control::Control;
use crate::difference::{Difference, of_observed, shown};
use crate::probe::Info;
use crate::reconfigure::{bound_address, current_access};
use crate::{Access, Error, NodeSpec, Observed};

/// The node as it is, and in what it is not what it should be.
pub(super) async fn compare(control: &mut Control, spec: &NodeSpec) -> Result<(Observed, Vec<Difference>), Error> {
    let info = Info::ask(control).await?;
    let observed = info.observed();
    let mut differences = of_observed(spec, &observed);
    let address = bound_address(control).await?;
    if address != Some(spec.address) {
        differences.push(Difference::new("address", shown(address), spec.address.to_string()));
    }
    if let Some(engine) = info.executable().filter(|path| *path != spec.engine) {
        differences.push(Difference::new("engine", engine.display().to_string(), spec.engine.display().to_string()));
    }
    let access = current_access(control).await?;
    if access.as_ref() != Some(&spec.access) {
        differences.push(Difference::new("access", word(access.as_ref()), should(&spec.access)));
    }
    Ok((observed, differences))
}

/// Without the hash: it is nobody's business.
fn word(access: Option<&Access>) -> &'static str {
    match access {
        None => "set up by somebody else",
        Some(Access::NoAuth) => "without a password",
        Some(Access::PasswordSha256(_)) => "another password",
    }
}

fn should(access: &Access) -> &'static str {
    match access {
        Access::NoAuth => "without a password",
        Access::PasswordSha256(_) => "the instance's password",
    }
}
