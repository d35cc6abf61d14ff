//! `cinnabar trust`: how clients come to accept the certificates of the local authority.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use server::tls::authority::Authority;

use crate::connection::Data;
use crate::error::Error;
use crate::output;
use crate::shell::Shell;

/// Print how each client accepts the server's own certificates for HTTPS
///
/// The local authority is made at the server's first start and kept in its data folder; clients need its certificate, ca.pem. It is
/// good for the server's own names alone. See docs/tls.md.
#[derive(Args)]
pub(crate) struct Trust {
    #[command(flatten)]
    data: Data,
    /// Print the certificate itself (PEM) and nothing else
    #[arg(long)]
    pem: bool,
    /// The shell that reads the lines
    #[arg(long, value_enum, default_value_t = Shell::Sh)]
    shell: Shell,
}

impl Trust {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let file = certificate(self.data.folder())?;
        if self.pem {
            let text = std::fs::read_to_string(&file).map_err(Error::io(file.display().to_string()))?;
            output::line(text.trim_end());
        } else {
            output::line(&lines(self.shell, &file.display().to_string()).join("\n"));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The authority's certificate in a data folder, by its whole path.
pub(crate) fn certificate(folder: &Path) -> Result<PathBuf, Error> {
    Authority::certificate_file(folder).canonicalize().map_err(|_| {
        Error::Usage(format!(
            "there is no ca.pem in {}: name the server's folder with --data; the file is made when `cinnabar serve` starts with tls.enabled = true",
            folder.display()
        ))
    })
}

fn lines(shell: Shell, file: &str) -> Vec<String> {
    let word = shell.quote(file);
    let mut lines = vec!["# The certificate of the local authority; give each client just what it needs:".to_owned()];
    let clients = [
        ("curl", format!("curl --cacert {word} https://…")),
        ("Python SDK", format!("HttpProfile(certification={file:?})    # the asynchronous client: SSL_CERT_FILE")),
        ("tccli", format!("cat {word} >> \"$(python3 -m certifi)\"    # of the Python that tccli runs on")),
        (
            "Python requests, httpx",
            shell.export("SSL_CERT_FILE", file) + "; " + &shell.export("REQUESTS_CA_BUNDLE", file),
        ),
        ("Go SDK, Terraform", shell.export("SSL_CERT_FILE", file)),
        ("Node SDK", shell.export("NODE_EXTRA_CA_CERTS", file)),
        (
            "Java SDK",
            format!(
                "keytool -importcert -noprompt -alias cinnabar -file {word} -keystore cinnabar.p12 -storepass changeit"
            ),
        ),
        ("", "java -Djavax.net.ssl.trustStore=cinnabar.p12 -Djavax.net.ssl.trustStorePassword=changeit …".to_owned()),
        (".NET SDK", shell.export("SSL_CERT_FILE", file)),
        ("PHP SDK", format!("php -d curl.cainfo={word} -d openssl.cafile={word} …")),
        (
            "all of a Debian",
            format!("cp {word} /usr/local/share/ca-certificates/cinnabar.crt && update-ca-certificates    # as root"),
        ),
    ];
    lines.extend(clients.iter().map(|(client, how)| format!("# {client:<23} {how}")));
    lines.push("# SSL_CERT_FILE and Java's trustStore replace what the client accepts otherwise; NODE_EXTRA_CA_CERTS adds to it.".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_comment_and_a_strange_path_is_quoted() {
        let lines = lines(Shell::Sh, "/a b/it's/ca.pem");
        assert!(lines.iter().all(|line| line.starts_with('#') && !line.contains('\n')));
        let curl = lines.iter().find(|line| line.contains("curl")).unwrap();
        assert!(curl.contains(r"'/a b/it'\''s/ca.pem'"), "{curl}");
    }
}
