//! DescribeTaskList: the tasks of the last 30 days, newest first.

use std::sync::Arc;

use api::redis::actions::DescribeTaskList;
use api::redis::{DescribeTaskListRequest as Request, DescribeTaskListResponse, TaskInfoDetail};
use engine::Status;

use crate::action::Action;
use crate::actions::values::{LONGEST, choices, given, listed, page};
use crate::app::App;
use crate::context::Context;
use crate::error::{Error, gateway};
use crate::model::{task_type, wire_time};
use crate::store::task_list::{self, Filter, Line};

/// How far back the list goes.
const DAYS_30: i64 = 30 * 24 * HOUR;
const HOUR: i64 = 3_600_000;

/// The highest code that the API documents.
const LAST_CODE: u8 = 70;

/// The wire's `Result`, and the engine's statuses that it stands for.
const RESULTS: &[(i64, &[Status])] = &[
    (0, &[Status::Preparing]),
    (1, &[Status::Running]),
    (2, &[Status::Succeed]),
    (4, &[Status::Failed, Status::Error]),
];

impl Action for DescribeTaskList {
    async fn handle(context: &Context, app: &App, request: Request) -> Result<DescribeTaskListResponse, Error> {
        let filter = filter(context, app, &request)?;
        let (engine, names) = (app.engine.clone(), Arc::clone(&app.instance_names));
        // The first list of all reads each task of 31 days; other requests must not wait for it.
        let list = move || engine.read_lists(|tx, ended| task_list::list(tx, ended, &names, &filter));
        let (total_count, lines) = tokio::task::spawn_blocking(list).await.map_err(gateway::internal)??;
        Ok(DescribeTaskListResponse { total_count, tasks: lines.into_iter().map(|line| view(app, line)).collect() })
    }
}

fn filter(context: &Context, app: &App, request: &Request) -> Result<Filter, Error> {
    let (limit, offset) = page(request.limit, request.offset, 20, 100)?;
    let (from, to) = span(app, request)?;
    Ok(Filter {
        account: context.account().to_owned(),
        region: context.region()?.name.to_owned(),
        instance_id: given(request.instance_id.as_ref()).map(str::to_owned),
        seen: context.sight.ids().map(<[String]>::to_vec),
        instance_name: given(request.instance_name.as_ref()).map(str::to_owned),
        projects: listed("ProjectIds", request.project_ids.as_ref(), LONGEST)?.map(<[i64]>::to_vec),
        kinds: kinds(request.task_types.as_ref())?,
        statuses: statuses(request)?,
        operators: operators(request)?,
        from,
        to,
        limit,
        offset,
    })
}

/// From when to when the tasks may have been created.
fn span(app: &App, request: &Request) -> Result<(i64, Option<i64>), Error> {
    let now = app.clock.now_ms();
    let begin = time(app, "BeginTime", request.begin_time.as_ref())?.map(|begin| not_ahead(begin, now));
    // A second has a thousand milliseconds, and the given one is part of the span.
    let end = time(app, "EndTime", request.end_time.as_ref())?.map(|end| end + 999);
    if let (Some(begin), Some(end)) = (begin, end)
        && begin > end
    {
        let given = request.end_time.as_deref().unwrap_or_default();
        return Err(gateway::invalid_value("EndTime", given, "it is before `BeginTime`", "早于 `BeginTime`"));
    }
    let oldest = now - DAYS_30;
    Ok((begin.map_or(oldest, |begin| begin.max(oldest)), end))
}

/// A list that begins in the future would be empty. Who asks for it has its clock in a zone further east (Terraform sends
/// its local time), so whole hours are taken off until the time has come.
const fn not_ahead(begin: i64, now: i64) -> i64 {
    if begin <= now { begin } else { begin - ((begin - now - 1) / HOUR + 1) * HOUR }
}

fn time(app: &App, path: &str, text: Option<&String>) -> Result<Option<i64>, Error> {
    let Some(text) = given(text) else { return Ok(None) };
    let time = wire_time::parse(text, app.time_offset).ok_or_else(|| {
        let rule = "it must look like 2026-11-24 10:00:00";
        gateway::invalid_value(path, text.escape_debug(), rule, "格式应为 2026-11-24 10:00:00")
    })?;
    Ok(Some(time))
}

/// The kinds of these codes. A code that the API knows and this server has no task of finds nothing.
fn kinds(codes: Option<&Vec<String>>) -> Result<Option<Vec<&'static str>>, Error> {
    let Some(codes) = listed("TaskTypes", codes, LONGEST)? else { return Ok(None) };
    let known = |code: &str| {
        code.len() == 3
            && code.starts_with('0')
            && code.parse().is_ok_and(|number: u8| (1..=LAST_CODE).contains(&number))
    };
    if let Some((index, code)) = codes.iter().enumerate().find(|(_, code)| !known(code)) {
        return Err(gateway::invalid_value(
            &format!("TaskTypes.{index}"),
            code.escape_debug(),
            "it must be a task type's three digits, 001 to 070",
            "应为任务类型的三位编号，001 至 070",
        ));
    }
    let asked = task_type::ALL.iter().filter(|task_type| codes.iter().any(|code| code == task_type.code));
    Ok(Some(asked.map(|task_type| task_type.kind).collect()))
}

/// `Result` and `TaskStatus` are two names of one thing; where both are given, both hold.
fn statuses(request: &Request) -> Result<Vec<Vec<Status>>, Error> {
    let given = [("TaskStatus", request.task_status.as_ref()), ("Result", request.result.as_ref())];
    let mut all = Vec::new();
    for (path, list) in given {
        let Some(list) = listed(path, list, LONGEST)? else { continue };
        all.push(choices(path, list, RESULTS)?.concat());
    }
    Ok(all)
}

/// `OperatorUin` and `OperateUin` are two names of one thing; where both are given, both hold.
fn operators(request: &Request) -> Result<Vec<Vec<String>>, Error> {
    let numbers = listed("OperatorUin", request.operator_uin.as_ref(), LONGEST)?;
    let texts = listed("OperateUin", request.operate_uin.as_ref(), LONGEST)?;
    let numbers = numbers.map(|list| list.iter().map(i64::to_string).collect());
    Ok(numbers.into_iter().chain(texts.map(<[String]>::to_vec)).collect())
}

fn view(app: &App, line: Line) -> TaskInfoDetail {
    TaskInfoDetail {
        task_id: line.id,
        start_time: app.wire_time(line.created_at),
        task_type: task_type::find(&line.kind).map_or("", |task_type| task_type.code).to_owned(),
        instance_name: line.instance_name,
        instance_id: line.instance_id,
        project_id: line.project_id,
        progress: progress(line.progress),
        end_time: wire_time::format_opt(line.ended_at, app.time_offset),
        result: result(line.status),
    }
}

fn result(status: Status) -> i64 {
    RESULTS.iter().find(|(_, statuses)| statuses.contains(&status)).map_or(0, |(result, _)| *result)
}

fn progress((done, total): (i64, i64)) -> f64 {
    if total <= 0 { 0.0 } else { (done as f64 / total as f64).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, ME, NOW, OTHER};
    use serde_json::{Value, json};

    #[test]
    fn a_time_ahead_goes_back_by_whole_hours() {
        assert_eq!(not_ahead(7, 7), 7);
        assert_eq!(not_ahead(7 + HOUR, 7), 7);
        assert_eq!(not_ahead(8, 7), 8 - HOUR);
        assert_eq!(not_ahead(8 + HOUR, 7), 8 - HOUR);
    }

    #[test]
    fn codes_are_three_digits_of_the_api() {
        let of = |code: &str| kinds(Some(&vec![code.to_owned()]));
        assert_eq!(of("004").unwrap(), Some(vec!["ClearInstance"]));
        assert_eq!(of("043").unwrap(), Some(vec![]));
        for bad in ["4", "000", "071", "+04", "abc", "0004"] {
            assert!(of(bad).unwrap_err().message.en.contains("TaskTypes.0"), "{bad}");
        }
    }

    #[test]
    fn every_status_has_its_result() {
        assert_eq!(Status::ALL.map(result), [0, 1, 2, 4, 4]);
        assert_eq!((progress((1, 4)), progress((0, 0)), progress((5, 4))), (0.25, 0.0, 1.0));
    }

    /// The subjects in their order, after checking that the count is that of the whole list.
    async fn subjects(house: &House, params: Value) -> String {
        let answer = house.call::<DescribeTaskList>(params).await.unwrap();
        let tasks = answer["Tasks"].as_array().unwrap();
        assert_eq!(answer["TotalCount"], json!(tasks.len()));
        tasks
            .iter()
            .map(|one| one["InstanceId"].as_str().unwrap().trim_start_matches("crs-"))
            .collect::<Vec<_>>()
            .join(" ")
    }

    async fn street() -> House {
        let house = House::new().await;
        house.add("crs-a", |new| (new.name, new.project_id) = ("Cache_1".to_owned(), 7)).await;
        house.add("crs-b", |new| new.name = "cache-2".to_owned()).await;
        house.add("crs-c", |new| new.account = OTHER.to_owned()).await;
        house.add("crs-d", |new| new.region = "ap-beijing".to_owned()).await;
        house.add_task("CreateInstances", "crs-a", "succeed", NOW - 31 * 24 * HOUR).await;
        house.add_task("CreateInstances", "crs-a", "succeed", NOW - 3 * HOUR).await;
        house.add_task("ClearInstance", "crs-b", "failed", NOW - 2 * HOUR).await;
        house.add_task("ClearInstance", "crs-a", "running", NOW - HOUR).await;
        house.add_task("ResetPassword", "crs-b", "error", NOW).await;
        for (id, tenant, region) in [("crs-c", OTHER, "ap-guangzhou"), ("crs-d", ME, "ap-beijing")] {
            house.add_task("ClearInstance", id, "preparing", NOW).await;
            house.sql("UPDATE task SET tenant = $2, region = $3 WHERE subject = $1", &[id, tenant, region]).await;
        }
        house
    }

    #[tokio::test]
    async fn every_filter_lets_pass_what_it_says() {
        let house = street().await;
        house.sql("UPDATE task SET operator = '100000000009' WHERE kind = 'ResetPassword'", &[]).await;
        for (params, expected) in [
            (json!({}), "b a b a"),
            (json!({"InstanceId": "crs-a"}), "a a"),
            (json!({"InstanceId": "crs-c"}), ""),
            (json!({"InstanceId": "crs-d"}), ""),
            (json!({"InstanceName": "CACHE_"}), "a a"),
            (json!({"InstanceName": "cache", "InstanceId": "crs-b"}), "b b"),
            (json!({"ProjectIds": [7]}), "a a"),
            (json!({"TaskTypes": ["004"]}), "a b"),
            (json!({"TaskTypes": ["043"]}), ""),
            (json!({"TaskTypes": ["001", "007"]}), "b a"),
            (json!({"Result": [4]}), "b b"),
            (json!({"Result": [1, 2]}), "a a"),
            (json!({"Result": [0]}), ""),
            (json!({"TaskStatus": [1, 4], "Result": [1]}), "a"),
            (json!({"OperateUin": ["100000000009"]}), "b"),
            (json!({"OperatorUin": [100_000_000_009_i64], "OperateUin": [ME]}), ""),
            (json!({"BeginTime": "2026-11-24 09:00:00"}), "b a"),
            (json!({"BeginTime": "2026-11-24 10:30:00"}), "b"),
            (json!({"EndTime": "2026-11-24 08:00:00"}), "b a"),
            (json!({"BeginTime": "2020-01-01 00:00:00", "EndTime": "2026-11-24 07:00:00"}), "a"),
            (json!({"InstanceId": "", "TaskTypes": [], "BeginTime": ""}), "b a b a"),
        ] {
            assert_eq!(subjects(&house, params.clone()).await, expected, "{params}");
        }
    }

    #[tokio::test]
    async fn a_task_shows_its_progress_and_its_instance() {
        let house = street().await;
        let answer = house.call::<DescribeTaskList>(json!({"Limit": 2, "Offset": 1})).await.unwrap();
        assert_eq!(answer["TotalCount"], 4);
        let expected = json!([
            {"TaskId": 10_004, "StartTime": "2026-11-24 09:00:00", "TaskType": "004", "InstanceName": "Cache_1",
             "InstanceId": "crs-a", "ProjectId": 7, "Progress": 0.25, "EndTime": "0000-00-00 00:00:00", "Result": 1},
            {"TaskId": 10_003, "StartTime": "2026-11-24 08:00:00", "TaskType": "004", "InstanceName": "cache-2",
             "InstanceId": "crs-b", "ProjectId": 0, "Progress": 0.25, "EndTime": "2026-11-24 08:00:05", "Result": 4},
        ]);
        assert_eq!(answer["Tasks"], expected);
    }

    #[tokio::test]
    async fn a_wrong_value_is_named() {
        let house = House::new().await;
        for (params, named) in [
            (json!({"Limit": 101}), "`Limit`"),
            (json!({"Offset": -1}), "`Offset`"),
            (json!({"Result": [3]}), "`Result.0`"),
            (json!({"TaskStatus": [5]}), "`TaskStatus.0`"),
            (json!({"BeginTime": "2026-11-24"}), "`BeginTime`"),
            (json!({"BeginTime": "2026-11-02 00:00:00", "EndTime": "2026-11-01 00:00:00"}), "`EndTime`"),
        ] {
            let error = house.call::<DescribeTaskList>(params).await.unwrap_err();
            assert_eq!(error.code, "InvalidParameterValue");
            assert!(error.message.en.contains(named), "{error}");
        }
    }
}
