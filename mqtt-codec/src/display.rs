//! Packets as one line, for a log: what a person wants to see of them, and no secrets.
//!
//! Texts are quoted and escaped, so that no peer can forge a line; long ones, payloads and lists are shortened.

use core::fmt::{self, Display, Formatter, Write};

use crate::property::Properties;
use crate::{
    Auth, ConnAck, Connect, Delivery, Disconnect, List, ListItem, Packet, PubAck, PubComp, PubRec, PubRel,
    Publish, RetainHandling, SubAck, Subscribe, Subscription, UnsubAck, Unsubscribe, UserProperties, Will,
};

/// Characters of a text, bytes of a payload and items of a list that are shown.
const SHOWN_CHARS: usize = 64;
const SHOWN_BYTES: usize = 32;
const SHOWN_ITEMS: usize = 8;

/// A text in quotes.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(SHOWN_CHARS) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => {
                let shown = self.0.get(..end).unwrap_or_default();
                write!(f, "{shown:?}... ({} bytes)", self.0.len())
            }
        }
    }
}

/// Bytes of any kind: how many, and the first of them as text if they are text, else as hex.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..SHOWN_BYTES).unwrap_or(self.0);
        write!(f, "{} bytes", self.0.len())?;
        if shown.is_empty() {
            return Ok(());
        }
        f.write_char(' ')?;
        match core::str::from_utf8(shown) {
            Ok(text) => write!(f, "{text:?}")?,
            // Shortening may cut a character in two.
            Err(error) if error.error_len().is_none() && shown.len() < self.0.len() => {
                let text = shown.get(..error.valid_up_to()).unwrap_or_default();
                write!(f, "{:?}", core::str::from_utf8(text).unwrap_or_default())?;
            }
            Err(_) => shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?,
        }
        if shown.len() < self.0.len() { f.write_str("...") } else { Ok(()) }
    }
}

/// What stands for a password or for authentication data, whatever it is.
pub(crate) const SECRET: &str = "***";

/// The first items of a list.
fn items<'a, T: ListItem<'a>>(
    f: &mut Formatter<'_>,
    name: &str,
    list: List<'a, T>,
    show: impl Fn(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    write!(f, " {name}=[")?;
    for (index, item) in list.iter().take(SHOWN_ITEMS).enumerate() {
        f.write_str(if index > 0 { ", " } else { "" })?;
        show(f, item)?;
    }
    match list.len().saturating_sub(SHOWN_ITEMS) {
        0 => f.write_char(']'),
        more => write!(f, ", {more} more]"),
    }
}

pub(crate) fn user_properties(f: &mut Formatter<'_>, list: UserProperties<'_>) -> fmt::Result {
    items(f, "user_properties", list, |f, (name, value)| write!(f, "{}: {}", Text(name), Text(value)))
}

fn flag(f: &mut Formatter<'_>, name: &str, is_set: bool) -> fmt::Result {
    if is_set { write!(f, " {name}") } else { Ok(()) }
}

impl Display for Packet<'_> {
    /// One line without a line break: the packet's type, then its fields as `name=value` and its flags as names. Absent
    /// fields are left out, long ones shortened, passwords and authentication data shown as `***`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.packet_type().name())?;
        match self {
            Self::Connect(packet) => connect(f, packet),
            Self::ConnAck(ConnAck { session_present, reason, properties }) => {
                flag(f, "session_present", *session_present)?;
                write!(f, " reason={reason}")?;
                properties.show(f)
            }
            Self::Publish(packet) => publish(f, packet),
            Self::PubAck(PubAck { packet_id, reason, properties })
            | Self::PubRec(PubRec { packet_id, reason, properties })
            | Self::PubRel(PubRel { packet_id, reason, properties })
            | Self::PubComp(PubComp { packet_id, reason, properties }) => {
                write!(f, " id={packet_id} reason={reason}")?;
                properties.show(f)
            }
            Self::Subscribe(Subscribe {
                packet_id,
                subscription_id,
                user_properties: user,
                subscriptions,
            }) => {
                write!(f, " id={packet_id}")?;
                if let Some(id) = subscription_id {
                    write!(f, " subscription_id={id}")?;
                }
                items(f, "subscriptions", *subscriptions, subscription)?;
                user_properties(f, *user)
            }
            Self::Unsubscribe(Unsubscribe { packet_id, user_properties: user, filters }) => {
                write!(f, " id={packet_id}")?;
                items(f, "filters", *filters, |f, filter| Text(filter.as_str()).fmt(f))?;
                user_properties(f, *user)
            }
            Self::SubAck(SubAck { packet_id, codes, properties })
            | Self::UnsubAck(UnsubAck { packet_id, codes, properties }) => {
                write!(f, " id={packet_id}")?;
                items(f, "codes", *codes, |f, code| write!(f, "0x{:02X}", code.as_u8()))?;
                properties.show(f)
            }
            Self::PingReq | Self::PingResp => Ok(()),
            Self::Disconnect(Disconnect { reason, properties }) => {
                let name = reason.name_in(self.packet_type());
                write!(f, " reason=0x{:02X} {name}", reason.as_u8())?;
                properties.show(f)
            }
            Self::Auth(Auth { reason, authentication_method, properties }) => {
                write!(f, " reason={reason} authentication_method={}", Text(authentication_method))?;
                properties.show(f)
            }
        }
    }
}

fn connect(f: &mut Formatter<'_>, packet: &Connect<'_>) -> fmt::Result {
    let Connect { clean_start, keep_alive, client_id, will, user_name, password, properties } = packet;
    write!(f, " client_id={}", Text(client_id))?;
    flag(f, "clean_start", *clean_start)?;
    write!(f, " keep_alive={keep_alive}")?;
    if let Some(name) = user_name {
        write!(f, " user_name={}", Text(name))?;
    }
    if password.is_some() {
        write!(f, " password={SECRET}")?;
    }
    properties.show(f)?;
    if let Some(Will { topic, payload, qos, retain, delay_interval, properties }) = will {
        write!(f, " will={{topic={} qos={}", Text(topic.as_str()), *qos as u8)?;
        flag(f, "retain", *retain)?;
        if let Some(seconds) = delay_interval {
            write!(f, " delay_interval={seconds}")?;
        }
        properties.show(f)?;
        write!(f, " payload={}}}", Bytes(payload))?;
    }
    Ok(())
}

fn publish(f: &mut Formatter<'_>, packet: &Publish<'_>) -> fmt::Result {
    let Publish { topic, delivery, retain, subscription_ids, properties, payload } = packet;
    if let Some(name) = topic.name() {
        write!(f, " topic={}", Text(name.as_str()))?;
    }
    if let Some(alias) = topic.alias() {
        write!(f, " alias={alias}")?;
    }
    write!(f, " qos={}", delivery.qos() as u8)?;
    match delivery {
        Delivery::AtMostOnce => {}
        Delivery::AtLeastOnce { id, dup } | Delivery::ExactlyOnce { id, dup } => {
            write!(f, " id={id}")?;
            flag(f, "dup", *dup)?;
        }
    }
    flag(f, "retain", *retain)?;
    items(f, "subscription_ids", *subscription_ids, |f, id| write!(f, "{id}"))?;
    properties.show(f)?;
    write!(f, " payload={}", Bytes(payload))
}

fn subscription(f: &mut Formatter<'_>, Subscription { filter, options }: Subscription<'_>) -> fmt::Result {
    write!(f, "{} qos={}", Text(filter.as_str()), options.qos as u8)?;
    flag(f, "no_local", options.no_local)?;
    flag(f, "retain_as_published", options.retain_as_published)?;
    match options.retain_handling {
        RetainHandling::Send => Ok(()),
        handling @ (RetainHandling::SendIfNew | RetainHandling::DoNotSend) => {
            write!(f, " retain_handling={}", handling as u8)
        }
    }
}
