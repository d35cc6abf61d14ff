//! The policies that exist without anybody having made them.

/// A policy that everybody can attach and nobody can change.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Its number, below those of policies that customers make.
    pub id: i64,
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its text.
    pub document: &'static str,
}

/// All of them. The names are CAM's; CAM's texts are not published, these are what the names say.
pub const PRESETS: [Preset; 5] = [
    Preset {
        id: 1,
        name: "AdministratorAccess",
        description: "Everything in the account.",
        document: r#"{"version":"2.0","statement":[{"effect":"allow","action":"*","resource":"*"}]}"#,
    },
    Preset {
        id: 2,
        name: "QcloudResourceFullAccess",
        description: "Everything but users, keys, policies and roles.",
        document: r#"{"version":"2.0","statement":[{"effect":"allow","action":["redis:*","tag:*","region:*","vpc:*","cvm:*"],"resource":"*"}]}"#,
    },
    // Not `sts:Get*`: those actions make keys.
    Preset {
        id: 3,
        name: "ReadOnlyAccess",
        description: "Reads everything in the account.",
        document: r#"{"version":"2.0","statement":[{"effect":"allow","action":["*:Describe*","*:Inquiry*","cam:Get*","cam:List*","tag:Get*","sts:GetCallerIdentity"],"resource":"*"}]}"#,
    },
    Preset {
        id: 4,
        name: "QcloudRedisFullAccess",
        description: "Everything of Redis.",
        document: r#"{"version":"2.0","statement":[{"effect":"allow","action":"redis:*","resource":"*"}]}"#,
    },
    Preset {
        id: 5,
        name: "QcloudRedisReadOnlyAccess",
        description: "Reads everything of Redis.",
        document: r#"{"version":"2.0","statement":[{"effect":"allow","action":["redis:Describe*","redis:Inquiry*"],"resource":"*"}]}"#,
    },
];
