// What the run script has set up, as in scene.py, and what happened in the browser, as in browser.py.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const { env } = process;

export const mcpUrl = new URL(env.MCP_URL);
export const emulatorHttps = new URL(env.EMULATOR_HTTPS);
export const tenantId = env.TENANT_ID;
export const api = { clientId: env.API_CLIENT_ID, clientSecret: env.API_CLIENT_SECRET };

export const token = (user) => readFileSync(join(env.TOKENS, user), 'utf8');

export function keepSecret(...values) {
  const known = values.filter(Boolean);
  if (known.length) appendFileSync(join(env.TOKENS, 'secrets'), `${known.join('\n')}\n`);
}

export function visits() {
  if (!existsSync(env.BROWSER_LOG)) return [];
  return readFileSync(env.BROWSER_LOG, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
}
