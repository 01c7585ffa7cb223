// The test of an application with carts, against a cluster whose network splits.
//
// Run it with:  ringside up -n 5 --http 127.0.0.1:0 -- node --test cart.test.mjs
// MERGE=first chooses a merge function that loses items, and the test finds that.

import assert from "node:assert/strict";
import { test } from "node:test";

const { RINGSIDE_HTTP, RINGSIDE_TOKEN, MERGE = "union" } = process.env;

// ask sends one request and returns the answer of the command: exit, result, error.
async function ask(method, path, { body, context, ...query } = {}) {
  const url = new URL(path, RINGSIDE_HTTP);
  url.search = new URLSearchParams(query);
  const headers = { Authorization: `Bearer ${RINGSIDE_TOKEN}` };
  if (context) headers["Ringside-Context"] = context;
  const response = await fetch(url, { method, headers, body });
  return response.json();
}

// done returns the result of a command that must succeed.
function done(answer) {
  assert.equal(answer.exit, 0, answer.error?.message);
  return answer.result;
}

// The application.

const merges = {
  union: (carts) => [...new Set(carts.flat())].sort(),
  first: (carts) => carts[0],
};
const merge = merges[MERGE];

// A Cart is a cart in the store. A client reaches the store through one node.
class Cart {
  constructor(key, via) {
    this.path = "/v1/keys/" + encodeURIComponent(key);
    this.via = via;
  }

  // read returns the items and the context of what was read.
  async read() {
    const answer = await ask("GET", this.path, { via: this.via, R: 1 });
    if (answer.exit === 3) return [[], answer.result.context]; // no cart yet
    const { siblings, context } = done(answer);
    return [merge(siblings.map((s) => JSON.parse(s.value))), context];
  }

  async write(items, context) {
    done(await ask("POST", this.path, { body: JSON.stringify({ value: JSON.stringify(items), context, via: this.via }) }));
  }

  async add(item) {
    const [items, context] = await this.read();
    await this.write([...new Set([...items, item])].sort(), context);
  }
}

const command = async (line) => done(await ask("POST", "/v1/commands", { body: JSON.stringify({ command: line }) }));

// split splits the network so that each side has a home of the key. It returns a node of each side.
async function split(key) {
  const { preference, fallbacks } = done(await ask("GET", `/v1/keys/${encodeURIComponent(key)}/replicas`));
  const [first, ...rest] = preference;
  const group = [[first, ...fallbacks], rest];
  done(await ask("POST", "/v1/partition", { body: JSON.stringify({ group }) }));
  return [fallbacks[0], rest[0]];
}

const heal = async () => {
  await command("heal");
  await command("wait converged --timeout 30s");
};

test("both sides of a split add to a cart", async () => {
  const key = "node cart/1";
  await new Cart(key, "n1").add("milk");
  const [here, there] = await split(key);
  await Promise.all([new Cart(key, here).add("eggs"), new Cart(key, there).add("beer")]);
  await heal();
  const cart = new Cart(key, "n5");
  assert.equal(done(await ask("GET", cart.path)).siblings.length, 2, "the two carts are concurrent");
  await cart.write(...(await cart.read()));
  assert.equal(done(await ask("GET", cart.path)).siblings.length, 1, "the merged cart replaces both");
  assert.deepEqual((await cart.read())[0], ["beer", "eggs", "milk"], "an item was lost");
});

test("many clients at once", async () => {
  const key = "node cart/2";
  await new Cart(key, "n1").add("milk");
  await split(key);
  const nodes = ["n1", "n2", "n3", "n4", "n5"];
  await Promise.all(
    nodes.map(async (node) => {
      for (let i = 0; i < 5; i++) await new Cart(key, node).add(`${node}-${i}`);
    }),
  );
  await heal();
  const want = ["milk", ...nodes.flatMap((node) => [0, 1, 2, 3, 4].map((i) => `${node}-${i}`))];
  assert.deepEqual((await new Cart(key, "n1").read())[0], want, "an item was lost");
});

test("events are a stream", async () => {
  const response = await fetch(`${RINGSIDE_HTTP}/v1/events?follow=true&kind=heal`, {
    headers: { Authorization: `Bearer ${RINGSIDE_TOKEN}` },
  });
  assert.equal(response.status, 200);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  await command("heal");
  let text = "";
  while (!text.includes('"kind":"heal"')) text += (await reader.read()).value;
  await reader.cancel();
});
