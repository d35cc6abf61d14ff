//! What a task is called: its kind in the engine, its number in DescribeTaskList, its text in DescribeTaskInfo.

use crate::error::Language;

/// The names of one kind of task.
#[derive(Debug, PartialEq, Eq)]
pub struct TaskType {
    /// The engine's name, which is the action's.
    pub kind: &'static str,
    /// DescribeTaskList's `TaskType`.
    pub code: &'static str,
    /// DescribeTaskInfo's `TaskType`, English and Chinese.
    pub text: (&'static str, &'static str),
}

const fn task_type(kind: &'static str, code: &'static str, text: (&'static str, &'static str)) -> TaskType {
    TaskType { kind, code, text }
}

/// All kinds that there are.
pub const ALL: &[TaskType] = &[CREATE, DESTROY, CLEAR, STARTUP, CLEAN_UP, SET_PASSWORD];

/// CreateInstances.
pub const CREATE: TaskType =
    task_type("CreateInstances", "001", ("Redis instance creation process", "redis新建实例流程"));
/// DestroyPostpaidInstance and DestroyPrepaidInstance.
pub const DESTROY: TaskType =
    task_type("DestroyInstance", "003", ("Redis instance shutdown process", "redis关闭实例流程"));
/// ClearInstance; this text is the seed page's own.
pub const CLEAR: TaskType = task_type("ClearInstance", "004", ("Redis cache purge process", "redis缓存清空流程"));
/// StartupInstance.
pub const STARTUP: TaskType =
    task_type("StartupInstance", "005", ("Redis instance startup process", "redis启动实例流程"));
/// CleanUpInstance.
pub const CLEAN_UP: TaskType =
    task_type("CleanUpInstance", "006", ("Redis instance deletion process", "redis删除实例流程"));
/// ResetPassword, ModifyInstancePassword and ModfiyInstancePassword.
pub const SET_PASSWORD: TaskType =
    task_type("ResetPassword", "007", ("Redis password reset process", "redis重置密码流程"));

impl TaskType {
    /// The text in `language`.
    #[must_use]
    pub const fn text(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.text.0,
            Language::Chinese => self.text.1,
        }
    }
}

/// The names of the engine's kind.
#[must_use]
pub fn find(kind: &str) -> Option<&'static TaskType> {
    ALL.iter().find(|task_type| task_type.kind == kind)
}
