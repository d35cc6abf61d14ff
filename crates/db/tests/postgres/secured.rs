//! A cluster that speaks TLS.

use std::net::TcpListener;
use std::path::PathBuf;

use crate::cluster::{Cluster, script};

/// Has the cluster speak TLS, as `name`, on a port of 127.0.0.1; answers the port, and the file of its certificate.
pub(crate) fn speak_tls(cluster: &Cluster, name: &str) -> (u16, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let certificate = cluster.folder.join("cert.pem");
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(cluster.folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    script("tls", &[cluster.folder.as_os_str(), free.to_string().as_ref()]);
    (free, certificate)
}
