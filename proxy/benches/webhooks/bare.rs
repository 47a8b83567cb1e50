use anyhow::Result;
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use sqlx::{AnyPool, Executor as _, any::AnyPoolOptions};

/// A server that inserts what it gets, and says at the start where it listens.
#[expect(clippy::print_stderr, reason = "as dialbench does")]
pub(crate) async fn run(url: &str) -> Result<()> {
    sqlx::any::install_default_drivers();
    let is_file = url.starts_with("sqlite:");
    let pool = AnyPoolOptions::new()
        .max_connections(8)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if is_file {
                    for setting in [
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL",
                        "PRAGMA busy_timeout = 30000",
                    ] {
                        connection.execute(setting).await?;
                    }
                }
                Ok(())
            })
        })
        .connect(url)
        .await?;
    pool.execute("CREATE TABLE events (body TEXT NOT NULL)").await?;
    let app = Router::new().route("/webhook/simulation-events", post(insert)).with_state(pool);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("dialbench: http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

async fn insert(State(pool): State<AnyPool>, body: Bytes) -> StatusCode {
    let text = String::from_utf8_lossy(&body).into_owned();
    match sqlx::query("INSERT INTO events (body) VALUES ($1)").bind(text).execute(&pool).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
