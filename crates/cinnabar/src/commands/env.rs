//! `cinnabar env`: what other clients need to find the server.

use std::process::ExitCode;

use clap::Args;
use server::folder::Credentials;

use super::trust;
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
    /// Variables with which clients reach the server by HTTPS and the cloud's own addresses, also those that know no others
    ///
    /// All of HTTPS in that shell then goes to the server, which answers for the API's names and refuses all others.
    #[arg(long)]
    https: bool,
}

impl Env {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let credentials = self.data.credentials()?;
        let lines = if self.https {
            let authority = trust::certificate(self.data.folder())?;
            https(self.shell, &credentials, &authority.display().to_string())
        } else {
            lines(self.shell, &credentials)
        };
        output::line(&lines.join("\n"));
        Ok(ExitCode::SUCCESS)
    }
}

fn lines(shell: Shell, credentials: &Credentials) -> Vec<String> {
    let endpoint = credentials.endpoint.as_str();
    let host = endpoint.trim_start_matches("http://");
    let quoted = shell.quote(endpoint);
    let mut lines = common(shell, credentials, "HTTP");
    lines.extend([
        format!("# tccli:      tccli redis DescribeInstances --endpoint {quoted}"),
        format!("# SDKs:       HttpProfile protocol \"http\", endpoint \"{host}\""),
        format!("# Terraform:  HTTP_PROXY={quoted} terraform apply"),
        "#             (it always calls SERVICE.tencentcloudapi.com; by the proxy setting those calls come here, and only".to_owned(),
        "#             those: its downloads use HTTPS. Or give redis., region., tag. … of a domain of your own this address".to_owned(),
        format!("#             and set TENCENTCLOUD_DOMAIN=DOMAIN:{})", port(host)),
        "# cinnabar:   cinnabar call DescribeInstances".to_owned(),
        format!("# HTTPS:      https://{host}, for clients that accept the certificate: cinnabar trust"),
        "#             clients that know https://SERVICE.tencentcloudapi.com alone: cinnabar env --https".to_owned(),
    ]);
    lines
}

/// What every client reads.
fn common(shell: Shell, credentials: &Credentials, protocol: &str) -> Vec<String> {
    vec![
        shell.export("TENCENTCLOUD_SECRET_ID", &credentials.secret_id),
        shell.export("TENCENTCLOUD_SECRET_KEY", credentials.secret_key.expose()),
        shell.export("TENCENTCLOUD_REGION", &credentials.region),
        shell.export("TENCENTCLOUD_PROTOCOL", protocol),
        shell.export("CINNABAR_ENDPOINT", &credentials.endpoint),
    ]
}

/// The server as proxy, and its authority in the variables that runtimes know.
fn https(shell: Shell, credentials: &Credentials, authority: &str) -> Vec<String> {
    let mut lines = common(shell, credentials, "HTTPS");
    lines.extend([
        shell.export("HTTPS_PROXY", &credentials.endpoint),
        shell.export("SSL_CERT_FILE", authority),
        shell.export("NODE_EXTRA_CA_CERTS", authority),
        format!("# Python SDK: HttpProfile(certification={authority:?}); tccli, Java and others: cinnabar trust"),
        "# Java:       -Dhttps.proxyHost= and -Dhttps.proxyPort= instead of HTTPS_PROXY".to_owned(),
    ]);
    lines
}

fn port(host: &str) -> &str {
    host.rsplit_once(':').map_or("80", |(_, port)| port)
}
