//! The cases, for either version.

use bytes::Bytes;
use rumqttc::QoS::{self, AtLeastOnce, AtMostOnce, ExactlyOnce};
use rumqttc::v5::mqttbytes::v5::PublishProperties;

use crate::peer::{Message, Peer, Settings, equal};
use crate::{Context, Result};

const SESSION_TAKEN_OVER: u8 = 0x8E;

pub(crate) async fn run(case: &str, context: &Context<'_>) -> Result {
    match case {
        "qos0" => quality_of_service(context, AtMostOnce).await,
        "qos1" => quality_of_service(context, AtLeastOnce).await,
        "qos2" => quality_of_service(context, ExactlyOnce).await,
        "plus" => {
            let others = ["/c", "/a/b/c", "/a/C", "/a/c/", ""];
            wildcard(context, "/+/c", &["/a/c", "//c", "/b/c"], &others).await
        }
        "hash" => {
            let others = ["", "/", "/xy", "/X/a", "/y/x"];
            wildcard(context, "/x/#", &["/x", "/x/", "/x/a", "/x/a/b"], &others).await
        }
        "retained" => retained(context).await,
        "cleared" => cleared(context).await,
        "will" => will(context).await,
        "session" => session(context).await,
        "takeover" => takeover(context).await,
        "properties" => properties(context).await,
        "shared" => shared(context).await,
        "mebibyte" => mebibyte(context).await,
        "thousand" => thousand(context).await,
        other => Err(format!("no such case: {other}").into()),
    }
}

async fn quality_of_service(context: &Context<'_>, qos: QoS) -> Result {
    let mut peer = Peer::connect(context).await?;
    peer.subscribe(&[&context.topic, &context.end]).await?;
    let message = Message::new(&context.topic, "payload", qos);
    peer.publish([message.clone(), Message::new(&context.end, "end", qos)]).await?;
    equal(&peer.before_end(context).await?, &vec![message], "messages")
}

async fn wildcard(context: &Context<'_>, filter_end: &str, matching: &[&str], others: &[&str]) -> Result {
    let name = |end: &&str| format!("{}{end}", context.topic);
    let mut peer = Peer::connect(context).await?;
    peer.subscribe(&[&name(&filter_end), &context.end]).await?;
    let names = others.iter().chain(matching).map(name);
    peer.publish(names.map(|name| Message::new(&name, "x", AtLeastOnce))).await?;
    peer.publish([Message::new(&context.end, "end", AtLeastOnce)]).await?;
    let received = peer.before_end(context).await?.into_iter().map(|message| message.topic);
    equal(&received.collect(), &matching.iter().map(name).collect::<Vec<_>>(), "topics")
}

async fn retained(context: &Context<'_>) -> Result {
    let kept = Message { retain: true, ..Message::new(&context.topic, "kept", AtLeastOnce) };
    let mut publisher = Peer::connect(context).await?;
    publisher.publish([kept.clone()]).await?;
    let mut late = Peer::connect(context).await?;
    late.subscribe(&[&context.topic, &context.end]).await?;
    publisher.publish([Message::new(&context.end, "end", AtLeastOnce)]).await?;
    equal(&late.before_end(context).await?, &vec![kept.clone()], "messages")?;
    publisher.publish([Message { payload: Bytes::new(), ..kept }]).await
}

async fn cleared(context: &Context<'_>) -> Result {
    let kept = Message { retain: true, ..Message::new(&context.topic, "kept", AtLeastOnce) };
    let mut publisher = Peer::connect(context).await?;
    publisher.publish([kept.clone(), Message { payload: Bytes::new(), ..kept }]).await?;
    let mut late = Peer::connect(context).await?;
    late.subscribe(&[&context.topic, &context.end]).await?;
    publisher.publish([Message::new(&context.end, "end", AtLeastOnce)]).await?;
    equal(&late.before_end(context).await?, &Vec::new(), "messages")
}

async fn will(context: &Context<'_>) -> Result {
    let mut watcher = Peer::connect(context).await?;
    watcher.subscribe(&[&context.topic]).await?;
    let will = Message::new(&context.topic, "gone", AtLeastOnce);
    let settings = Settings { client_id: context.client_id(), session: false, will: Some(will.clone()) };
    let dying = Peer::connect_with(context, settings).await?;
    drop(dying);
    equal(&watcher.next("the will").await?, &will, "will")
}

async fn session(context: &Context<'_>) -> Result {
    let client_id = context.client_id();
    let settings = |session| Settings { client_id: client_id.clone(), session, will: None };
    let mut first = Peer::connect_with(context, settings(true)).await?;
    equal(&first.session_present, &false, "session present on the first connection")?;
    first.subscribe(&[&context.topic]).await?;
    first.disconnect().await?;

    let mut publisher = Peer::connect(context).await?;
    let queued = [numbered(context, 10, AtLeastOnce), numbered(context, 10, ExactlyOnce)];
    publisher.publish(queued.iter().flatten().cloned()).await?;

    let mut second = Peer::connect_with(context, settings(true)).await?;
    equal(&second.session_present, &true, "session present on the second connection")?;
    second.subscribe(&[&context.end]).await?;
    second.publish([Message::new(&context.end, "end", ExactlyOnce)]).await?;
    let received = second.before_end(context).await?;
    let (one, two): (Vec<_>, Vec<_>) = received.into_iter().partition(|message| message.qos == AtLeastOnce);
    same_messages(&one, &queued[0])?;
    same_messages(&two, &queued[1])?;

    second.disconnect().await?;
    // A clean start ends the session on the broker.
    Peer::connect_with(context, settings(false)).await?.disconnect().await
}

async fn takeover(context: &Context<'_>) -> Result {
    let client_id = context.client_id();
    let settings = || Settings { client_id: client_id.clone(), session: false, will: None };
    let mut first = Peer::connect_with(context, settings()).await?;
    let mut second = Peer::connect_with(context, settings()).await?;
    // The library cannot read a DISCONNECT without properties and reports no reason then.
    if let Some(reason) = first.ended().await? {
        equal(&reason, &SESSION_TAKEN_OVER, "reason code of DISCONNECT")?;
    }
    let message = Message::new(&context.topic, "second", AtLeastOnce);
    second.subscribe(&[&context.topic]).await?;
    second.publish([message.clone()]).await?;
    equal(&second.next("the message to the second connection").await?, &message, "message")
}

async fn properties(context: &Context<'_>) -> Result {
    let user = [("b", "1"), ("a", "2"), ("b", "3"), ("b", "1")];
    let properties = PublishProperties {
        payload_format_indicator: Some(1),
        response_topic: Some(format!("{}/reply", context.topic)),
        correlation_data: Some((0..=u8::MAX).collect()),
        user_properties: user.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        content_type: Some("text/plain".to_owned()),
        ..PublishProperties::default()
    };
    let message = Message { properties, ..Message::new(&context.topic, "x", AtLeastOnce) };
    let mut peer = Peer::connect(context).await?;
    peer.subscribe(&[&context.topic]).await?;
    peer.publish([message.clone()]).await?;
    equal(&peer.next("the message").await?, &message, "message")
}

async fn shared(context: &Context<'_>) -> Result {
    let filter = format!("$share/g/{}", context.topic);
    let mut members = [Peer::connect(context).await?, Peer::connect(context).await?];
    for member in &mut members {
        member.subscribe(&[&filter, &context.end]).await?;
    }
    let mut publisher = Peer::connect(context).await?;
    publisher.publish(numbered(context, 40, AtLeastOnce)).await?;
    publisher.publish([Message::new(&context.end, "end", AtLeastOnce)]).await?;
    let mut all = Vec::new();
    for member in &mut members {
        let share = member.before_end(context).await?;
        equal(&share.is_empty(), &false, "whether a member got nothing")?;
        all.extend(share);
    }
    all.sort_by_key(|message| message.text().parse::<u32>().ok());
    same_messages(&all, &numbered(context, 40, AtLeastOnce))
}

async fn mebibyte(context: &Context<'_>) -> Result {
    let payload: Bytes =
        (0..1 << 20).map(|place: u32| place.wrapping_mul(0x9E37_79B1).to_be_bytes()[0]).collect();
    let mut peer = Peer::connect(context).await?;
    peer.subscribe(&[&context.topic]).await?;
    peer.publish([Message::new(&context.topic, payload.clone(), AtLeastOnce)]).await?;
    let received = peer.next("the message").await?.payload;
    equal(&received.len(), &payload.len(), "length")?;
    equal(&(received == payload), &true, "whether the payload is the same")
}

async fn thousand(context: &Context<'_>) -> Result {
    let mut subscriber = Peer::connect(context).await?;
    subscriber.subscribe(&[&context.topic, &context.end]).await?;
    let mut publisher = Peer::connect(context).await?;
    let messages = numbered(context, 1000, ExactlyOnce);
    publisher.publish(messages.iter().cloned()).await?;
    publisher.publish([Message::new(&context.end, "end", ExactlyOnce)]).await?;
    same_messages(&subscriber.before_end(context).await?, &messages)
}

fn numbered(context: &Context<'_>, count: u32, qos: QoS) -> Vec<Message> {
    (0..count).map(|number| Message::new(&context.topic, number.to_string(), qos)).collect()
}

/// Names the first difference, because the lists are long.
fn same_messages(got: &[Message], expected: &[Message]) -> Result {
    for (place, pair) in got.iter().zip(expected).enumerate() {
        let text = |message: &Message| (message.text(), message.qos);
        equal(&text(pair.0), &text(pair.1), &format!("message {place}"))?;
        equal(pair.0, pair.1, &format!("message {place}"))?;
    }
    equal(&got.len(), &expected.len(), "number of messages")
}
