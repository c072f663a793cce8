// A connected MQTT.js client for the cases in mqttjs.mjs, with waits that have a deadline.

import { isDeepStrictEqual } from "node:util";
import mqtt from "mqtt";

const DEADLINE = 10_000;
const PROTOCOL = {
    "3.1": { protocolId: "MQIsdp", protocolVersion: 3 },
    "3.1.1": { protocolId: "MQTT", protocolVersion: 4 },
    "5.0": { protocolId: "MQTT", protocolVersion: 5 },
};

// A connected client, which the end of the case closes.
export class Peer {
    #client;
    #messages = [];
    #ended = null;
    #window;
    #wake = () => {};

    static async connect(context, { id = context.clientId(), session = false, will } = {}) {
        const peer = new Peer();
        context.peers.push(peer);
        const five = context.version === "5.0";
        peer.#client = mqtt.connect(`mqtt://${context.address}`, {
            ...PROTOCOL[context.version],
            clientId: id,
            clean: !session,
            will,
            reconnectPeriod: 0,
            resubscribe: false,
            ...(five && { properties: { sessionExpiryInterval: session ? 300 : 0 } }),
        });
        peer.#client.on("message", (_topic, _payload, packet) => {
            peer.#messages.push(packet);
            peer.#wake();
        });
        let disconnect = "no DISCONNECT";
        peer.#client.on("disconnect", (packet) => (disconnect = packet.reasonCode));
        peer.#client.on("close", () => {
            peer.#ended = { disconnect };
            peer.#wake();
        });
        const connack = new Promise((resolve, reject) => {
            peer.#client.on("connect", resolve);
            peer.#client.on("error", reject);
            peer.#client.on("close", () => reject(new Error("connection ended before CONNACK")));
        });
        const { sessionPresent, properties } = await within(connack, "CONNACK");
        peer.sessionPresent = sessionPresent;
        peer.#window = properties?.receiveMaximum ?? 65535;
        return peer;
    }

    async subscribe(...filters) {
        const wanted = Object.fromEntries(filters.map((filter) => [filter, { qos: 2 }]));
        const granted = await within(this.#client.subscribeAsync(wanted), "SUBACK");
        equal(granted.map(({ qos }) => qos), filters.map(() => 2), "granted QoS");
    }

    // Publishes and waits until the exchange is complete.
    async publish(topic, payload, options) {
        await within(this.#client.publishAsync(topic, payload, options), "the acknowledgement of a message");
    }

    // As many at once as the broker's Receive Maximum allows: this client fails a message beyond it.
    async publishAll(topic, payloads, options) {
        for (let first = 0; first < payloads.length; first += this.#window) {
            const some = payloads.slice(first, first + this.#window);
            const all = some.map((payload) => this.#client.publishAsync(topic, payload, options));
            await within(Promise.all(all), `the acknowledgements of ${some.length} messages`);
        }
    }

    async next(what) {
        await within(this.#until(() => this.#messages.length > 0, what), what);
        return this.#messages.shift();
    }

    // Each message before the one on the end topic.
    async beforeEnd({ end }) {
        const place = () => this.#messages.findIndex(({ topic }) => topic === end);
        const what = "the end message";
        await within(this.#until(() => place() >= 0, what), what, () => `, had ${shown(this.#messages.map(summary))}`);
        return this.#messages.splice(0, place() + 1).slice(0, -1);
    }

    // The reason code of the server's DISCONNECT.
    async ended() {
        const what = "the end of the connection";
        await within(this.#until(() => this.#ended, what), what);
        return this.#ended.disconnect;
    }

    async disconnect() {
        await within(this.#client.endAsync(), "the end of the connection");
    }

    // Closes the connection without a DISCONNECT.
    kill() {
        this.#client.stream?.destroy();
    }

    async #until(condition, what) {
        while (!condition()) {
            if (this.#ended) throw new Error(`connection ended while waiting for ${what}`);
            await new Promise((resolve) => (this.#wake = resolve));
        }
    }
}

export function summary({ topic, payload, qos, retain }) {
    return [topic, payload.toString(), qos, retain];
}

function within(promise, what, more = () => "") {
    let timer;
    const limit = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited ${DEADLINE / 1000} s for ${what}${more()}`)), DEADLINE);
    });
    return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

export function equal(got, expected, what) {
    if (!isDeepStrictEqual(got, expected)) {
        throw new Error(`${what}: ${difference(got, expected)}`);
    }
}

function difference(got, expected) {
    if (Array.isArray(got) && Array.isArray(expected) && Math.max(got.length, expected.length) > 10) {
        const index = expected.findIndex((item, place) => !isDeepStrictEqual(item, got[place]));
        const place = index < 0 ? expected.length : index;
        return `expected ${expected.length} items, got ${got.length}, at index ${place}: ` +
            difference(got[place], expected[place]);
    }
    return `expected ${shown(expected)}, got ${shown(got)}`;
}

function shown(value) {
    const text = JSON.stringify(value) ?? String(value);
    return text.length <= 300 ? text : `${text.slice(0, 300)}... (${text.length} characters)`;
}
