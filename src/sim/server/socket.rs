//! A socket on loopback, and what answers on it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::reply::Reply;

/// An idle connection is closed after four minutes, as Google's front ends do.
const IDLE: Duration = Duration::from_secs(240);

/// A socket that answers. Dropping it stops it at once; [`Socket::shutdown`] lets open answers end.
#[derive(Debug)]
pub struct Socket {
    /// Where it listens.
    pub addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Socket {
    /// Answers every request that comes to a listener. An error closes the connection without an answer.
    pub fn open<S, F>(listener: TcpListener, service: S) -> io::Result<Socket>
    where
        S: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = io::Result<Reply>> + Send + 'static,
    {
        let addr = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(accept(listener, service, stopped));
        Ok(Socket { addr, stop, task })
    }

    /// Stops: nothing new is accepted, answers under way get half a second.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept<S, F>(listener: TcpListener, service: S, mut stopped: watch::Receiver<bool>)
where
    S: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = io::Result<Reply>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(connection(stream, service.clone(), stopped.clone()));
                }
                // Out of descriptors, most likely: connections that end will free some.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    // Answers under way may end; a stalled one must not hold the program up.
    let _ =
        tokio::time::timeout(Duration::from_millis(500), async { while connections.join_next().await.is_some() {} })
            .await;
}

async fn connection<S, F>(stream: tokio::net::TcpStream, service: S, mut stopped: watch::Receiver<bool>)
where
    S: Fn(Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = io::Result<Reply>> + Send + 'static,
{
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(256 * 1024);
    let connection = builder.serve_connection(TokioIo::new(stream), service_fn(service));
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
