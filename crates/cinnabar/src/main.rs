//! Managed Redis.
#[tokio::main]
async fn main() {
    let config = server::config::Config::load(None, |name| std::env::var(name).ok()).unwrap();
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let service = server::service::Service::start(config, None).await.unwrap();
    println!("listening on http://{}", service.address);
    tokio::signal::ctrl_c().await.unwrap();
    service.stop().await;
}
