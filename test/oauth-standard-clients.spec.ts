import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { newBackend, type Backend } from './support/feed.js';
import { Device, send } from './support/device.js';
import { PUBLIC_URL, startService, type Service } from './support/service.js';

let service: Service;
let backend: Backend;

beforeAll(async () => {
  service = await startService();
  backend = await newBackend(service, 'account');
});
afterAll(() => service.stop());

const issuer = new URL(PUBLIC_URL);

/** The service under its public name, as a proxy in front of it would serve it. */
function behindProxy(url: string, options?: object): Promise<Response> {
  expect(url.startsWith(`${PUBLIC_URL}/`)).toBe(true);
  return fetch(url.replace(PUBLIC_URL, service.url), options as RequestInit);
}

const ways: Record<string, () => oauth.ClientAuth> = {
  client_secret_basic: () => oauth.ClientSecretBasic(backend.secret),
  client_secret_post: () => oauth.ClientSecretPost(backend.secret),
  none: () => oauth.None(),
};

describe('oauth4webapi', () => {
  const options = { [oauth.customFetch]: behindProxy };
  const client: oauth.Client = { client_id: 'account' };
  let as: oauth.AuthorizationServer;

  beforeAll(async () => {
    const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
    as = await oauth.processDiscoveryResponse(issuer, response);
  });

  test('finds what there is, and each of it answers', async () => {
    expect(as).toEqual({
      issuer: PUBLIC_URL,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      introspection_endpoint: `${PUBLIC_URL}/oauth/introspect`,
      revocation_endpoint: `${PUBLIC_URL}/oauth/revoke`,
      jwks_uri: `${PUBLIC_URL}/.well-known/jwks.json`,
      grant_types_supported: ['refresh_token'],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      service_documentation: `${PUBLIC_URL}/docs`,
    });
    for (const path of ['/.well-known/jwks.json', '/docs']) {
      expect((await behindProxy(`${PUBLIC_URL}${path}`)).status).toBe(200);
    }
  });

  const renewBy = async (auth: oauth.ClientAuth, refreshToken: string) =>
    oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, auth, refreshToken, options),
    );

  test.each(Object.keys(ways))('renews, introspects and revokes by %s', async (way) => {
    const auth = ways[way]!();
    const asks = way === 'none' ? ways['client_secret_basic']!() : auth;
    const active = async (token: string) =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, asks, token, options),
      );
    const revoke = async (token: string) =>
      oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token, options));

    const device = await Device.register(service);
    const tokens = await renewBy(auth, device.refreshToken);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, refresh_token: expect.any(String) });
    expect(await active(tokens.access_token)).toMatchObject({ active: true, sub: device.userId, client_id: 'account' });
    expect(await active(tokens.refresh_token!)).toMatchObject({ active: true, sub: device.userId });

    await revoke(tokens.access_token);
    expect(await active(tokens.access_token)).toEqual({ active: false });
    expect(await active(tokens.refresh_token!)).toMatchObject({ active: true });
    await revoke(tokens.refresh_token!);
    expect(await active(tokens.refresh_token!)).toEqual({ active: false });
    await revoke('unknown');
  });

  test('reads what is wrong with a refresh token, and with the client', async () => {
    const device = await Device.register(service);
    await device.send('/v1/auth/logout', { method: 'POST' });
    await expect(renewBy(oauth.None(), device.refreshToken)).rejects.toMatchObject({
      name: 'ResponseBodyError',
      error: 'invalid_grant',
      error_description: 'Sign in again.',
      status: 400,
    });
    await expect(renewBy(oauth.ClientSecretBasic('wrong'), device.refreshToken)).rejects.toMatchObject({
      name: 'WWWAuthenticateChallengeError',
      status: 401,
    });
  });

  test('accepts our access tokens as RFC 9068 has them, and refuses them for another audience', async () => {
    const device = await Device.register(service);
    const request = new Request(PUBLIC_URL, { headers: { authorization: `Bearer ${device.accessToken}` } });
    const claims = await oauth.validateJwtAccessToken(as, request, 'account', options);
    expect(claims).toMatchObject({ sub: device.userId, client_id: 'account' });
    await expect(oauth.validateJwtAccessToken(as, request, 'shop', options)).rejects.toThrow();
  });
});

describe('openid-client', () => {
  test.each(Object.keys(ways))('finds the service, renews, introspects and revokes by %s', async (way) => {
    const discover = (auth: openid.ClientAuth) =>
      openid.discovery(issuer, 'account', {}, auth, { algorithm: 'oauth2', [openid.customFetch]: behindProxy });
    const config = await discover(ways[way]!());
    const asking = way === 'none' ? await discover(ways['client_secret_post']!()) : config;

    const device = await Device.register(service);
    const tokens = await openid.refreshTokenGrant(config, device.refreshToken);
    expect(tokens.expiresIn()).toBeGreaterThan(590);
    expect(await openid.tokenIntrospection(asking, tokens.access_token)).toMatchObject({
      active: true,
      sub: device.userId,
    });
    await openid.tokenRevocation(config, tokens.refresh_token!);
    expect(await openid.tokenIntrospection(asking, tokens.access_token)).toEqual({ active: false });
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

test('jose verifies an access token with the keys where the metadata says, and no other', async () => {
  const { body } = await send(service, '/.well-known/oauth-authorization-server');
  const keys = createRemoteJWKSet(new URL(body.jwks_uri), { [joseFetch]: behindProxy as never });
  const device = await Device.register(service);
  const expected = { issuer: body.issuer, audience: 'account', typ: 'at+jwt' };
  const { payload, protectedHeader } = await jwtVerify(device.accessToken, keys, expected);
  expect([payload.sub, protectedHeader.alg]).toEqual([device.userId, 'ES256']);
  await expect(jwtVerify(device.refreshToken, keys, expected)).rejects.toThrow();
  const [header, , signature] = device.accessToken.split('.');
  const forged = [header, Buffer.from(JSON.stringify({ ...payload, sub: 'x' })).toString('base64url'), signature];
  await expect(jwtVerify(forged.join('.'), keys, expected)).rejects.toThrow('signature verification failed');
});
