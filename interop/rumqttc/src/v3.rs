//! The 3.1.1 half of rumqttc.

use rumqttc::{
    AsyncClient, Event, EventLoop, Incoming, LastWill, MqttOptions, Outgoing, QoS, SubscribeReasonCode,
};
use tokio::task::JoinHandle;

use crate::Context;
use crate::peer::{MAXIMUM_PACKET_SIZE, Message, REQUESTS, Reply, Settings, Sink};

pub(crate) fn start(
    context: &Context<'_>,
    settings: Settings,
    sink: Sink,
) -> (AsyncClient, JoinHandle<Option<u8>>) {
    let mut options = MqttOptions::new(settings.client_id, context.host, context.port);
    options.set_clean_session(!settings.session);
    options.set_max_packet_size(MAXIMUM_PACKET_SIZE as usize, MAXIMUM_PACKET_SIZE as usize);
    if let Some(will) = settings.will {
        options.set_last_will(LastWill::new(will.topic, will.payload, will.qos, will.retain));
    }
    let (client, event_loop) = AsyncClient::new(options, REQUESTS);
    (client, tokio::spawn(run(event_loop, sink)))
}

/// Polls until the connection ends: one more poll would connect again.
async fn run(mut event_loop: EventLoop, sink: Sink) -> Option<u8> {
    while let Ok(event) = event_loop.poll().await {
        match event {
            Event::Incoming(Incoming::ConnAck(connack)) => {
                sink.reply(Reply::Connected { session_present: connack.session_present });
            }
            Event::Incoming(Incoming::SubAck(suback)) => {
                let granted = SubscribeReasonCode::Success(QoS::ExactlyOnce);
                let all_exactly_once = suback.return_codes.iter().all(|&code| code == granted);
                sink.reply(Reply::Subscribed { all_exactly_once });
            }
            Event::Incoming(Incoming::PubAck(_) | Incoming::PubComp(_)) => sink.reply(Reply::Acknowledged),
            Event::Incoming(Incoming::Publish(publish)) => {
                let retain = publish.retain;
                let message = Message::new(&publish.topic, publish.payload, publish.qos);
                sink.message(Message { retain, ..message });
            }
            Event::Outgoing(Outgoing::Disconnect) => break,
            _ => {}
        }
    }
    None
}
