//! The data plane with real redis-servers. Every test leaves nothing behind, and its harness checks that.

#[cfg(test)]
mod access;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod late;
mod life;
#[cfg(test)]
mod live;
#[cfg(test)]
mod replication;
