//! What a crash of the control plane, or of the machine, leaves behind.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dataplane::{DataPlane, Observed};

use crate::harness::{World, eventually, kill_9, signal, working_under};

/// A process that is no engine, ended with the test.
struct Bystander(Child);

impl Bystander {
    #[expect(clippy::disallowed_methods, reason = "a foreign process for a test")]
    fn in_folder(folder: &std::path::Path) -> Self {
        Self(Command::new("sleep").arg("600").current_dir(folder).stdout(Stdio::null()).spawn().unwrap())
    }

    fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn another_control_plane_adopts() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    let other = world.reopened().await;
    assert_eq!(other.list().await.unwrap(), std::slice::from_ref(&spec.node));
    assert_eq!(other.ensure(&spec).await.unwrap().run_id, first.run_id);
    other.stop(&spec.node, 1).await.unwrap();
    assert_eq!(world.plane.observe(&spec.node).await.unwrap(), Observed::stopped());
    world.finish().await;
}

#[tokio::test]
async fn a_node_without_pid_file_is_found() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    let pid_file = world.folder(&spec.node).join("node.pid");
    fs::remove_file(&pid_file).unwrap();
    assert_eq!(world.plane.ensure(&spec).await.unwrap().run_id, first.run_id);
    world.plane.stop(&spec.node, 1).await.unwrap();
    assert!(working_under(&world.root).is_empty());
    world.plane.ensure(&spec).await.unwrap();
    fs::remove_file(&pid_file).unwrap();
    world.plane.absent(&spec.node, 1).await.unwrap();
    assert!(working_under(&world.root).is_empty());
    world.finish().await;
}

/// The crash window of a start: the engine was spawned and nothing was written down yet.
#[tokio::test]
async fn a_start_that_nobody_waited_for_is_adopted() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    world.plane.stop(&spec.node, 1).await.unwrap();
    let folder = world.folder(&spec.node);
    let _ = fs::remove_file(folder.join("node.pid"));
    #[expect(clippy::disallowed_methods, reason = "the start of a control plane that crashed")]
    let mut start = Command::new(&spec.engine).arg("redis.conf").current_dir(&folder).spawn().unwrap();
    start.wait().unwrap();
    let spawned = working_under(&folder);
    let adopted = world.plane.ensure(&spec).await.unwrap();
    assert_eq!(spawned, [i32::try_from(adopted.pid.unwrap()).unwrap()]);
    world.finish().await;
}

/// Cut short even earlier: the engine has not forked into its own session.
#[tokio::test]
async fn a_start_that_never_forked_is_replaced() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    world.plane.stop(&spec.node, 1).await.unwrap();
    let folder = world.folder(&spec.node);
    #[expect(clippy::disallowed_methods, reason = "the start of a control plane that crashed")]
    let mut child = Command::new(&spec.engine)
        .args(["--port", "0", "--daemonize", "no", "--save", ""])
        .current_dir(&folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let seen = world.plane.ensure(&spec).await.unwrap();
    assert_ne!(seen.pid, Some(child.id()));
    child.wait().unwrap();
    assert_eq!(working_under(&folder).len(), 1);
    world.finish().await;
}

/// The control plane dies at any moment of a start: the next one makes it good, with one process.
#[tokio::test]
async fn a_start_cut_short_at_any_moment_is_made_good() {
    let world = World::new().await;
    for moment in 0..30 {
        let spec = world.spec(moment);
        let limit = Duration::from_micros(u64::from(moment) * 700);
        let _ = tokio::time::timeout(limit, world.plane.ensure(&spec)).await;
        let seen = world.reopened().await.ensure(&spec).await.unwrap();
        let folder = world.folder(&spec.node);
        assert_eq!(working_under(&folder), [i32::try_from(seen.pid.unwrap()).unwrap()], "after {limit:?}");
        world.plane.absent(&spec.node, 1).await.unwrap();
        assert!(working_under(&folder).is_empty());
    }
    world.finish().await;
}

#[tokio::test]
async fn a_recycled_pid_is_not_ours() {
    let world = World::new().await;
    let spec = world.spec(0);
    let first = world.plane.ensure(&spec).await.unwrap();
    kill_9(first.pid.unwrap());
    let folder = world.folder(&spec.node);
    let mut elsewhere = Bystander::in_folder(std::path::Path::new("/"));
    let pid_file = folder.join("node.pid");
    fs::write(&pid_file, elsewhere.0.id().to_string()).unwrap();
    eventually("the kill has happened", || async { working_under(&folder).is_empty() }).await;
    assert_eq!(world.plane.observe(&spec.node).await.unwrap(), Observed::stopped());
    world.plane.stop(&spec.node, 1).await.unwrap();
    assert!(elsewhere.lives());
    let second = world.plane.ensure(&spec).await.unwrap();
    assert_ne!(second.pid, Some(elsewhere.0.id()));
    fs::write(&pid_file, std::process::id().to_string()).unwrap();
    world.plane.absent(&spec.node, 1).await.unwrap();
    assert!(elsewhere.lives(), "and so does this test");
    world.finish().await;
}

/// Somebody looks around in a node's folder with a shell: no reason to end it.
#[tokio::test]
async fn other_programs_in_the_folder_are_left_alone() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    let mut visitor = Bystander::in_folder(&world.folder(&spec.node));
    world.plane.stop(&spec.node, 1).await.unwrap();
    world.plane.absent(&spec.node, 1).await.unwrap();
    assert!(visitor.lives());
    drop(visitor);
    world.finish().await;
}

#[tokio::test]
async fn damaged_files_are_written_again() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    world.plane.stop(&spec.node, 1).await.unwrap();
    for name in ["redis.conf", "users.acl", "secret", "generation", "node.pid"] {
        fs::write(world.folder(&spec.node).join(name), "").unwrap();
    }
    assert!(world.plane.ensure(&spec).await.unwrap().is_running());
    world.finish().await;
}

/// A process that was asked to end still answers for a moment: whoever takes that for a node that runs has none soon after.
#[tokio::test]
async fn a_node_that_is_ending_is_not_taken_for_one_that_runs() {
    let world = World::new().await;
    let spec = world.spec(0);
    world.plane.ensure(&spec).await.unwrap();
    for round in 0..8 {
        let pid = world.plane.observe(&spec.node).await.unwrap().pid.unwrap();
        signal(pid, rustix::process::Signal::TERM);
        world.plane.ensure(&spec).await.unwrap();
        // Ten times a second an engine looks whether it was asked to end.
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert!(world.plane.observe(&spec.node).await.unwrap().is_running(), "round {round}");
    }
    world.finish().await;
}
