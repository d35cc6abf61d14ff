//! All of it as text for Prometheus, in the OpenMetrics form.

use std::fmt;

use engine::Times;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text::encode};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::census::Census;
use super::process::Process;
use super::requests::Counted;
use crate::app::App;

/// What the text is.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Buckets of less are added to the first one shown, which holds what took less than 2⁴ µs.
const FIRST_BUCKET: usize = 4;

/// Everything that can be measured of a server, now.
#[must_use]
pub fn text(app: &App) -> String {
    let census = app.metrics.census.read(app);
    if let Err(error) = &census {
        tracing::warn!(%error, "the state cannot be read; what it knows is missing from the metrics");
    }
    let snapshot = Snapshot {
        requests: app.metrics.requests.read(),
        ends: app.engine.ends().into_iter().map(|(kind, status, count)| ([kind, status.as_str()], count)).collect(),
        steps: steps(app),
        census: census.ok(),
        process: Process::read(),
        connections: app.metrics.connections.read(),
        audit_lost: app.audit.lost(),
    };
    let (mut registry, mut text) = (Registry::default(), String::new());
    registry.register_collector(Box::new(snapshot));
    // Writing into a String does not fail.
    let _ = encode(&mut text, &registry);
    text
}

fn steps(app: &App) -> Vec<([&'static str; 3], Times)> {
    let of_step = |step: engine::StepTimes| {
        [([step.kind, step.step, "run"], step.runs), ([step.kind, step.step, "undo"], step.undos)]
    };
    app.engine.step_times().into_iter().flat_map(of_step).filter(|(_, times)| times.count > 0).collect()
}

/// What was read, at one time.
#[derive(Debug)]
struct Snapshot {
    requests: Vec<Counted>,
    ends: Vec<([&'static str; 2], u64)>,
    steps: Vec<([&'static str; 3], Times)>,
    census: Option<Census>,
    process: Process,
    /// Open, and refused.
    connections: (u64, u64),
    audit_lost: u64,
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        self.requests(&mut out)?;
        self.tasks(&mut out)?;
        self.state(&mut out)?;
        self.process(&mut out)
    }
}

impl Snapshot {
    fn requests(&self, out: &mut Out<'_>) -> fmt::Result {
        let names = |counted: &Counted| [("service", counted.service), ("action", counted.action)];
        let codes = self.requests.iter().flat_map(|counted| {
            let [service, action] = names(counted);
            counted.codes.iter().map(move |(code, count)| ([service, action, ("code", *code)], *count))
        });
        out.counters("cinnabar_requests", "Requests of the API that ended, by their code; ok: answered", codes)?;
        let times = self.requests.iter().map(|counted| (names(counted), &counted.time));
        out.histograms("cinnabar_request_duration_seconds", "From the head of a request to its answer", times)?;
        let (open, refused) = self.connections;
        let none = || std::iter::once([]);
        out.gauges("cinnabar_connections", "Open connections of the API", none().map(|labels| (labels, open)))?;
        let help = "Connections that were closed at once, since there was no place";
        out.counters("cinnabar_connections_refused", help, none().map(|labels| (labels, refused)))?;
        let help = "Requests that should stand in the audit log and do not";
        out.counters("cinnabar_audit_lost", help, none().map(|labels| (labels, self.audit_lost)))
    }

    fn tasks(&self, out: &mut Out<'_>) -> fmt::Result {
        let ends = self.ends.iter().map(|([kind, status], count)| ([("kind", *kind), ("status", *status)], *count));
        out.counters("cinnabar_tasks_ended", "Tasks that came to this end in this process", ends)?;
        let labels = |[kind, step, deed]: [&'static str; 3]| [("kind", kind), ("step", step), ("deed", deed)];
        let times = self.steps.iter().map(|(step, times)| (labels(*step), times));
        out.histograms(
            "cinnabar_step_duration_seconds",
            "How long steps, and their undos, worked in this process",
            times,
        )
    }

    fn state(&self, out: &mut Out<'_>) -> fmt::Result {
        let readable = f64::from(u8::from(self.census.is_some()));
        out.gauge("cinnabar_state_readable", "1: the state answers, so the figures below are there", readable)?;
        let Some(census) = &self.census else { return Ok(()) };
        let tasks = census
            .tasks
            .iter()
            .map(|(kind, status, count)| ([("kind", kind.as_str()), ("status", status.as_str())], *count));
        out.gauges("cinnabar_tasks", "Tasks that are preparing, running or in error", tasks)?;
        let age = "For how long the task has been due that has waited longest for a worker";
        out.gauge("cinnabar_queue_age_seconds", age, census.queue_age.as_secs_f64())?;
        let instances = census.instances.iter().map(|(state, count)| ([("state", state.as_str())], *count));
        out.gauges("cinnabar_instances", "Instances that are not gone", instances)?;
        let processes = census.processes.iter().map(|(role, is_there, count)| {
            ([("role", role.as_str()), ("state", if *is_there { "alive" } else { "gone" })], *count)
        });
        out.gauges("cinnabar_processes", "Processes of this service that share the state", processes)?;
        let nodes = census.nodes.iter().map(|seen| {
            let state = if seen.state.is_empty() { "unseen" } else { &seen.state };
            ([("state", state), ("role", seen.role.as_str())], seen.count)
        });
        out.gauges("cinnabar_nodes", "Nodes that have a port, as last seen", nodes)
    }

    #[expect(clippy::cast_precision_loss, reason = "bytes for people")]
    fn process(&self, out: &mut Out<'_>) -> fmt::Result {
        let Process { resident, peak, threads, descriptors, cpu } = self.process;
        out.gauge("process_resident_memory_bytes", "Memory in use", resident as f64)?;
        out.gauge("process_resident_memory_peak_bytes", "The most memory that was ever in use", peak as f64)?;
        out.gauge("process_threads", "Threads", threads as f64)?;
        out.gauge("process_open_fds", "Open file descriptors", descriptors as f64)?;
        out.counter("process_cpu_seconds", "Processor time", cpu)?;
        let build = [([("version", env!("CARGO_PKG_VERSION"))], 1)];
        out.gauges("cinnabar_build_info", "The program's version", build.into_iter())
    }
}

/// Writes families.
struct Out<'e>(DescriptorEncoder<'e>);

type Labels<'l, const N: usize> = [(&'l str, &'l str); N];

impl Out<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.0.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        encoder.encode_counter::<NoLabelSet, _, f64>(&value, None)
    }

    fn gauges<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (Labels<'l, N>, u64)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            encoder.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    fn counters<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (Labels<'l, N>, u64)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            encoder.encode_family(&labels)?.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
        }
        Ok(())
    }

    fn histograms<'l, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl Iterator<Item = (Labels<'l, N>, &'l Times)>,
    ) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, times) in values {
            let buckets = coarser(times);
            encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(times.sum, times.count, &buckets, None)?;
        }
        Ok(())
    }
}

fn coarser(times: &Times) -> Vec<(f64, u64)> {
    let (fine, rest) = times.buckets.split_at(FIRST_BUCKET.min(times.buckets.len()));
    let small: u64 = fine.iter().map(|(_, count)| count).sum();
    let mut buckets: Vec<_> = rest.iter().map(|(bound, count)| (*bound, *count)).collect();
    if let Some(first) = buckets.first_mut() {
        first.1 += small;
    }
    // The encoder's own name for the last one.
    if let Some(last) = buckets.last_mut() {
        last.0 = f64::MAX;
    }
    buckets
}
