// `getMessages` as a competent Node server has it: Express, the MCP SDK, jose and MSAL, without sessions, answering JSON.
// Argument: a file of tokens whose exchanges are in MSAL's cache before the server listens.
import { requireBearerAuth } from '@modelcontextprotocol/express';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import express from 'express';
import { z } from 'zod';
import { prepare } from './exchange.mjs';
import { description, getMessages, input } from './get_messages.mjs';
import { answerAlone, listen, requiredScope } from './settings.mjs';
import { verifier } from './verifier.mjs';

const inputSchema = z.object(input);

// The SDK wants a server and a transport for each request where there are no sessions.
async function answer(request, response) {
  const server = new McpServer({ name: 'message-center', version: '1.0.0' });
  server.registerTool('getMessages', { description, inputSchema }, (given, { http }) =>
    getMessages(given, http.authInfo.token));
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  await answerAlone(server, transport, request, response);
}

await prepare(process.argv[2]);

const app = express();
app.disable('x-powered-by');
app.post('/mcp', requireBearerAuth({ verifier, requiredScopes: [requiredScope] }), express.json(), answer);
listen(app);
