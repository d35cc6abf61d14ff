//! A whole service in a folder of its own, which leaves nothing behind.

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use server::config::{AdminListen, Config, RateLimit};
use server::folder::FolderError;
use server::service::{Service, StartError};
use tempfile::TempDir;

use crate::client::Client;

/// A running service. Dropping it kills the engines that it started and fails the test if one is left.
pub(crate) struct Cinnabar {
    service: Option<Service>,
    config: Config,
    pub(crate) folder: TempDir,
    pub(crate) client: Client,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// An address that no other test uses, so that every instance can have port 6379.
fn own_address() -> std::net::IpAddr {
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    let [_, low] = u16::try_from(process::id() % 60_000).unwrap().to_be_bytes();
    std::net::Ipv4Addr::new(
        127,
        64 + low % 128,
        u8::try_from(count / 250).unwrap(),
        u8::try_from(count % 250 + 2).unwrap(),
    )
    .into()
}

/// The defaults, but on a free port, without a rate limit and with nothing to wait for.
pub(crate) fn config(folder: &Path) -> Config {
    let mut config = Config::load(None, |_| None).unwrap();
    config.listen.set_port(0);
    config.admin.listen = AdminListen::At(config.listen);
    config.data = folder.to_owned();
    if let Some(url) = db::testing::url(folder).unwrap() {
        config.database.url = url.into();
    }
    config.rate_limit = RateLimit::Off;
    config.network.addresses = vec![own_address()];
    config.background.observe = 100;
    config.background.expire = 100;
    config
}

impl Cinnabar {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let service = Service::start(config.clone(), None).await.unwrap();
        let client = client(&service, folder.path());
        Self { service: Some(service), config, folder, client }
    }

    /// Stops the service gracefully and starts it again on the same folder, on another port.
    pub(crate) async fn restart(&mut self) {
        self.service.take().unwrap().stop().await;
        let service = start_again(&self.config).await;
        self.client = client(&service, self.folder.path());
        self.service = Some(service);
    }

    /// Changes the settings with which it is started again.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
    }

    /// Where its instances listen.
    pub(crate) fn address(&self) -> std::net::IpAddr {
        self.config.network.addresses[0]
    }

    pub(crate) fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }
}

/// A child that another test of this process has just forked holds the lock of our folder too, until it becomes another
/// program: then the lock is free a moment later.
async fn start_again(config: &Config) -> Service {
    for _ in 0..100 {
        match Service::start(config.clone(), None).await {
            Err(StartError::Folder(FolderError::Locked(..))) => {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            started => return started.unwrap(),
        }
    }
    panic!("the folder stays locked: {:?}", config.data);
}

fn client(service: &Service, folder: &Path) -> Client {
    let credentials = server::folder::Credentials::read(folder).unwrap();
    Client {
        address: service.address,
        host: service.address.to_string(),
        secret_id: credentials.secret_id,
        secret_key: credentials.secret_key.expose().to_owned(),
        token: String::new(),
        service: "redis",
        version: "2018-04-12",
        region: "ap-guangzhou".to_owned(),
        language: None,
        skew: 0,
    }
}

/// The processes that work in a folder, without the children that an engine forks for a moment to save or sync.
pub(crate) fn processes_in(folder: &Path) -> Vec<u32> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let works_there =
        |pid: &u32| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&folder));
    let all: Vec<u32> = pids.filter(|pid| *pid != process::id() && works_there(pid)).collect();
    all.iter().copied().filter(|pid| parent(*pid).is_none_or(|parent| !all.contains(&parent))).collect()
}

fn parent(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

impl Drop for Cinnabar {
    fn drop(&mut self) {
        // The runtime of the test is still there: what the service had begun may show only after a moment.
        drop(self.service.take());
        let mut quiet = 0;
        for _ in 0..200 {
            let left = processes_in(self.folder.path());
            quiet = if left.is_empty() { quiet + 1 } else { 0 };
            if quiet == 10 {
                return;
            }
            for pid in left {
                kill(pid);
            }
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
        assert!(std::thread::panicking(), "processes are left in {:?}", self.folder);
    }
}

pub(crate) fn kill(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        rustix::process::kill_process(pid, signal).ok();
    }
}
