// Wallet's work with near-api-js, in its versions 5 and 7: accounts, keys, views and transactions.
"use strict";
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const settings = process.env;
const account = settings.USER_ACCOUNT;
const contract = "intents.near";
const ONE = 10n ** 24n;
const GAS = 100_000_000_000_000n;

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { type: error.type, name: error.name, message: String(error.message).slice(0, 300) };
  }
  return null;
}

/** What version 5 does, by the names that the cases use. */
async function version5(url) {
  const api = require("near-api-js");
  const key = api.KeyPair.fromString(settings.USER_KEY);
  const keyStore = new api.keyStores.InMemoryKeyStore();
  await keyStore.setKey("sandbox", account, key);
  const near = await api.connect({ networkId: "sandbox", nodeUrl: url, keyStore });
  const own = await near.account(account);
  const { provider } = near.connection;

  const as = async (name, pair) => {
    const keys = new api.keyStores.InMemoryKeyStore();
    await keys.setKey("sandbox", name, pair);
    return (await api.connect({ networkId: "sandbox", nodeUrl: url, keyStore: keys })).account(name);
  };
  return {
    newKey: () => api.KeyPair.fromRandom("ed25519"),
    publicKey: (pair) => pair.getPublicKey().toString(),
    state: async () => (await own.state()).amount,
    balance: async () => (await own.getAccountBalance()).total,
    keys: async () => (await own.getAccessKeys()).map((one) => one.public_key),
    view: (methodName, args, id = contract) => own.viewFunction({ contractId: id, methodName, args }),
    viewNobody: async () => (await near.account("nobody.near")).state(),
    block: (blockId) => provider.block(blockId === undefined ? { finality: "final" } : { blockId }),
    chunk: (chunkId) => provider.chunk(chunkId),
    gasPrice: async () => (await provider.gasPrice(null)).gas_price,
    status: () => provider.status(),
    validators: () => provider.validators(null),
    protocolConfig: () => provider.experimental_protocolConfig({ finality: "final" }),
    transaction: (hash) => provider.txStatus(hash, account, "FINAL"),
    receipts: (hash) => provider.txStatusReceipts(hash, account, "FINAL"),
    call: (methodName, args, attachedDeposit = 0n, id = contract) =>
      own.functionCall({ contractId: id, methodName, args, gas: GAS, attachedDeposit }),
    send: (to, amount) => own.sendMoney(to, amount),
    addFullKey: (pair) => own.addKey(pair.getPublicKey()),
    addCallKey: (pair) => own.addKey(pair.getPublicKey(), contract, ["add_public_key"], ONE),
    deleteKey: (pair) => own.deleteKey(pair.getPublicKey()),
    createAccount: (name, pair, amount) => own.createAccount(name, pair.getPublicKey(), amount),
    deleteAccount: async (name, pair, beneficiary) => (await as(name, pair)).deleteAccount(beneficiary),
    several: (to, amounts) =>
      own.signAndSendTransaction({ receiverId: to, actions: amounts.map((amount) => api.transactions.transfer(amount)) }),
    sendAs: async (name, pair, to, amount) => (await as(name, pair)).sendMoney(to, amount),
  };
}

async function version7(url) {
  const file = path.join(settings.NODE_PATH, "near-api-js-7", "lib", "index.js");
  const api = await import(pathToFileURL(file));
  const provider = new api.JsonRpcProvider({ url });
  const own = new api.Account(account, provider, api.KeyPairSigner.fromSecretKey(settings.USER_KEY));
  const as = (name, pair) => new api.Account(name, provider, new api.KeyPairSigner(pair));
  return {
    newKey: () => api.KeyPair.fromRandom("ed25519"),
    publicKey: (pair) => pair.getPublicKey().toString(),
    state: async () => (await provider.viewAccount({ accountId: account })).amount,
    balance: () => own.getBalance(),
    keys: async () => (await own.getAccessKeyList()).keys.map((one) => one.public_key),
    view: (methodName, args, id = contract) => provider.callFunction({ contractId: id, method: methodName, args }),
    viewNobody: () => provider.viewAccount({ accountId: "nobody.near" }),
    block: (blockId) => provider.viewBlock(blockId === undefined ? { finality: "final" } : { blockId }),
    chunk: (chunkId) => provider.viewChunk(chunkId),
    gasPrice: async () => (await provider.viewGasPrice()).gas_price,
    status: () => provider.viewNodeStatus(),
    validators: () => provider.viewValidators(),
    protocolConfig: () => provider.experimental_protocolConfig({ finality: "final" }),
    transaction: (hash) => provider.viewTransactionStatus({ txHash: hash, accountId: account }),
    receipts: (hash) => provider.viewTransactionStatusWithReceipts({ txHash: hash, accountId: account }),
    call: (methodName, args, deposit = 0n, id = contract) =>
      own.callFunctionRaw({ contractId: id, methodName, args, gas: GAS, deposit, waitUntil: "FINAL" }),
    send: (receiverId, amount) => own.transfer({ receiverId, amount }),
    addFullKey: (pair) => own.addFullAccessKey(pair.getPublicKey()),
    addCallKey: (pair) =>
      own.addFunctionCallAccessKey({
        publicKey: pair.getPublicKey(),
        contractId: contract,
        methodNames: ["add_public_key"],
        allowance: ONE,
      }),
    deleteKey: (pair) => own.deleteKey(pair.getPublicKey()),
    createAccount: (name, pair, amount) =>
      own.createSubAccount({ accountOrPrefix: name, publicKey: pair.getPublicKey(), nearToTransfer: amount }),
    deleteAccount: (name, pair, beneficiary) => as(name, pair).deleteAccount(beneficiary),
    several: (receiverId, amounts) =>
      own.signAndSendTransaction({ receiverId, actions: amounts.map((amount) => api.actions.transfer(amount)) }),
    sendAs: (name, pair, receiverId, amount) => as(name, pair).transfer({ receiverId, amount }),
  };
}

const hashOf = (outcome) => outcome.transaction.hash;

const cases = {
  async views(api) {
    const block = await api.block();
    const status = await api.status();
    return {
      state: await api.state(),
      keys: await api.keys(),
      salt: await api.view("current_salt", {}),
      panic: await refusal(api.view("is_nonce_used", { account_id: account, nonce: "short" })),
      unknownMethod: await refusal(api.view("no_such_view", {})),
      nobody: await refusal(api.viewNobody()),
      height: block.header.height,
      sameByHeight: (await api.block(block.header.height)).header.hash === block.header.hash,
      sameByHash: (await api.block(block.header.hash)).header.height === block.header.height,
      chunk: (await api.chunk(block.chunks[0].chunk_hash)).header.chunk_hash === block.chunks[0].chunk_hash,
      gasPrice: await api.gasPrice(),
      chain: status.chain_id,
      validators: (await api.validators()).current_validators.length,
    };
  },

  async functionCall(api) {
    const key = api.publicKey(api.newKey());
    const outcome = await api.call("add_public_key", { public_key: key }, 1n);
    const again = await api.transaction(hashOf(outcome));
    const receipts = await api.receipts(hashOf(outcome));
    return {
      hash: hashOf(outcome),
      known: await api.view("has_public_key", { account_id: account, public_key: key }),
      same: hashOf(again) === hashOf(outcome) && receipts.receipts.length > 0,
      refused: await refusal(api.call("add_public_key", { public_key: key }, 1n)),
    };
  },

  async balances(api) {
    const config = await api.protocolConfig();
    return { state: await api.state(), balance: await api.balance(), perByte: config.runtime_config.storage_amount_per_byte };
  },

  async transactions(api) {
    const before = BigInt(await api.state());
    await api.send("other.near", ONE);
    await api.several("other.near", [1n, 2n, 3n]);
    const sent = before - BigInt(await api.state());
    const full = api.newKey();
    await api.addFullKey(full);
    const limited = api.newKey();
    await api.addCallKey(limited);
    const withBoth = await api.keys();
    const byLimited = await refusal(api.sendAs(account, limited, "other.near", 1n));
    await api.sendAs(account, full, "other.near", 1n);
    await api.deleteKey(limited);
    await api.deleteKey(full);
    const pair = api.newKey();
    const child = `child.${account}`;
    await api.createAccount(child, pair, ONE);
    const taken = await refusal(api.createAccount(child, pair, ONE));
    await api.sendAs(child, pair, "other.near", 5n);
    await api.deleteAccount(child, pair, account);
    return {
      sent,
      full: api.publicKey(full),
      limited: api.publicKey(limited),
      withBoth,
      after: await api.keys(),
      byLimited,
      taken,
      tooMuch: await refusal(api.send("other.near", 10n ** 36n)),
    };
  },

  async tokens(api) {
    const token = "nbtc.bridge.near";
    const id = `nep141:${token}`;
    const held = async (who) => Number(await api.view("ft_balance_of", { account_id: who }, token));
    const inside = async () => Number(await api.view("mt_balance_of", { account_id: account, token_id: id }));
    const order = { token, receiver_id: account, amount: "1000" };
    const unregistered = await api.view("storage_balance_of", { account_id: account }, token);
    const bounds = await api.view("storage_balance_bounds", {}, token);
    for (const who of [account, "other.near"]) {
      await api.call("storage_deposit", { account_id: who }, BigInt(bounds.min), token);
    }
    const before = await inside();
    await api.call("ft_withdraw", order, 1n);
    const withdrawn = [before - (await inside()), await held(account)];
    await api.call("ft_transfer", { receiver_id: "other.near", amount: "100" }, 1n, token);
    await api.call("ft_transfer_call", { receiver_id: contract, amount: "400", msg: "" }, 1n, token);
    return {
      unregistered,
      withdrawn,
      sent: await held("other.near"),
      deposited: before - 1000 + 400 === (await inside()),
      left: await held(account),
      metadata: await api.view("ft_metadata", {}, token),
      tooMuch: await refusal(api.call("ft_transfer", { receiver_id: "other.near", amount: "9999" }, 1n, token)),
      nobody: await refusal(api.call("ft_transfer", { receiver_id: "nobody.near", amount: "1" }, 1n, token)),
    };
  },
};

async function main() {
  const [version, name, node] = process.argv.slice(2);
  const url = settings.NEAR_RPC_URL.split(",")[Number(node)];
  return cases[name](await (version === "5" ? version5 : version7)(url));
}

main().then(
  (found) => process.stdout.write(`\n${JSON.stringify(found, (_, value) => (typeof value === "bigint" ? value.toString() : value))}\n`),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);
