//! The refusal of what no policy allows. Its code depends on the action, as the published lists of codes have it.

use api::ActionInfo;

use super::Error;

/// The actions of redis whose page lists `UnauthorizedOperation.NoCAMAuthed`.
#[rustfmt::skip]
const NO_CAM_AUTHED: [&str; 54] = [
    "ApplyParamsTemplate", "ClearInstance", "CloneInstances", "CloseLog", "CreateInstanceAccount", "CreateInstances",
    "CreateParamTemplate", "CreateReplicationGroup", "DeleteExportTask", "DeleteInstanceAccount", "DeleteParamTemplate",
    "DescribeAutoBackupConfig", "DescribeBackupDetail", "DescribeBackupDownloadRestriction", "DescribeBackupUrl",
    "DescribeGlobalReplicationArea", "DescribeInstanceAccount", "DescribeInstanceBackups", "DescribeInstanceDTSInfo",
    "DescribeInstanceEvents", "DescribeInstanceParamRecords", "DescribeInstanceParams", "DescribeInstanceSecurityGroup",
    "DescribeInstanceSpecBandwidth", "DescribeInstanceZoneInfo", "DescribeInstances", "DescribeLogInstanceList",
    "DescribeMaintenanceWindow", "DescribeParamTemplateInfo", "DescribeParamTemplates", "DescribeProjectSecurityGroup",
    "DescribeReplicationGroupInstance", "DestroyPostpaidInstance", "DestroyPrepaidInstance", "InquiryPriceCreateInstance",
    "ManualBackupInstance", "ModfiyInstancePassword", "ModifyAutoBackupConfig", "ModifyBackupDownloadRestriction",
    "ModifyInstance", "ModifyInstanceAccount", "ModifyInstanceEvent", "ModifyInstanceParams", "ModifyInstancePassword",
    "ModifyMaintenanceWindow", "ModifyNetworkConfig", "ModifyParamTemplate", "ModifyReplicationGroup", "OpenLog",
    "RemoveReplicationGroup", "ResetPassword", "RestoreInstance", "UpgradeInstance", "UpgradeInstanceVersion",
];

/// Those whose page lists no code of redis for it: the gateway's answers.
#[rustfmt::skip]
const UNLISTED: [&str; 24] = [
    "AddReplicationInstance", "ChangeInstanceRole", "DeleteReplicationInstance", "DescribeBandwidthRange",
    "DescribeInstanceLogDelivery", "DescribeInstanceMonitorBigKey", "DescribeInstanceMonitorBigKeySizeDist",
    "DescribeInstanceMonitorBigKeyTypeDist", "DescribeInstanceMonitorHotKey", "DescribeInstanceMonitorSIP",
    "DescribeInstanceMonitorTookDist", "DescribeInstanceMonitorTopNCmd", "DescribeInstanceMonitorTopNCmdTook",
    "DescribeLogs", "DescribeRedisClusterOverview", "DescribeRedisClusters", "DescribeReplicationGroup",
    "InquiryPriceRenewInstance", "ModifyInstanceChargeType", "ModifyInstanceLogDelivery", "ModifyInstanceReadOnly",
    "ModifyLog", "RemoveReplicationInstance", "SwitchInstanceVip",
];

/// The code with which this action is refused.
#[must_use]
pub fn code(info: &ActionInfo) -> &'static str {
    match info.service {
        "redis" if NO_CAM_AUTHED.contains(&info.name) => "UnauthorizedOperation.NoCAMAuthed",
        "redis" if !UNLISTED.contains(&info.name) => "InvalidParameter.PermissionDenied",
        "sts" => "UnauthorizedOperation",
        _ => "AuthFailure.UnauthorizedOperation",
    }
}

/// No policy of the caller's allows the action on this resource, or one denies it.
pub fn refused(info: &ActionInfo, resource: &str) -> Error {
    let operation = format!("{}:{}", info.service, info.name);
    Error::new(
        code(info),
        format!(
            "You are not authorized to perform operation ({operation}): resource ({resource}) has no permission; ask the main account for a policy that allows it."
        ),
        format!("您无权执行操作 ({operation})：资源 ({resource}) 未授权，请联系主账号授予相应策略。"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(service: &str, name: &str) -> &'static str {
        code(api::actions().iter().find(|info| (info.service, info.name) == (service, name)).unwrap())
    }

    #[test]
    fn each_action_has_the_code_of_its_page() {
        assert_eq!(of("redis", "DescribeTaskInfo"), "InvalidParameter.PermissionDenied");
        assert_eq!(of("redis", "ClearInstance"), "UnauthorizedOperation.NoCAMAuthed");
        assert_eq!(of("redis", "DescribeLogs"), "AuthFailure.UnauthorizedOperation");
        assert_eq!(of("tag", "ModifyResourceTags"), "AuthFailure.UnauthorizedOperation");
    }

    #[test]
    fn the_lists_name_actions_of_the_contract_once() {
        let names: Vec<_> = NO_CAM_AUTHED.iter().chain(&UNLISTED).collect();
        for name in &names {
            assert_eq!(names.iter().filter(|other| other == &name).count(), 1, "{name}");
            assert!(api::find("redis", "2018-04-12", name).is_some(), "{name}");
        }
    }
}
