// MSAL for Node: so many callers want one user's token that nobody has yet. Prints how often Entra was asked.
import { ConfidentialClientApplication } from '@azure/msal-node';
import { assertion, authority, client, scope, Stub } from './entra.mjs';

const callers = Number(process.argv[2]);

const stub = new Stub(100);
const app = new ConfidentialClientApplication({
  auth: { clientId: client, clientSecret: 'secret', authority },
  system: { networkClient: stub },
});
const call = () => app.acquireTokenOnBehalfOf({ oboAssertion: assertion(0), scopes: [scope] });
await Promise.all(Array.from({ length: callers }, call));
console.log(JSON.stringify({ requests: stub.requests }));
