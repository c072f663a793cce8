//! Checks names and filters, matches one by one, and then with both tries.

use mqtt_topic::{RetainedTrie, SubscriptionTrie, TopicError, TopicFilter, TopicName};

fn main() -> Result<(), TopicError> {
    let name = TopicName::new("home/kitchen/temperature")?;
    let filter = TopicFilter::new("home/+/temperature")?;
    println!("{filter} matches {name}: {}", filter.matches(name));

    if let Err(error) = TopicFilter::new("home/#/temperature") {
        println!("home/#/temperature: {error} ({})", error.statement());
    }

    // A published message: which subscriptions is it for?
    let mut subscriptions = SubscriptionTrie::new();
    subscriptions.insert(filter, "thermostat", "at most QoS 1");
    subscriptions.insert(TopicFilter::new("home/#")?, "logger", "at most QoS 0");
    subscriptions.visit(name, |client, options| println!("{name} goes to {client}, {options}"));

    // A new subscription: which retained messages does it get?
    let mut retained = RetainedTrie::new();
    retained.insert(name, "21.5");
    retained.insert(TopicName::new("home/bedroom/temperature")?, "18.0");
    retained.visit(filter, |name, payload| println!("{filter} gets {name} = {payload}"));
    Ok(())
}
