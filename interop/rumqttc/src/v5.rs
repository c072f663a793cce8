//! The 5.0 half of rumqttc.

use rumqttc::Outgoing;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnectProperties, LastWill, Packet, SubscribeReasonCode};
use rumqttc::v5::{AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, StateError};
use tokio::task::JoinHandle;

use crate::Context;
use crate::peer::{MAXIMUM_PACKET_SIZE, Message, REQUESTS, Reply, Settings, Sink};

pub(crate) fn start(
    context: &Context<'_>,
    settings: Settings,
    sink: Sink,
) -> (AsyncClient, JoinHandle<Option<u8>>) {
    let mut options = MqttOptions::new(settings.client_id, context.host, context.port);
    options.set_clean_start(!settings.session);
    options.set_connect_properties(ConnectProperties {
        session_expiry_interval: settings.session.then_some(300),
        max_packet_size: Some(MAXIMUM_PACKET_SIZE),
        ..ConnectProperties::new()
    });
    if let Some(will) = settings.will {
        options.set_last_will(LastWill::new(will.topic, will.payload, qos(will.qos), will.retain, None));
    }
    let (client, event_loop) = AsyncClient::new(options, REQUESTS);
    (client, tokio::spawn(run(event_loop, sink)))
}

/// The library has one QoS type for each version.
pub(crate) fn qos(qos: rumqttc::QoS) -> QoS {
    match qos {
        rumqttc::QoS::AtMostOnce => QoS::AtMostOnce,
        rumqttc::QoS::AtLeastOnce => QoS::AtLeastOnce,
        rumqttc::QoS::ExactlyOnce => QoS::ExactlyOnce,
    }
}

/// Polls until the connection ends: one more poll would connect again.
async fn run(mut event_loop: EventLoop, sink: Sink) -> Option<u8> {
    loop {
        let event = match event_loop.poll().await {
            Ok(event) => event,
            Err(ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. })) => {
                return Some(reason_code as u8);
            }
            Err(_) => return None,
        };
        match event {
            Event::Incoming(Packet::ConnAck(connack)) => {
                sink.reply(Reply::Connected { session_present: connack.session_present });
            }
            Event::Incoming(Packet::SubAck(suback)) => {
                let granted = SubscribeReasonCode::Success(QoS::ExactlyOnce);
                let all_exactly_once = suback.return_codes.iter().all(|&code| code == granted);
                sink.reply(Reply::Subscribed { all_exactly_once });
            }
            Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)) => sink.reply(Reply::Acknowledged),
            Event::Incoming(Packet::Publish(publish)) => sink.message(Message {
                topic: String::from_utf8_lossy(&publish.topic).into_owned(),
                payload: publish.payload,
                qos: match publish.qos {
                    QoS::AtMostOnce => rumqttc::QoS::AtMostOnce,
                    QoS::AtLeastOnce => rumqttc::QoS::AtLeastOnce,
                    QoS::ExactlyOnce => rumqttc::QoS::ExactlyOnce,
                },
                retain: publish.retain,
                properties: publish.properties.unwrap_or_default(),
            }),
            Event::Outgoing(Outgoing::Disconnect) => return None,
            _ => {}
        }
    }
}
