// What the driver tells a server: the emulator's tenant and app, and who calls.
const { EMULATOR_HTTP, EMULATOR_HTTPS, TENANT_ID, API_CLIENT_ID, API_CLIENT_SECRET } = process.env;

export const tenantId = TENANT_ID;
export const clientId = API_CLIENT_ID;
export const clientSecret = API_CLIENT_SECRET;
export const emulatorHttps = new URL(EMULATOR_HTTPS);
export const graph = `${EMULATOR_HTTP}/v1.0`;
// Tokens are minted under the address that is not encrypted.
export const issuer = `${EMULATOR_HTTP}/${TENANT_ID}/v2.0`;
export const jwksUri = `${EMULATOR_HTTP}/${TENANT_ID}/discovery/v2.0/keys`;
export const audiences = [API_CLIENT_ID, `api://${API_CLIENT_ID}`];
export const requiredScope = 'access_as_user';
// Milliseconds for the keys, which are fetched once: on a busy machine the usual few seconds may not do.
export const patience = 60_000;

// Listens on a free port and tells which.
export function listen(app, announce = console.log) {
  const server = app.listen(0, '127.0.0.1', () => announce(`listening http://127.0.0.1:${server.address().port}`));
}

// Answers one request with an MCP server and a transport of its own, as either SDK wants it without sessions.
export async function answerAlone(server, transport, request, response) {
  response.on('close', () => {
    transport.close();
    server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
}
