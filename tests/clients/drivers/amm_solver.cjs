// A constant-product solver around the packages that the vendor's reference solver uses, which is in no registry.
"use strict";
const crypto = require("node:crypto");
const { connect, keyStores, KeyPair } = require("near-api-js-4");
const { BorshSchema, borshSerialize } = require("borsher");
const baseEncode = require("near-api-js-4").utils.serialize.base_encode;
const { WebSocket } = require("ws");

const settings = process.env;
const [first, second, fills] = process.argv.slice(2);
const tokens = [first, second];
const contract = "intents.near";
const MARGIN = 30n;
const WITHIN_MS = 90_000;
const payloadSchema = BorshSchema.Struct({
  message: BorshSchema.String,
  nonce: BorshSchema.Array(BorshSchema.u8, 32),
  recipient: BorshSchema.String,
  callback_url: BorshSchema.Option(BorshSchema.String),
});

function hashOf(message, nonce) {
  const tag = borshSerialize(BorshSchema.u32, 2 ** 31 + 413);
  const payload = { message, nonce: [...Buffer.from(nonce, "base64")], recipient: contract, callback_url: null };
  return crypto.createHash("sha256").update(Buffer.concat([tag, borshSerialize(payloadSchema, payload)])).digest();
}

/** The other amount of a request, by the product of the reserves. */
function priced(request, reserves) {
  const held = [request.defuse_asset_identifier_in, request.defuse_asset_identifier_out].map((id) => reserves[id]);
  const [reserveIn, reserveOut] = held;
  if (request.exact_amount_in) {
    const given = BigInt(request.exact_amount_in) * (10_000n - MARGIN);
    return { amount_out: ((given * reserveOut) / (reserveIn * 10_000n + given)).toString() };
  }
  const taken = BigInt(request.exact_amount_out);
  if (taken >= reserveOut) return null;
  return { amount_in: ((reserveIn * taken * 10_000n) / ((reserveOut - taken) * (10_000n - MARGIN)) + 1n).toString() };
}

async function main() {
  const key = KeyPair.fromString(settings.USER_KEY);
  const keyStore = new keyStores.InMemoryKeyStore();
  await keyStore.setKey("mainnet", settings.USER_ACCOUNT, key);
  const near = await connect({ networkId: "mainnet", nodeUrl: settings.NEAR_RPC_URL.split(",")[0], keyStore });
  const account = await near.account(settings.USER_ACCOUNT);
  const found = { accepted: 0, refused: [], settled: [], pairs: 0 };
  const own = new Set();
  let reserves = {};
  let nonce = "";

  async function refresh() {
    const args = { account_id: account.accountId, token_ids: tokens };
    const held = await account.viewFunction({ contractId: contract, methodName: "mt_batch_balance_of", args });
    reserves = Object.fromEntries(tokens.map((token, index) => [token, BigInt(held[index])]));
    nonce = crypto.createHash("sha256").update(`reserves:${held.join(":")}`).digest("base64");
  }
  await refresh();
  found.opening = Object.values(reserves).map(String);

  const socket = new WebSocket(settings.NEAR_INTENTS_RELAY_WS_URL, {
    headers: { Authorization: `Bearer ${settings.NEAR_INTENTS_API_KEY}` },
  });
  const waiting = new Map();
  let calls = 0;
  const send = (method, params) =>
    new Promise((resolve, reject) => {
      const id = calls++;
      waiting.set(id, (answer) => (answer.error ? reject(answer.error) : resolve(answer.result)));
      socket.send(JSON.stringify({ id, jsonrpc: "2.0", method, params }));
    });

  async function quote(request) {
    found.pairs += 1;
    const asked = [request.defuse_asset_identifier_in, request.defuse_asset_identifier_out];
    if (asked[0] === asked[1] || !asked.every((token) => tokens.includes(token))) return;
    const output = priced(request, reserves);
    if (output === null) return;
    const message = JSON.stringify({
      signer_id: account.accountId,
      deadline: new Date(Date.now() + Number(request.min_deadline_ms) + 1_000).toISOString(),
      intents: [
        {
          intent: "token_diff",
          diff: {
            [asked[0]]: request.exact_amount_in ?? output.amount_in,
            [asked[1]]: `-${request.exact_amount_out ?? output.amount_out}`,
          },
        },
      ],
    });
    const hash = hashOf(message, nonce);
    const signature = key.sign(hash);
    own.add(baseEncode(hash));
    const answer = {
      quote_id: request.quote_id,
      quote_output: output,
      signed_data: {
        standard: "nep413",
        payload: { message, nonce, recipient: contract },
        signature: `ed25519:${baseEncode(signature.signature)}`,
        public_key: signature.publicKey.toString(),
      },
    };
    try {
      found.accepted += (await send("quote_response", [answer])) === "OK" ? 1 : 0;
    } catch (error) {
      found.refused.push(error);
    }
  }

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${fills} fills: ${JSON.stringify(found)}`)), WITHIN_MS);
    const kinds = {};
    socket.on("error", reject);
    socket.on("open", async () => {
      for (const kind of ["quote", "quote_status"]) kinds[await send("subscribe", [kind])] = kind;
    });
    socket.on("message", async (text) => {
      const frame = JSON.parse(text);
      if (typeof frame.id === "number") {
        waiting.get(frame.id)?.(frame);
        waiting.delete(frame.id);
      } else if (frame.method === "event" && kinds[frame.params.subscription] === "quote") {
        await quote(frame.params.data);
      } else if (frame.method === "event" && own.has(frame.params.data.quote_hash)) {
        await refresh();
        found.settled.push(frame.params.data.quote_hash);
        if (found.settled.length === Number(fills)) {
          clearTimeout(timer);
          socket.close();
          resolve({ ...found, closing: Object.values(reserves).map(String) });
        }
      }
    });
  });
}

main().then(
  (found) => process.stdout.write(`\n${JSON.stringify(found)}\n`),
  (error) => {
    process.stderr.write(`${error.stack ?? JSON.stringify(error)}\n`);
    process.exitCode = 1;
  },
);
