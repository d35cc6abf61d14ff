//! What a task is doing and how it ended.

mod describe_task_info;
mod describe_task_list;

use api::redis::actions as redis;

use crate::action::Actions;

/// The family's handlers.
pub fn add(table: &mut Actions) {
    table.add::<redis::DescribeTaskInfo>();
    table.add::<redis::DescribeTaskList>();
}
