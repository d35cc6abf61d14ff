//! `cinnabar instance list`: DescribeInstances as a table.

use std::process::ExitCode;

use api::redis::actions::DescribeInstances;
use api::redis::{DescribeInstancesRequest, InstanceSet};
use clap::{Args, Subcommand};

use crate::connection::Connection;
use crate::error::Error;
use crate::output;

#[derive(Subcommand)]
pub(crate) enum Instance {
    List(List),
}

impl Instance {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        match self {
            Self::List(list) => list.run(),
        }
    }
}

/// List the instances
#[derive(Args)]
pub(crate) struct List {
    /// Only those whose name, id or address holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those in this status, for example 2 (repeatable)
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    status: Vec<i64>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u64,
    /// How many to skip
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: u64,
    #[command(flatten)]
    connection: Connection,
}

impl List {
    fn run(self) -> Result<ExitCode, Error> {
        let client = self.connection.client()?;
        let request = DescribeInstancesRequest {
            search_key: self.search,
            status: Some(self.status).filter(|list| !list.is_empty()),
            limit: Some(self.limit),
            offset: Some(self.offset),
            ..Default::default()
        };
        let answer = client.call::<DescribeInstances>(&request)?;
        let header = ["INSTANCE", "NAME", "STATUS", "ENDPOINT", "ENGINE", "MB", "SHARDS", "REPLICAS", "CREATED"];
        output::table(&header, answer.instance_set.iter().map(row).collect());
        Ok(ExitCode::SUCCESS)
    }
}

fn row(instance: &InstanceSet) -> Vec<String> {
    vec![
        instance.instance_id.clone(),
        instance.instance_name.clone(),
        status(instance.status),
        format!("{}:{}", instance.wan_ip, instance.port),
        instance.current_redis_version.clone(),
        instance.redis_shard_size.to_string(),
        instance.redis_shard_num.to_string(),
        instance.redis_replicas_num.to_string(),
        instance.createtime.clone(),
    ]
}

/// The wire's number in words.
fn status(code: i64) -> String {
    let word = match code {
        0 => "initializing",
        1 => "working",
        2 => "running",
        -2 => "isolated",
        -3 => "to delete",
        other => return other.to_string(),
    };
    word.to_owned()
}
