//! Late hands: a call that stands still at some moment, while another control plane on the same root, with a newer
//! generation, does something else; then the first one goes on.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use dataplane::{DataPlane, Error, NodeSpec, Observed};

use crate::harness::{Client, World, working_under};

const TIMEOUT: Duration = Duration::from_secs(10);
/// So many moments in the first call, each a bit later.
const MOMENTS: u16 = 30;

fn moment(number: u16) -> Duration {
    Duration::from_micros(u64::from(number) * 700)
}

/// Lets `late` run for a while, then `meanwhile` whole, then the rest of `late`; answers what it came to, unless it was
/// through before.
async fn late<T>(late: impl Future<Output = T>, after: Duration, meanwhile: impl AsyncFnOnce()) -> Option<T> {
    let mut late = pin!(late);
    if tokio::time::timeout(after, &mut late).await.is_ok() {
        meanwhile().await;
        return None;
    }
    meanwhile().await;
    Some(late.await)
}

/// Whether the first call was told that it is too late. One whose last act was done before the newer one came, and that
/// had only its answer to give, may still give it: nobody will believe it.
fn is_refused<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Stale { .. } | Error::NotRunning { .. } | Error::Start { .. }))
}

fn assert_quiet<T: std::fmt::Debug>(result: &Result<T, Error>, number: u16) {
    assert!(result.is_ok() || is_refused(result), "moment {number}: {result:?}");
}

#[tokio::test]
async fn a_late_start_does_not_bring_back_what_was_removed() {
    let world = World::new().await;
    let other = world.reopened().await;
    let mut refused = 0;
    for number in 0..MOMENTS {
        let spec = world.spec(number);
        let removal = async || other.absent(&spec.node, 2).await.unwrap();
        if let Some(result) = late(world.plane.ensure(&spec), moment(number), removal).await {
            assert_quiet(&result, number);
            refused += usize::from(is_refused(&result));
        }
        let folder = world.folder(&spec.node);
        assert!(!folder.exists() && working_under(&folder).is_empty(), "moment {number}: something is left");
        assert_eq!(other.observe(&spec.node).await.unwrap(), Observed::absent());
    }
    assert!(refused > 5, "only {refused} calls were late");
    assert!(working_under(&world.root).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn a_late_stop_does_not_stop_what_was_started_again() {
    let world = World::new().await;
    let other = world.reopened().await;
    for number in (0..MOMENTS).step_by(3) {
        let spec = world.spec(number);
        world.plane.ensure(&spec).await.unwrap();
        let newer = NodeSpec { generation: 2, ..spec.clone() };
        let start = async || drop(other.ensure(&newer).await.unwrap());
        let stopped = late(world.plane.stop(&spec.node, 1), moment(number) / 8, start).await;
        stopped.iter().for_each(|result| assert_quiet(result, number));
        assert!(other.observe(&spec.node).await.unwrap().is_running(), "moment {number}");
        other.absent(&spec.node, 2).await.unwrap();
    }
    world.finish().await;
}

#[tokio::test]
async fn a_late_purge_leaves_the_keys_that_came_after_it() {
    let world = World::new().await;
    let other = world.reopened().await;
    let spec = world.spec(0);
    world.plane.ensure(&NodeSpec { generation: 0, ..spec.clone() }).await.unwrap();
    let mut refused = 0;
    for number in 0..MOMENTS {
        let (old, new) = (2 * u64::from(number) + 1, 2 * u64::from(number) + 2);
        let mut customer = Client::login(&spec).await;
        customer.fill(10).await;
        let purge = async || {
            other.purge(&spec.node, new, &[], TIMEOUT).await.unwrap();
            assert_eq!(customer.size().await, 0);
            customer.fill(3).await;
        };
        let purged = late(world.plane.purge(&spec.node, old, &[], TIMEOUT), moment(number) / 8, purge).await;
        if let Some(result) = purged {
            assert_quiet(&result, number);
            refused += usize::from(is_refused(&result));
        }
        assert_eq!(customer.size().await, 3, "moment {number}: a late purge took new keys");
    }
    assert!(refused > 0, "no call was late");
    world.finish().await;
}
