// The bearer check with jose: its key set is cached, and so are the keys that were imported from it.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { audiences, issuer, jwksUri, patience, requiredScope } from './settings.mjs';

const keys = createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: patience });

export async function verify(token) {
  const { payload } = await jwtVerify(token, keys, { issuer, audience: audiences, algorithms: ['RS256'] });
  const scopes = String(payload.scp ?? '').split(' ');
  if (!scopes.includes(requiredScope)) throw new Error('the scope is missing');
  return { payload, scopes };
}
