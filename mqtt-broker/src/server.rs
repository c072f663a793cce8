use std::net::SocketAddr;
use std::panic::resume_unwind;

use mqtt_broker_core::{Config, Event, ListenerId};
use tokio::net::TcpListener;
use tokio::select;
use tokio::task::LocalSet;

use crate::hub::{Hub, no_connection};
use crate::listen::listen;
use crate::{ListenError, accept, timer};

/// A broker that listens. Connections wait until it [runs](Self::run).
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    local_addrs: Vec<SocketAddr>,
}

impl Server {
    /// Listens on each of `addresses`: `IP:PORT` or `HOST:PORT`, where port 0 is any free one.
    ///
    /// # Errors
    /// If an address means nothing, or cannot be had.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(addresses: &[impl AsRef<str>]) -> Result<Self, ListenError> {
        let mut listeners = Vec::new();
        let mut local_addrs = Vec::new();
        for address in addresses {
            for (listener, local_addr) in listen(address.as_ref())? {
                listeners.push(listener);
                local_addrs.push(local_addr);
            }
        }
        Ok(Self { listeners, local_addrs })
    }

    /// Where it listens, in the order of the addresses of [`bind`](Self::bind), with the ports that it got.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// Serves until `shutdown` is ready. Then it stops listening, tells the clients, and is ready when all connections
    /// are closed, which takes a few seconds at most.
    ///
    /// Everything runs in this future, on the thread that polls it. Dropping it closes all at once.
    pub async fn run(self, config: Config, shutdown: impl Future<Output = ()>) {
        let hub = Hub::new(config);
        let tasks = LocalSet::new();
        let serve = async {
            let accepting: Vec<_> = (0..)
                .zip(self.listeners)
                .map(|(id, listener)| tasks.spawn_local(accept::run(listener, ListenerId(id), hub.clone())))
                .collect();
            shutdown.await;
            for task in accepting {
                task.abort();
            }
            hub.borrow_mut().handle(Event::Shutdown);
            no_connection(&hub).await;
        };
        let timer = tasks.spawn_local(timer::run(hub.clone()));
        let broken = tasks
            .run_until(async {
                select! {
                    () = serve => None,
                    Err(error) = timer => Some(error),
                }
            })
            .await;
        // A broker whose deadlines pass unnoticed is none.
        if let Some(panic) = broken.and_then(|error| error.try_into_panic().ok()) {
            resume_unwind(panic);
        }
    }
}
