// Drives a broker with MQTT.js.

import { randomBytes } from "node:crypto";
import { Peer, equal, summary } from "./mqttjs-peer.mjs";

const SESSION_TAKEN_OVER = 0x8e;

const cases = {
    qos0: qualityOfService(0),
    qos1: qualityOfService(1),
    qos2: qualityOfService(2),
    plus: wildcard("/+/c", ["/a/c", "//c", "/b/c"], ["/c", "/a/b/c", "/a/C", "/a/c/", ""]),
    hash: wildcard("/x/#", ["/x", "/x/", "/x/a", "/x/a/b"], ["", "/", "/xy", "/X/a", "/y/x"]),
    retained,
    cleared,
    will,
    session,
    takeover,
    properties,
    shared,
    mebibyte,
    thousand,
};

let clientNumber = 0;
// MQTT 3.1 allows a client identifier of no more than 23 characters.
const clientId = () => `j${token}n${clientNumber++}`;
const [address, token, ...names] = process.argv.slice(2);
for (const name of names) {
    const [version, title] = name.split(":");
    const topic = `interop/${token}/mqttjs/${version}/${title}`;
    const peers = [];
    // A message on the topic `end` ends a wait for messages that must not come.
    const context = { address, version, topic, end: `${topic}-end`, peers, clientId };
    try {
        await cases[title](context);
        console.log(`ok   mqttjs ${version} ${title}`);
    } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        console.log(`FAIL mqttjs ${version} ${title}: ${message.replaceAll(/\s+/g, " ")}`);
    }
    peers.forEach((peer) => peer.kill());
}

function qualityOfService(qos) {
    return async (context) => {
        const { topic, end } = context;
        const peer = await Peer.connect(context);
        await peer.subscribe(topic, end);
        await peer.publish(topic, `payload ${qos}`, { qos });
        await peer.publish(end, "end", { qos });
        const expected = [[topic, `payload ${qos}`, qos, false]];
        equal((await peer.beforeEnd(context)).map(summary), expected, "messages");
    };
}

function wildcard(filterEnd, matching, others) {
    return async (context) => {
        const { topic, end } = context;
        const peer = await Peer.connect(context);
        await peer.subscribe(topic + filterEnd, end);
        for (const name of [...others, ...matching]) await peer.publish(topic + name, "x", { qos: 1 });
        await peer.publish(end, "end", { qos: 1 });
        const received = (await peer.beforeEnd(context)).map((packet) => packet.topic);
        equal(received, matching.map((name) => topic + name), "topics");
    };
}

async function retained(context) {
    const { topic, end } = context;
    const publisher = await Peer.connect(context);
    await publisher.publish(topic, "kept", { qos: 1, retain: true });
    const late = await Peer.connect(context);
    await late.subscribe(topic, end);
    await publisher.publish(end, "end", { qos: 1 });
    equal((await late.beforeEnd(context)).map(summary), [[topic, "kept", 1, true]], "messages");
    await publisher.publish(topic, "", { qos: 1, retain: true });
}

async function cleared(context) {
    const { topic, end } = context;
    const publisher = await Peer.connect(context);
    await publisher.publish(topic, "kept", { qos: 1, retain: true });
    await publisher.publish(topic, "", { qos: 1, retain: true });
    const late = await Peer.connect(context);
    await late.subscribe(topic, end);
    await publisher.publish(end, "end", { qos: 1 });
    equal((await late.beforeEnd(context)).map(summary), [], "messages");
}

async function will(context) {
    const watcher = await Peer.connect(context);
    await watcher.subscribe(context.topic);
    const lastWill = { topic: context.topic, payload: Buffer.from("gone"), qos: 1, retain: false };
    const dying = await Peer.connect(context, { will: lastWill });
    dying.kill();
    equal(summary(await watcher.next("the will")), [context.topic, "gone", 1, false], "will");
}

async function session(context) {
    const { topic, end, version } = context;
    const id = clientId();
    const first = await Peer.connect(context, { id, session: true });
    equal(first.sessionPresent, false, "session present on the first connection");
    await first.subscribe(topic);
    await first.disconnect();
    const publisher = await Peer.connect(context);
    await publisher.publishAll(topic, numbered("one ", 10), { qos: 1 });
    await publisher.publishAll(topic, numbered("two ", 10), { qos: 2 });
    const second = await Peer.connect(context, { id, session: true });
    // The CONNACK of 3.1 has no such flag.
    if (version !== "3.1") equal(second.sessionPresent, true, "session present on the second connection");
    await second.subscribe(end);
    await second.publish(end, "end", { qos: 2 });
    const received = await second.beforeEnd(context);
    for (const [qos, prefix] of [[1, "one "], [2, "two "]]) {
        const payloads = received.filter((packet) => packet.qos === qos).map(({ payload }) => payload.toString());
        equal(payloads, numbered(prefix, 10), `queued messages of QoS ${qos}`);
    }
    equal(received.length, 20, "number of messages");
    await second.disconnect();
    await Peer.connect(context, { id }); // a clean start ends the session on the broker
}

async function takeover(context) {
    const id = clientId();
    const first = await Peer.connect(context, { id });
    const second = await Peer.connect(context, { id });
    const reason = await first.ended();
    if (context.version === "5.0") equal(reason, SESSION_TAKEN_OVER, "reason code of DISCONNECT");
    await second.subscribe(context.topic);
    await second.publish(context.topic, "second", { qos: 1 });
    equal((await second.next("the message to the second connection")).payload.toString(), "second", "payload");
}

async function properties(context) {
    const peer = await Peer.connect(context);
    const sent = {
        payloadFormatIndicator: true,
        responseTopic: `${context.topic}/reply`,
        correlationData: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
        contentType: "text/plain",
    };
    // This client keeps names and the values of one name in order, but cannot interleave them.
    const user = { b: ["1", "3", "1"], a: "2" };
    await peer.subscribe(context.topic);
    await peer.publish(context.topic, "x", { qos: 1, properties: { ...sent, userProperties: user } });
    const { userProperties, ...others } = (await peer.next("the message")).properties;
    equal(others, sent, "properties");
    equal(Object.entries(userProperties ?? {}), Object.entries(user), "user properties");
}

async function shared(context) {
    const { topic, end } = context;
    const members = [await Peer.connect(context), await Peer.connect(context)];
    for (const member of members) await member.subscribe(`$share/g/${topic}`, end);
    const publisher = await Peer.connect(context);
    await publisher.publishAll(topic, numbered("", 40), { qos: 1 });
    await publisher.publish(end, "end", { qos: 1 });
    const shares = [];
    for (const member of members) {
        shares.push((await member.beforeEnd(context)).map(({ payload }) => payload.toString()));
    }
    equal(shares.flat().sort(), numbered("", 40).sort(), "messages of both members");
    equal(shares.map((share) => share.length > 0), [true, true], "whether each member got some");
}

async function mebibyte(context) {
    const payload = randomBytes(1 << 20);
    const peer = await Peer.connect(context);
    await peer.subscribe(context.topic);
    await peer.publish(context.topic, payload, { qos: 1 });
    const received = (await peer.next("the message")).payload;
    equal(received.length, payload.length, "length");
    equal(received.equals(payload), true, "whether the payload is the same");
}

async function thousand(context) {
    const { topic, end } = context;
    const subscriber = await Peer.connect(context);
    await subscriber.subscribe(topic, end);
    const publisher = await Peer.connect(context);
    await publisher.publishAll(topic, numbered("", 1000), { qos: 2 });
    await publisher.publish(end, "end", { qos: 2 });
    const received = (await subscriber.beforeEnd(context)).map(({ payload, qos }) => [payload.toString(), qos]);
    equal(received, numbered("", 1000).map((payload) => [payload, 2]), "messages");
}

function numbered(prefix, count) {
    return Array.from({ length: count }, (_, number) => `${prefix}${number}`);
}
