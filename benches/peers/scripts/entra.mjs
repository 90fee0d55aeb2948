// What Entra would answer to an exchange; entra.py says why it is like this.
export const tenant = '7f3c2a10-0000-4000-8000-000000000000';
export const client = '5d1e8b20-0000-4000-8000-000000000000';
export const authority = `https://login.microsoftonline.com/${tenant}`;
export const scope = 'https://graph.microsoft.com/ServiceMessage.Read.All';
const granted = `email openid profile ${scope} https://graph.microsoft.com/User.Read`;

function encoded(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function filled(text, length) {
  const more = Buffer.from(text.repeat(Math.floor(length / text.length) + 1)).toString('base64url');
  return `${text}_${more}`.slice(0, length);
}

function oid(number) {
  return `c3c3c3c3-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function assertion(number) {
  return filled(`assertion-${number}`, 1750);
}

function answer(number) {
  const claims = {
    aud: client, iss: `${authority}/v2.0`, exp: 4102444800, oid: oid(number), sub: filled(`s${number}`, 43),
    tid: tenant, name: `Reader ${number}`, preferred_username: `reader-${number}@contoso.example`, ver: '2.0',
  };
  return {
    token_type: 'Bearer', scope: granted, expires_in: 4500, ext_expires_in: 4500,
    access_token: filled(`access-${number}`, 1800), refresh_token: filled(`refresh-${number}`, 1200),
    id_token: `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}.${filled(`signature-${number}`, 342)}`,
    client_info: encoded({ uid: oid(number), utid: tenant }),
  };
}

const configuration = {
  token_endpoint: `${authority}/oauth2/v2.0/token`,
  authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
  issuer: `${authority}/v2.0`,
  jwks_uri: `${authority}/discovery/v2.0/keys`,
};

// The transport of MSAL for Node: it answers after a delay, at once without one, and counts token requests.
export class Stub {
  constructor(delay = 0) {
    this.delay = delay;
    this.requests = 0;
  }

  async sendGetRequestAsync() {
    return { status: 200, headers: {}, body: configuration };
  }

  async sendPostRequestAsync(_url, options) {
    this.requests += 1;
    if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    const assertion = new URLSearchParams(options.body).get('assertion');
    return { status: 200, headers: {}, body: answer(Number(/^assertion-(\d+)/.exec(assertion)[1])) };
  }
}
