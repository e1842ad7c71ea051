// A user of the venue with its official SDK. Prints what it found as one line of JSON.
"use strict";
const { connect, KeyPair, keyStores } = require("near-api-js");
const { privateKeyToAccount } = require("viem/accounts");
const utils = require("@defuse-protocol/internal-utils");
const sdkPackage = require("@defuse-protocol/intents-sdk");

const BTC = "nep141:btc.omft.near";
const EURE = "nep141:gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near";
const NBTC = "nep141:nbtc.bridge.near";
const SETTLED_WITHIN_MS = 60_000;
const ARRIVED_WITHIN_MS = 90_000;

const settings = process.env;
const origin = (url) => new URL(url).origin;
const envConfig = {
  ...utils.configsByEnvironment.production,
  poaBridgeBaseURL: origin(settings.NEAR_INTENTS_BRIDGE_URL),
  solverRelayBaseURL: origin(settings.NEAR_INTENTS_RELAY_RPC_URL),
  managerConsoleBaseURL: "",
  bridgeIndexerURL: "",
  nearIntentsBaseURL: "",
};
utils.configureSDK({ env: envConfig });

function newSdk(intentSigner) {
  const sdk = new sdkPackage.IntentsSDK({
    env: envConfig,
    referral: "sandbox",
    solverRelayApiKey: settings.NEAR_INTENTS_API_KEY || undefined,
    rpc: { [sdkPackage.Chains.Near]: settings.NEAR_RPC_URL.split(",") },
    intentSigner,
  });
  // The SDK names the address of the Omni bridge's API itself.
  for (const bridge of sdk.bridges) {
    if (bridge.omniBridgeAPI) bridge.omniBridgeAPI.baseUrl = settings.OMNI_API_URL;
  }
  return sdk;
}

const signers = {
  nep413: () =>
    sdkPackage.createIntentSignerNearKeyPair({
      signer: KeyPair.fromString(settings.USER_KEY),
      accountId: settings.USER_ACCOUNT,
    }),
  erc191: () => sdkPackage.createIntentSignerViem({ signer: privateKeyToAccount(settings.USER_KEY) }),
};

const settled = (sdk, intentHash) =>
  sdk.waitForIntentSettlement({ intentHash, signal: AbortSignal.timeout(SETTLED_WITHIN_MS) });

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message };
  }
  return null;
}

const transfer = (token, amount, to) => ({
  intent: "transfer",
  receiver_id: to,
  tokens: { [token]: amount.toString() },
});

const cases = {
  async swap(standard, amount) {
    const sdk = newSdk(signers[standard]());
    const quote = await utils.solverRelay.getQuote({
      quoteParams: {
        defuse_asset_identifier_in: BTC,
        defuse_asset_identifier_out: EURE,
        exact_amount_in: amount,
        wait_ms: 500,
        min_deadline_ms: 20_000,
      },
      config: {
        baseURL: envConfig.solverRelayBaseURL,
        logBalanceSufficient: false,
        solverRelayApiKey: settings.NEAR_INTENTS_API_KEY,
      },
    });
    // The protocol takes its fee out of what is given: a millionth of each side, rounded up.
    const fee = (units) => (BigInt(units) + 999_999n) / 1_000_000n;
    const out = BigInt(quote.amount_out) - fee(quote.amount_out);
    let given = BigInt(quote.amount_in);
    while (given - fee(given) < BigInt(quote.amount_in)) given += 1n;
    const { intentHash } = await sdk.signAndSendIntent({
      intents: [
        {
          intent: "token_diff",
          diff: { [BTC]: `-${given}`, [EURE]: out.toString() },
        },
      ],
      relayParams: async () => ({ quoteHashes: [quote.quote_hash] }),
    });
    const tx = await settled(sdk, intentHash);
    const status = await sdk.getIntentStatus({ intentHash });
    return { quote, given, out, intentHash, tx, status };
  },

  async failures(receiver, balance) {
    const sdk = newSdk(signers.nep413());
    // Each is good when it is handed in; the first leaves nothing for the second.
    const sent = await Promise.all(
      [0, 1].map(() => sdk.signAndSendIntent({ intents: [transfer(BTC, balance, receiver)] })),
    );
    const ends = await Promise.all(sent.map(({ intentHash }) => refusal(settled(sdk, intentHash))));
    const tooMuch = await refusal(
      sdk.signAndSendIntent({ intents: [transfer(EURE, 10n ** 30n, receiver)] }),
    );
    const expired = await refusal(
      sdk.signAndSendIntent({
        intents: [transfer(EURE, 1n, receiver)],
        payload: () => ({ deadline: new Date(Date.now() - 60_000).toISOString() }),
      }),
    );
    return { ends, tooMuch, expired };
  },

  async salt(receiver) {
    const sdk = newSdk(signers.nep413());
    const first = await sdk.signAndSendIntent({ intents: [transfer(EURE, 1n, receiver)] });
    await settled(sdk, first.intentHash);
    await fetch(`${settings.SANDBOX_CONTROL_URL}/faults`, {
      method: "POST",
      body: JSON.stringify({ rotate_salt: "invalidate_old" }),
    });
    const second = await sdk.signAndSendIntent({ intents: [transfer(EURE, 2n, receiver)] });
    return { tx: await settled(sdk, second.intentHash) };
  },

  async deposits(account) {
    const client = utils.poaBridge.httpClient;
    const { tokens } = await client.getSupportedTokens({ chains: ["btc:mainnet", "eth:100"] });
    const address = await client.getDepositAddress({ account_id: account, chain: "btc:mainnet" });
    const before = await utils.poaBridge.getPendingDeposits(account);
    await fetch(`${settings.SANDBOX_CONTROL_URL}/deposit`, {
      method: "POST",
      body: JSON.stringify({ token_id: BTC, amount: "70000", account, confirm_after_s: 5 }),
    });
    const pending = await until(async () => {
      const found = await utils.poaBridge.getPendingDeposits(account);
      return found.length > before.length && found;
    });
    const done = await until(async () => {
      const { deposits } = await client.getDepositStatus({ account_id: account, chain: "btc:mainnet" });
      return deposits.find((one) => one.tx_hash === pending[0].tx_hash && one.status !== "PENDING");
    });
    return { tokens, address, pending, done };
  },

  async withdrawals(btcAddress, gnosisAddress, bridge) {
    const sdk = newSdk(signers.nep413());
    const withdrawalParams =
      bridge === "omni"
        ? [{ assetId: NBTC, amount: 200_000n, destinationAddress: btcAddress, feeInclusive: false }]
        : [
            { assetId: BTC, amount: 100_000n, destinationAddress: btcAddress, feeInclusive: false },
            { assetId: EURE, amount: 50n * 10n ** 18n, destinationAddress: gnosisAddress, feeInclusive: true },
          ];
    // One after the other as far as the Verifier, then all the way together.
    const started = [];
    for (const one of withdrawalParams) {
      const feeEstimation = await sdk.estimateWithdrawalFee({ withdrawalParams: one });
      const { intentHash } = await sdk.signAndSendWithdrawalIntent({ withdrawalParams: one, feeEstimation });
      started.push({ one, feeEstimation, intentTx: await settled(sdk, intentHash) });
    }
    return Promise.all(
      started.map(async ({ one, feeEstimation, intentTx }) => ({
        asset: one.assetId,
        fee: feeEstimation.amount,
        intentTx,
        destinationTx: await sdk.waitForWithdrawalCompletion({
          withdrawalParams: one,
          intentTx,
          signal: AbortSignal.timeout(ARRIVED_WITHIN_MS),
        }),
      })),
    );
  },

  async nearWithdrawal(receiver) {
    const sdk = newSdk(signers.nep413());
    await register(NBTC.slice("nep141:".length), receiver);
    const result = await sdk.processWithdrawal({
      withdrawalParams: {
        assetId: NBTC,
        amount: 12_345n,
        destinationAddress: receiver,
        feeInclusive: false,
        routeConfig: sdkPackage.createNearWithdrawalRoute(),
      },
    });
    const held = await view(NBTC.slice("nep141:".length), "ft_balance_of", { account_id: receiver });
    return { intentTx: result.intentTx, destinationTx: result.destinationTx, held };
  },

  async refusedWithdrawals(btcAddress) {
    const sdk = newSdk(signers.nep413());
    const estimate = (assetId, amount, destinationAddress) =>
      refusal(
        sdk.estimateWithdrawalFee({
          withdrawalParams: { assetId, amount, destinationAddress, feeInclusive: false },
        }),
      );
    return {
      small: await estimate(BTC, 1n, btcAddress),
      elsewhere: await estimate(BTC, 100_000n, "0x742d35cc6634c0532925a3b8d84b2021f90a51a3"),
    };
  },

  async invalidateNonces(receiver) {
    const sdk = newSdk(signers.nep413());
    const builder = () =>
      sdk
        .intentBuilder()
        .setDeadline(new Date(Date.now() + 120_000))
        .addIntent(transfer(EURE, 5n, receiver));
    const one = await builder().buildAndSign(signers.nep413());
    const other = await builder().buildAndSign(signers.nep413());
    const nonces = [one, other].map(({ signed }) => signed.payload.nonce);
    await sdk.invalidateNonces({ nonces });
    const used = await until(async () => {
      const answers = await Promise.all(nonces.map(isNonceUsed));
      return answers.every(Boolean) && answers;
    });
    const late = await refusal(sdk.sendSignedIntents({ multiPayloads: [one.signed] }));
    return { nonces, used, late };
  },
};

async function register(token, who) {
  const keyStore = new keyStores.InMemoryKeyStore();
  await keyStore.setKey("sandbox", settings.USER_ACCOUNT, KeyPair.fromString(settings.USER_KEY));
  const near = await connect({ networkId: "sandbox", nodeUrl: settings.NEAR_RPC_URL.split(",")[0], keyStore });
  const account = await near.account(settings.USER_ACCOUNT);
  const { min } = await view(token, "storage_balance_bounds", {});
  const order = { contractId: token, methodName: "storage_deposit", args: { account_id: who } };
  await account.functionCall({ ...order, attachedDeposit: BigInt(min) });
}

async function view(contract, method, args) {
  const query = {
    request_type: "call_function",
    finality: "optimistic",
    account_id: contract,
    method_name: method,
    args_base64: Buffer.from(JSON.stringify(args)).toString("base64"),
  };
  const provider = utils.nearFailoverRpcProvider({ urls: settings.NEAR_RPC_URL.split(",") });
  return JSON.parse(Buffer.from((await provider.query(query)).result).toString());
}

const isNonceUsed = (nonce) => view("intents.near", "is_nonce_used", { account_id: settings.USER_ACCOUNT, nonce });

async function until(find) {
  for (const end = Date.now() + SETTLED_WITHIN_MS; Date.now() < end; ) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`not within ${SETTLED_WITHIN_MS} ms: ${find}`);
}

const [name, ...given] = process.argv.slice(2);
cases[name](...given).then(
  (found) => {
    process.stdout.write(`\n${JSON.stringify(found, (_, value) => (typeof value === "bigint" ? value.toString() : value))}\n`, () => process.exit(0));
  },
  (error) => {
    process.stderr.write(`${error.stack}\n${error.cause?.stack ?? ""}\n`, () => process.exit(1));
  },
);
