// An Express app with one route behind one of the bearer checks that npm has. Arguments: none, jose, auth0 or mcp.
import { requireBearerAuth } from '@modelcontextprotocol/express';
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { audiences, issuer, jwksUri, listen, patience, requiredScope } from './settings.mjs';
import { verifier } from './verifier.mjs';
import { verify } from './verify.mjs';

async function jose(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  try {
    if (scheme.toLowerCase() !== 'bearer') throw new Error('no token');
    request.caller = (await verify(token)).payload;
  } catch {
    response.set('WWW-Authenticate', 'Bearer error="invalid_token"').status(401).json({ error: 'invalid_token' });
    return;
  }
  next();
}

const checks = {
  none: () => [],
  jose: () => [jose],
  // Its scope check reads `scope`, and Entra writes `scp`: so it is written as a claim check.
  auth0: () => [
    auth({ issuer, jwksUri, audience: audiences, tokenSigningAlg: 'RS256', timeoutDuration: patience }),
    (request, response, next) => {
      const scopes = String(request.auth.payload.scp ?? '').split(' ');
      if (scopes.includes(requiredScope)) next();
      else response.status(403).json({ error: 'insufficient_scope' });
    },
  ],
  mcp: () => [requireBearerAuth({ verifier, requiredScopes: [requiredScope] })],
};

const app = express();
app.disable('x-powered-by');
app.get('/hello', ...checks[process.argv[2]](), (_request, response) => {
  response.type('text/plain').send('hello');
});
listen(app);
