// The bearer check as the requireBearerAuth of the MCP SDK's second version wants it: any other error would be a 500.
import { OAuthError, OAuthErrorCode } from '@modelcontextprotocol/server';
import { verify } from './verify.mjs';

export const verifier = {
  async verifyAccessToken(token) {
    const { payload, scopes } = await verify(token).catch(() => {
      throw new OAuthError(OAuthErrorCode.InvalidToken, 'the token is not good');
    });
    return { token, clientId: payload.azp, scopes, expiresAt: payload.exp };
  },
};
