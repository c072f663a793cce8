//! A connected client of either version, with waits that have a deadline.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::QoS;
use rumqttc::v5::mqttbytes::v5::PublishProperties;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::{Context, Result, Version, v3, v5};

const DEADLINE: Duration = Duration::from_secs(10);
/// The library's own limit is 10 KiB.
pub(crate) const MAXIMUM_PACKET_SIZE: u32 = 2 << 20;
pub(crate) const REQUESTS: usize = 10;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) properties: PublishProperties,
}

impl Message {
    pub(crate) fn new(topic: &str, payload: impl Into<Bytes>, qos: QoS) -> Self {
        let properties = PublishProperties::default();
        Self { topic: topic.to_owned(), payload: payload.into(), qos, retain: false, properties }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.payload).into_owned()
    }
}

pub(crate) struct Settings {
    pub(crate) client_id: String,
    /// Whether the broker is to keep the session.
    pub(crate) session: bool,
    pub(crate) will: Option<Message>,
}

/// What the broker answers, other than messages.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    Connected { session_present: bool },
    Subscribed { all_exactly_once: bool },
    Acknowledged,
}

/// Where an event loop puts what it sees.
pub(crate) struct Sink {
    pub(crate) messages: UnboundedSender<Message>,
    pub(crate) replies: UnboundedSender<Reply>,
}

impl Sink {
    /// The test may have stopped listening; then nobody misses the reply.
    pub(crate) fn reply(&self, reply: Reply) {
        let _ = self.replies.send(reply);
    }

    pub(crate) fn message(&self, message: Message) {
        let _ = self.messages.send(message);
    }
}

enum Client {
    V311(rumqttc::AsyncClient),
    V5(rumqttc::v5::AsyncClient),
}

pub(crate) struct Peer {
    client: Client,
    /// Ends with the connection, with the reason code of the server's DISCONNECT.
    event_loop: JoinHandle<Option<u8>>,
    messages: UnboundedReceiver<Message>,
    replies: UnboundedReceiver<Reply>,
    pub(crate) session_present: bool,
}

impl Peer {
    pub(crate) async fn connect(context: &Context<'_>) -> Result<Self> {
        let settings = Settings { client_id: context.client_id(), session: false, will: None };
        Self::connect_with(context, settings).await
    }

    pub(crate) async fn connect_with(context: &Context<'_>, settings: Settings) -> Result<Self> {
        let (message_sender, messages) = unbounded_channel();
        let (reply_sender, replies) = unbounded_channel();
        let sink = Sink { messages: message_sender, replies: reply_sender };
        let (client, event_loop) = match context.version {
            Version::V311 => {
                let (client, event_loop) = v3::start(context, settings, sink);
                (Client::V311(client), event_loop)
            }
            Version::V5 => {
                let (client, event_loop) = v5::start(context, settings, sink);
                (Client::V5(client), event_loop)
            }
        };
        let mut peer = Self { client, event_loop, messages, replies, session_present: false };
        match peer.reply("CONNACK").await? {
            Reply::Connected { session_present } => peer.session_present = session_present,
            other => return Err(format!("expected CONNACK, got {other:?}").into()),
        }
        Ok(peer)
    }

    pub(crate) async fn subscribe(&mut self, filters: &[&str]) -> Result {
        for &filter in filters {
            match &self.client {
                Client::V311(client) => client.subscribe(filter, QoS::ExactlyOnce).await?,
                Client::V5(client) => client.subscribe(filter, v5::qos(QoS::ExactlyOnce)).await?,
            }
            let expected = Reply::Subscribed { all_exactly_once: true };
            equal(&self.reply("SUBACK").await?, &expected, "answer to SUBSCRIBE")?;
        }
        Ok(())
    }

    /// Publishes and waits until all exchanges are complete.
    pub(crate) async fn publish(&mut self, messages: impl IntoIterator<Item = Message>) -> Result {
        let mut open = 0;
        for message in messages {
            open += usize::from(message.qos != QoS::AtMostOnce);
            within("room to publish", self.send(message)).await??;
        }
        for _ in 0..open {
            equal(&self.reply("an acknowledgement").await?, &Reply::Acknowledged, "answer to PUBLISH")?;
        }
        Ok(())
    }

    async fn send(&self, message: Message) -> Result {
        let Message { topic, payload, qos, retain, properties } = message;
        match &self.client {
            Client::V311(client) => client.publish(topic, qos, retain, payload).await?,
            Client::V5(client) => {
                client.publish_with_properties(topic, v5::qos(qos), retain, payload, properties).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn next(&mut self, what: &str) -> Result<Message> {
        let message = within(what, self.messages.recv()).await?;
        message.ok_or_else(|| format!("connection ended while waiting for {what}").into())
    }

    /// Each message before the one on the end topic.
    pub(crate) async fn before_end(&mut self, context: &Context<'_>) -> Result<Vec<Message>> {
        let mut received = Vec::new();
        loop {
            let waited = self.next("the end message").await;
            let message = waited.map_err(|error| format!("{error}, after {} others", received.len()))?;
            if message.topic == context.end {
                return Ok(received);
            }
            received.push(message);
        }
    }

    /// Waits until the broker ends the connection.
    pub(crate) async fn ended(&mut self) -> Result<Option<u8>> {
        Ok(within("the end of the connection", &mut self.event_loop).await??)
    }

    pub(crate) async fn disconnect(mut self) -> Result {
        match &self.client {
            Client::V311(client) => client.disconnect().await?,
            Client::V5(client) => client.disconnect().await?,
        }
        self.ended().await?;
        Ok(())
    }

    async fn reply(&mut self, what: &str) -> Result<Reply> {
        let reply = within(what, self.replies.recv()).await?;
        reply.ok_or_else(|| format!("connection ended while waiting for {what}").into())
    }
}

/// Closes the connection without a DISCONNECT.
impl Drop for Peer {
    fn drop(&mut self) {
        self.event_loop.abort();
    }
}

async fn within<F: Future>(what: &str, future: F) -> Result<F::Output> {
    let waited = tokio::time::timeout(DEADLINE, future).await;
    waited.map_err(|_| format!("waited {} s for {what}", DEADLINE.as_secs()).into())
}

pub(crate) fn equal<T: Debug + PartialEq>(got: &T, expected: &T, what: &str) -> Result {
    if got == expected {
        return Ok(());
    }
    Err(format!("{what}: expected {}, got {}", shown(expected), shown(got)).into())
}

fn shown(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
