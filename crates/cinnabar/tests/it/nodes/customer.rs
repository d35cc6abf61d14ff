//! A customer: uses some instances, asks whichever node comes first, and keeps account of what it sees.

use std::time::Duration;

use serde_json::json;

use super::cluster::{Cluster, Refused};
use super::faults::Random;
use crate::harness::{PASSWORD, pause};

/// What a customer saw, and what must not be.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) calls: usize,
    /// Calls that nobody answered in time.
    pub(crate) silent: usize,
    /// Purges after which the old keys were looked for.
    pub(crate) purges: usize,
    /// Looks for keys that were written after a purge had ended.
    pub(crate) markers: usize,
    /// What went wrong.
    pub(crate) complaints: Vec<String>,
}

struct Instance {
    id: String,
    /// The keys that must be there: the last purge that had ended before they were written, and their value.
    marker: Option<(i64, String)>,
    /// The password, and the one that a call without an answer may have set.
    passwords: Vec<String>,
}

pub(crate) struct Customer<'c> {
    cluster: &'c Cluster,
    instances: Vec<Instance>,
    random: Random,
    next: usize,
    account: Account,
}

/// How a customer's task came out.
struct Ended {
    id: i64,
    succeeded: bool,
}

impl<'c> Customer<'c> {
    pub(crate) fn new(cluster: &'c Cluster, ids: &[String], seed: u64) -> Self {
        let instance = |id: &String| Instance { id: id.clone(), marker: None, passwords: vec![PASSWORD.to_owned()] };
        let instances = ids.iter().map(instance).collect();
        Self { cluster, instances, random: Random(seed), next: 0, account: Account::default() }
    }

    pub(crate) fn give_account(mut self) -> Account {
        (0..self.instances.len()).for_each(|index| {
            self.settle(index);
            self.look_for_marker(index);
        });
        self.account
    }

    /// Does something with the next instance; answers how many tasks came of it.
    pub(crate) fn act(&mut self) -> usize {
        let index = self.next;
        self.next = (index + 1) % self.instances.len();
        self.settle(index);
        match self.random.below(6) {
            0 => self.stop_and_start(index),
            1 => self.reset_password(index),
            _ => self.purge(index),
        }
    }

    fn purge(&mut self, index: usize) -> usize {
        self.look_for_marker(index);
        let (id, password) = (self.instances[index].id.clone(), self.instances[index].passwords[0].clone());
        if self.redis(index, &["SET", "old", "1"]).is_none() {
            return 0;
        }
        let Some(ended) = self.ask(index, "ClearInstance", &json!({ "InstanceId": id, "Password": password })) else {
            return 0;
        };
        if ended.succeeded {
            self.account.purges += 1;
            if self.redis(index, &["GET", "old"]).flatten().is_some() {
                self.account.complaints.push(format!("{id}: task {} succeeded and an old key is there", ended.id));
            }
        }
        let (purge, value) = (self.last_purge(index), format!("after {}", ended.id));
        if self.redis(index, &["SET", "marker", &value]).is_some() {
            self.instances[index].marker = Some((purge, value));
        }
        1
    }

    /// What was written after the last purge had ended is there, unless somebody asked for another one since.
    fn look_for_marker(&mut self, index: usize) {
        let Some((purge, value)) = self.instances[index].marker.clone() else { return };
        let Some(found) = self.redis(index, &["GET", "marker"]) else { return };
        self.account.markers += 1;
        if found.as_ref() != Some(&value) && self.last_purge(index) == purge {
            let id = &self.instances[index].id;
            self.account.complaints.push(format!("{id}: `{value}` was written after purge {purge}, found {found:?}"));
        }
    }

    /// A call that nobody answered may have been carried out later, by a node that was frozen.
    fn last_purge(&self, index: usize) -> i64 {
        let sql = "SELECT COALESCE(MAX(id), 0) FROM task WHERE subject = $1 AND kind = 'ClearInstance'";
        self.cluster.number(sql, &[(&self.instances[index].id).into()])
    }

    fn reset_password(&mut self, index: usize) -> usize {
        let (id, new) = (self.instances[index].id.clone(), format!("Passw0rd-{}", self.random.below(1_000_000)));
        self.instances[index].passwords.push(new.clone());
        let asked = self.ask(index, "ResetPassword", &json!({ "InstanceId": id, "Password": new }));
        if asked.as_ref().is_some_and(|ended| ended.succeeded) {
            self.instances[index].passwords = vec![new];
        }
        usize::from(asked.is_some())
    }

    /// Destroys and starts up again; the data is kept.
    fn stop_and_start(&mut self, index: usize) -> usize {
        let id = self.instances[index].id.clone();
        let stopped = self.ask(index, "DestroyPostpaidInstance", &json!({ "InstanceId": id }));
        let mut tasks = usize::from(stopped.is_some());
        while self.state(index) == "isolated" {
            self.settle(index);
            tasks += usize::from(self.ask(index, "StartupInstance", &json!({ "InstanceId": id })).is_some());
        }
        self.look_for_marker(index);
        tasks
    }

    fn state(&self, index: usize) -> String {
        let sql = "SELECT state FROM instance WHERE id = $1";
        self.cluster.rows(sql, &[(&self.instances[index].id).into()], |row| row.text(0).unwrap()).remove(0)
    }

    /// Asks a node for a task, and another one when it is away, until one has answered; `None` when it was refused or
    /// nobody can say what came of it.
    fn ask(&mut self, index: usize, action: &str, request: &serde_json::Value) -> Option<Ended> {
        for _ in 0..200 {
            let node = usize::try_from(self.random.below(self.cluster.nodes.len() as u64)).unwrap();
            self.account.calls += 1;
            match self.cluster.call(node, action, request) {
                Ok(answer) => {
                    self.settle(index);
                    return Some(self.end_of(answer["TaskId"].as_i64().unwrap()));
                }
                Err(Refused::Away) => pause(),
                Err(Refused::Silent) => {
                    self.account.silent += 1;
                    self.settle(index);
                    return None;
                }
                // The database was held up by a node that was frozen in the middle of a transaction.
                Err(Refused::Error(code, _)) if code == "InternalError" => pause(),
                Err(Refused::Error(code, _)) if code.starts_with("ResourceUnavailable.") => {
                    self.settle(index);
                    return None;
                }
                Err(Refused::Error(code, _))
                    if code.ends_with("PasswordError") || code.ends_with("PasswordRuleError") =>
                {
                    self.instances[index].passwords.rotate_left(1);
                    return None;
                }
                Err(Refused::Error(code, message)) => {
                    panic!("{action} on {}: {code}: {message}", self.instances[index].id)
                }
            }
        }
        panic!("no node answers");
    }

    fn end_of(&mut self, id: i64) -> Ended {
        let read = |row: &db::Row<'_>| (row.text(0).unwrap(), row.text(1).unwrap());
        let (status, message) =
            self.cluster.rows("SELECT status, message FROM task WHERE id = $1", &[id.into()], read).remove(0);
        if status != "succeed" {
            self.account.complaints.push(format!("task {id} is {status}: {message}"));
        }
        Ended { id, succeeded: status == "succeed" }
    }

    /// Waits until no task holds the instance.
    fn settle(&self, index: usize) {
        let sql = "SELECT COUNT(*) FROM task WHERE subject = $1 AND status IN ('preparing', 'running')";
        for _ in 0..8000 {
            if self.cluster.number(sql, &[(&self.instances[index].id).into()]) == 0 {
                return;
            }
            pause();
        }
        panic!("{} is never free", self.instances[index].id);
    }

    /// A command to the instance's master, as its customer; `None` when the instance does not serve at the moment.
    fn redis(&mut self, index: usize, words: &[&str]) -> Option<Option<String>> {
        let sql = "SELECT address, port FROM instance WHERE id = $1 AND state = 'running'";
        let place = |row: &db::Row<'_>| (row.text(0).unwrap(), row.int(1).unwrap());
        let (ip, port) = self.cluster.rows(sql, &[(&self.instances[index].id).into()], place).pop()?;
        for turn in 0..40 {
            let password = self.instances[index].passwords[0].clone();
            let client = redis::Client::open(format!("redis://:{password}@{ip}:{port}/")).unwrap();
            let answer = client.get_connection_with_timeout(Duration::from_secs(5)).and_then(|mut connection| {
                redis::cmd(words[0]).arg(&words[1..]).query::<Option<String>>(&mut connection)
            });
            match answer {
                Ok(answer) => return Some(answer),
                // A password of a call that nobody answered may have come into force.
                Err(_) => self.instances[index].passwords.rotate_left(1),
            }
            if turn % 4 == 3 {
                pause();
            }
        }
        let still = self.cluster.rows(sql, &[(&self.instances[index].id).into()], place).pop();
        let held = self.cluster.number(
            "SELECT COUNT(*) FROM task WHERE subject = $1 AND status IN ('preparing', 'running')",
            &[(&self.instances[index].id).into()],
        );
        if still.is_some() && held == 0 {
            let id = &self.instances[index].id;
            self.account.complaints.push(format!("{id} runs and does not answer {words:?} at {ip}:{port}"));
        }
        None
    }
}
