// The MCP SDK for TypeScript, in one era: lists the tools, calls getMessages, and knocks without a token.
import { Client, SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { observe } from './observe.mjs';
import { mcpUrl, token } from './scene.mjs';

const era = process.argv[2];
const name = `TypeScript SDK, ${era}`;
// Pinned, so that the modern run cannot pass by falling back.
const mode = { legacy: 'legacy', modern: { pin: '2026-07-28' } }[era];

async function connect(options) {
  const client = new Client({ name: 'interop', version: '1.0.0' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(mcpUrl, options));
  return client;
}

function signedIn(user) {
  return connect({ requestInit: { headers: { Authorization: `Bearer ${token(user)}` } } });
}

async function call(step, client) {
  const result = await client.callTool({ name: 'getMessages', arguments: { top: 2 } });
  observe(name, step, { isError: result.isError ?? false, structured: result.structuredContent });
}

async function visit() {
  const client = await signedIn('alice');
  observe(name, 'connect', client.getNegotiatedProtocolVersion());
  observe(name, 'list tools', (await client.listTools()).tools.map((tool) => tool.name));
  await call('call getMessages', client);
  await client.close();
}

async function visitWithoutTheRole() {
  const client = await signedIn('norole');
  // Listed first, so that the SDK holds the answer against the tool's output schema.
  await client.listTools();
  await call('call without the role', client);
  await client.close();
}

async function knock() {
  const statuses = [];
  const noting = async (...request) => {
    const response = await fetch(...request);
    statuses.push(response.status);
    return response;
  };
  try {
    await (await connect({ fetch: noting })).close();
  } catch (error) {
    if (!(error instanceof SdkHttpError)) throw error;
  }
  observe(name, 'no token', statuses);
}

await knock();
await visit();
await visitWithoutTheRole();
