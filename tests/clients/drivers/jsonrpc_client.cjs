// Every method of the client that is made from nearcore's OpenAPI, which checks what it sends and what comes back.
"use strict";
const client = require("@near-js/jsonrpc-client");
const { Account, Connection, InMemorySigner, KeyPair, keyStores, transactions, utils } = require("near-api-js");

const settings = process.env;
const account = settings.USER_ACCOUNT;
const contract = "intents.near";
const node = new client.NearRpcClient({ endpoint: settings.NEAR_RPC_URL.split(",")[0], retries: 0 });

async function signed(count) {
  const keys = new keyStores.InMemoryKeyStore();
  const key = KeyPair.fromString(settings.USER_KEY);
  await keys.setKey("sandbox", account, key);
  const signer = new InMemorySigner(keys);
  const access = await client.viewAccessKey(node, { accountId: account, publicKey: key.getPublicKey().toString() });
  const { header } = await client.block(node, { finality: "final" });
  const made = [];
  for (let index = 1; index <= count; index += 1) {
    const order = { public_key: KeyPair.fromRandom("ed25519").getPublicKey().toString() };
    const action = transactions.functionCall("add_public_key", order, 30_000_000_000_000n, 1n);
    const nonce = BigInt(access.nonce) + BigInt(index);
    const hash = utils.serialize.base_decode(header.hash);
    const [id, tx] = await transactions.signTransaction(contract, nonce, [action], hash, signer, account, "sandbox");
    made.push({ hash: utils.serialize.base_encode(id), base64: Buffer.from(tx.encode()).toString("base64") });
  }
  return made;
}

async function main() {
  const [sent, async_, committed] = await signed(3);
  const found = {};
  const ask = async (name, method, params) => {
    try {
      const answer = await client[method](node, params);
      found[name] = "valid";
      return answer;
    } catch (error) {
      found[name] =
        error.message.startsWith("Response validation failed") || error.message.startsWith("Request validation failed")
          ? `invalid: ${error.message.replace(/\s+/g, " ").slice(0, 900)}`
          : { code: error.code, message: error.message, data: error.data };
      return null;
    }
  };

  await ask("send_tx", "sendTx", { signedTxBase64: sent.base64, waitUntil: "FINAL" });
  await ask("broadcast_tx_async", "broadcastTxAsync", { signedTxBase64: async_.base64 });
  await ask("broadcast_tx_commit", "broadcastTxCommit", { signedTxBase64: committed.base64 });
  const named = { txHash: sent.hash, senderAccountId: account, waitUntil: "FINAL" };
  const outcome = await ask("tx", "tx", named);
  await ask("EXPERIMENTAL_tx_status", "experimentalTxStatus", named);
  const receiptId = outcome?.receiptsOutcome?.[0]?.id;
  await ask("EXPERIMENTAL_receipt", "experimentalReceipt", { receiptId });

  const block = await ask("block", "block", { finality: "final" });
  await ask("block by height", "block", { blockId: block.header.height });
  await ask("block by hash", "block", { blockId: block.header.prevHash });
  const chunkId = block.chunks[0].chunkHash;
  await ask("chunk", "chunk", { chunkId });
  await ask("chunk of a block", "chunk", { blockId: block.header.height, shardId: block.chunks[0].shardId });
  await ask("gas_price", "gasPrice", { blockId: null });
  await ask("gas_price of a block", "gasPrice", { blockId: block.header.height });
  for (const [name, method] of [
    ["status", "status"],
    ["health", "health"],
    ["network_info", "networkInfo"],
    ["client_config", "clientConfig"],
    ["genesis_config", "genesisConfig"],
    ["EXPERIMENTAL_genesis_config", "experimentalGenesisConfig"],
  ]) {
    await ask(name, method, null);
  }
  await ask("validators", "validators", "latest");
  await ask("EXPERIMENTAL_validators_ordered", "experimentalValidatorsOrdered", { blockId: null });
  await ask("EXPERIMENTAL_protocol_config", "experimentalProtocolConfig", { finality: "final" });
  await ask("maintenance_windows", "maintenanceWindows", { accountId: account });
  await ask("EXPERIMENTAL_maintenance_windows", "experimentalMaintenanceWindows", { accountId: account });
  await ask("EXPERIMENTAL_congestion_level", "experimentalCongestionLevel", { chunkId });
  await ask("EXPERIMENTAL_split_storage_info", "experimentalSplitStorageInfo", {});
  const changes = { changesType: "account_changes", accountIds: [account], finality: "final" };
  await ask("changes", "changes", changes);
  await ask("EXPERIMENTAL_changes", "experimentalChanges", changes);
  await ask("block_effects", "blockEffects", { finality: "final" });
  await ask("EXPERIMENTAL_changes_in_block", "experimentalChangesInBlock", { finality: "final" });
  await ask("next_light_client_block", "nextLightClientBlock", { lastBlockHash: block.header.prevHash });
  const proof = {
    type: "transaction",
    transactionHash: sent.hash,
    senderId: account,
    lightClientHead: block.header.hash,
  };
  await ask("light_client_proof", "lightClientProof", proof);
  await ask("EXPERIMENTAL_light_client_proof", "experimentalLightClientProof", proof);
  const blocks = { blockHash: block.header.prevHash, lightClientHead: block.header.hash };
  await ask("EXPERIMENTAL_light_client_block_proof", "experimentalLightClientBlockProof", blocks);

  const finality = "final";
  const keyText = KeyPair.fromString(settings.USER_KEY).getPublicKey().toString();
  await ask("query view_account", "viewAccount", { accountId: account, finality });
  await ask("query view_access_key", "viewAccessKey", { accountId: account, publicKey: keyText, finality });
  await ask("query view_access_key_list", "query", { requestType: "view_access_key_list", accountId: account, finality });
  await ask("query view_code", "query", { requestType: "view_code", accountId: contract, finality });
  await ask("query view_state", "query", { requestType: "view_state", accountId: account, prefixBase64: "", finality });
  await ask("query call_function", "viewFunctionAsJson", { accountId: contract, methodName: "current_salt", argsBase64: "", finality });
  await ask("query of a block", "viewAccount", { accountId: account, blockId: block.header.height });
  await ask("query of nobody", "viewAccount", { accountId: "nobody.near", finality });
  return { found, methods: client.RPC_METHODS };
}

main().then(
  (result) => process.stdout.write(`\n${JSON.stringify(result)}\n`),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
