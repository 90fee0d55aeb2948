// What the run script has set up, as in scene.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { env } = process;

export const mcpUrl = new URL(env.MCP_URL);
export const emulatorHttps = new URL(env.EMULATOR_HTTPS);
export const tenantId = env.TENANT_ID;
export const api = { clientId: env.API_CLIENT_ID, clientSecret: env.API_CLIENT_SECRET };

export const token = (user) => readFileSync(join(env.TOKENS, user), 'utf8');
