//! The only source of time: read it, sleep on it, and move it.
//!
//! A clock shows two times. What people are told, and what falls due for them, goes by [`Clock::now_ms`]. Deadlines,
//! leases and waits go by [`Clock::steady_ms`]: whoever moves the date on by a [`Clock::leap`], to see what happens in a
//! week, must not make everything that runs just now late. Without a leap the two are the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// A look at another clock that took longer than this, in milliseconds, does not count.
const LONGEST_LOOK: i64 = 1000;

/// Tells the time in milliseconds since 1970 (UTC); cheap to clone, and all clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// A fixed clock stands at this time plus `offset`; `None` follows the system's.
    fixed: Option<i64>,
    offset: AtomicI64,
    /// How far the date is ahead of the steady time.
    leapt: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// The system's time.
    #[must_use]
    pub fn system() -> Self {
        Self::new(None)
    }

    /// A clock that stands still at `ms` until it is moved by [`Clock::advance`]; its sleepers wait for that too.
    #[must_use]
    pub fn fixed_for_tests(ms: i64) -> Self {
        Self::new(Some(ms))
    }

    fn new(fixed: Option<i64>) -> Self {
        let (offset, leapt) = (AtomicI64::new(0), AtomicI64::new(0));
        Self { inner: Arc::new(Inner { fixed, offset, leapt, moved: Notify::new() }) }
    }

    /// The date: milliseconds since 1970, UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.steady_ms().saturating_add(self.leapt_ms())
    }

    /// Milliseconds since 1970, UTC, as if nobody had ever leapt: for deadlines, leases and signatures.
    #[must_use]
    pub fn steady_ms(&self) -> i64 {
        self.inner.fixed.unwrap_or_else(system_ms).saturating_add(self.inner.offset.load(Ordering::SeqCst))
    }

    /// Moves this clock and all of its clones forward and wakes those who sleep on it.
    pub fn advance(&self, by: Duration) {
        self.inner.offset.fetch_add(millis(by), Ordering::SeqCst);
        self.inner.moved.notify_waiters();
    }

    /// Sets this clock, and all of its clones, by another one that showed `theirs` while this one's steady time went from
    /// `before` to `after`. What it cannot know better than that it leaves alone; a look that took longer than a second
    /// says too little. A fixed clock follows nobody.
    pub fn follow(&self, before: i64, theirs: i64, after: i64) {
        let (unsure, ahead) = ((after - before + 1) / 2, theirs - before.midpoint(after));
        if self.inner.fixed.is_some() || !(0..=LONGEST_LOOK).contains(&(after - before)) || ahead.abs() <= unsure {
            return;
        }
        tracing::debug!(ahead, unsure, "set the clock by the database's, milliseconds");
        self.inner.offset.fetch_add(ahead, Ordering::SeqCst);
        self.inner.moved.notify_waiters();
    }

    /// How far the date is ahead of the steady time, in milliseconds.
    #[must_use]
    pub fn leapt_ms(&self) -> i64 {
        self.inner.leapt.load(Ordering::SeqCst)
    }

    /// Puts the date, of this clock and of all of its clones, so far ahead of the steady time, and wakes those who sleep.
    pub fn set_leapt(&self, ms: i64) {
        self.inner.leapt.store(ms, Ordering::SeqCst);
        self.inner.moved.notify_waiters();
    }

    /// Returns once the date is `at_ms` or later.
    pub async fn sleep_until(&self, at_ms: i64) {
        self.sleep(|| at_ms.saturating_sub(self.now_ms())).await;
    }

    /// Returns once the steady time is `at_ms` or later.
    pub async fn sleep_until_steady(&self, at_ms: i64) {
        self.sleep(|| at_ms.saturating_sub(self.steady_ms())).await;
    }

    /// Returns once nothing is left, which is counted in milliseconds.
    async fn sleep(&self, left: impl Fn() -> i64) {
        loop {
            // Listen first: an advance after the look at the time must not be missed.
            let moved = self.inner.moved.notified();
            let Ok(left @ 1..) = u64::try_from(left()) else { return };
            if self.inner.fixed.is_some() {
                moved.await;
            } else {
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(Duration::from_millis(left)) => {}
                }
            }
        }
    }
}

/// A duration in whole milliseconds; more than fits is as good as forever.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
fn system_ms() -> i64 {
    // A clock before 1970 is shown as 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told_and_for_all_clones() {
        let clock = Clock::fixed_for_tests(1_000);
        let clone = clock.clone();
        assert_eq!(clone.now_ms(), 1_000);
        clock.advance(Duration::from_secs(2));
        assert_eq!(clone.now_ms(), 3_000);
    }

    #[test]
    fn the_system_clock_can_be_moved_too() {
        let clock = Clock::system();
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(3_600));
        assert!(clock.now_ms() >= before + 3_600_000);
    }

    #[test]
    fn a_clock_follows_another_as_well_as_it_can_know() {
        let (clock, fixed) = (Clock::system(), Clock::fixed_for_tests(0));
        let now = clock.steady_ms();
        clock.follow(now, now + 3, now + 8);
        assert!(clock.steady_ms() < now + 1000, "it may be right already");
        clock.follow(now, now - 60_000, now + 2000);
        assert!(clock.steady_ms() >= now, "that look took too long");
        clock.follow(now, now - 60_000, now + 10);
        assert!((now - 61_000..now - 50_000).contains(&clock.clone().steady_ms()));
        fixed.follow(0, 500, 0);
        assert_eq!(fixed.steady_ms(), 0);
    }

    #[tokio::test]
    async fn a_leap_moves_the_date_alone() {
        let clock = Clock::fixed_for_tests(1_000);
        let clone = clock.clone();
        let sleeper = tokio::spawn(async move { clone.sleep_until(5_000).await });
        tokio::task::yield_now().await;
        clock.set_leapt(10_000);
        sleeper.await.unwrap();
        assert_eq!((clock.now_ms(), clock.steady_ms(), clock.leapt_ms()), (11_000, 1_000, 10_000));
        let waits = tokio::time::timeout(Duration::from_millis(20), clock.sleep_until_steady(5_000)).await;
        assert!(waits.is_err(), "the steady time has not come");
        clock.advance(Duration::from_secs(4));
        clock.sleep_until_steady(5_000).await;
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_reaches_its_time_and_not_before() {
        let clock = Clock::fixed_for_tests(0);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(100).await;
                clock.now_ms()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(60));
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(60));
        assert_eq!(sleeper.await.unwrap(), 120);
    }
}
