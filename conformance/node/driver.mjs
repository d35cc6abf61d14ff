// The Node SDK, as it is, behind the stories' line protocol: see support/driver.py.
//
// One JSON object a line on stdin: {settings, service, action, parameters}; one a line on stdout: {response} or {error}.
import { createInterface } from "node:readline";
import sdk from "tencentcloud-sdk-nodejs";

const VERSIONS = { redis: "v20180412", region: "v20220627", tag: "v20180813", sts: "v20180813" };
const clients = new Map();

// A client for each different set of settings, kept as a program would keep it.
function client(service, settings) {
  const name = JSON.stringify([service, settings]);
  if (!clients.has(name)) {
    const { Client } = sdk[service][VERSIONS[service]];
    const httpProfile = { protocol: `${settings.scheme}://`, reqMethod: settings.method, reqTimeout: 30 };
    if (settings.endpoint) httpProfile.endpoint = settings.endpoint;
    if (settings.proxy) httpProfile.proxy = settings.proxy;
    clients.set(
      name,
      new Client({
        credential: { secretId: settings.id, secretKey: settings.key },
        region: settings.region,
        profile: { signMethod: settings.sign, language: settings.language, httpProfile },
      }),
    );
  }
  return clients.get(name);
}

async function answer({ settings, service, action, parameters }) {
  try {
    return { response: await client(service, settings)[action](parameters) };
  } catch (refusal) {
    return { error: { code: refusal.code ?? "", message: refusal.message, request_id: refusal.requestId ?? "" } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
