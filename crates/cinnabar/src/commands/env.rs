//! `cinnabar env`: what other clients need to find the server.

use std::process::ExitCode;

use clap::Args;
use server::folder::Credentials;

use crate::connection::Data;
use crate::error::Error;
use crate::output;
use crate::shell::Shell;

/// Print the variables for tccli, the SDKs and Terraform
///
/// Use it as `eval "$(cinnabar env --data DIR)"`. The comments among the lines say what the clients need beside the variables.
#[derive(Args)]
pub(crate) struct Env {
    #[command(flatten)]
    data: Data,
    /// The shell that reads the lines
    #[arg(long, value_enum, default_value_t = Shell::Sh)]
    shell: Shell,
}

impl Env {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let credentials = self.data.credentials()?;
        output::line(&lines(self.shell, &credentials).join("\n"));
        Ok(ExitCode::SUCCESS)
    }
}

fn lines(shell: Shell, credentials: &Credentials) -> Vec<String> {
    let (endpoint, region) = (credentials.endpoint.as_str(), credentials.region.as_str());
    let host = endpoint.trim_start_matches("http://");
    let quoted = shell.quote(endpoint);
    vec![
        shell.export("TENCENTCLOUD_SECRET_ID", &credentials.secret_id),
        shell.export("TENCENTCLOUD_SECRET_KEY", credentials.secret_key.expose()),
        shell.export("TENCENTCLOUD_REGION", region),
        shell.export("TENCENTCLOUD_PROTOCOL", "HTTP"),
        shell.export("CINNABAR_ENDPOINT", endpoint),
        format!("# tccli:      tccli redis DescribeInstances --endpoint {quoted}"),
        format!("# SDKs:       HttpProfile protocol \"http\", endpoint \"{host}\""),
        format!("# Terraform:  HTTP_PROXY={quoted} terraform apply"),
        "#             (it always calls SERVICE.tencentcloudapi.com; by the proxy setting those calls come here, and only".to_owned(),
        "#             those: its downloads use HTTPS. Or give redis., region., tag. … of a domain of your own this address".to_owned(),
        format!("#             and set TENCENTCLOUD_DOMAIN=DOMAIN:{})", port(host)),
        "# cinnabar:   cinnabar call DescribeInstances".to_owned(),
    ]
}

fn port(host: &str) -> &str {
    host.rsplit_once(':').map_or("80", |(_, port)| port)
}
