// `getMessages` as the original TypeScript server has it: Express 4, the first version of the MCP SDK, jose and MSAL 3, without
// sessions, answering a stream of events. Its own packages are in `original`.
// Argument: a file of tokens whose exchanges are in MSAL's cache before the server listens.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { prepare } from './exchange.mjs';
import { ask, description, failure, input, page } from './get_messages.mjs';
import { answerAlone, listen } from './settings.mjs';
import { verify } from './verify.mjs';

function bearer(header) {
  return /^\s*bearer\s+(\S+)\s*$/i.exec(header ?? '')?.[1];
}

// It reads the answer as text, copies each message, and shows all of it indented, which makes the text longer.
async function getMessages(given, { requestInfo }) {
  const answer = await ask(given, bearer(requestInfo.headers.authorization));
  if (!answer.ok) return failure(answer.status);
  const body = JSON.parse(await answer.text());
  const structuredContent = { ...body, value: body.value.map((message) => ({ ...message, url: page(message.id) })) };
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent, null, 2) }], structuredContent };
}

// A server for each request, with the arguments as bare fields, of which the SDK makes a schema each time.
function mcp() {
  const server = new McpServer({ name: 'message-center', version: '1.0.0' }, { capabilities: { logging: {} } });
  server.registerTool('getMessages', { description, inputSchema: input }, getMessages);
  return server;
}

function refuse(response) {
  const error = { code: -32001, message: 'Unauthorized: invalid access token' };
  response.set('WWW-Authenticate', 'Bearer error="invalid_token"').status(401).json({ jsonrpc: '2.0', error, id: null });
}

async function answer(request, response) {
  const server = mcp();
  try {
    await verify(bearer(request.header('authorization')));
  } catch {
    refuse(response);
    return;
  }
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await answerAlone(server, transport, request, response);
}

await prepare(process.argv[2]);

const app = express();
app.set('trust proxy', true);
// Bodies are read before the caller is known.
app.use(express.json({ limit: '1mb' }));
app.use(express.urlencoded({ extended: false }));
// This Express does not wait for a promise.
app.post('/mcp', (request, response, next) => answer(request, response).catch(next));
listen(app);
