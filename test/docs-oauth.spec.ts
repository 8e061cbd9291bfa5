import { errorCatalogue, type ErrorCode } from '../src/common/errors/error-catalogue.js';
import { OAUTH_ERRORS, oauthErrorOf } from '../src/common/errors/oauth-error.js';
import { codeBlocks, readPage, sectionOf, tableRows } from './docs-pages.js';
import { commandsOf, expectAsPrinted } from './docs-shell.js';
import { PASSWORD, send } from './support/device.js';
import { newBackend } from './support/feed.js';
import { accountsOf, ACT } from './support/operator.js';
import { PUBLIC_URL, startService } from './support/service.js';

const page = readPage('docs/oauth.md');

test('the page for standard clients prints the metadata that the service answers', async () => {
  const service = await startService();
  const { body } = await send(service, '/.well-known/oauth-authorization-server');
  await service.stop();
  const [printed] = codeBlocks(sectionOf(page, '## What there is'));
  expect(body).toEqual(JSON.parse(printed!.code.replaceAll('https://id.example.com', PUBLIC_URL)));
});

test('its commands do what it says', async () => {
  const service = await startService();
  const { secret } = await newBackend(service, 'shop');
  await accountsOf(service).create({ email: 'ada@example.com', password: PASSWORD }, ACT);
  const commands = commandsOf(sectionOf(page, '## Try it'), service.url);
  expect(await expectAsPrinted(`SECRET=${secret}\n${commands}`)).toBe(4);
  await service.stop();
});

test('its table of errors has every code under what RFC 6749 calls it', () => {
  const rows = tableRows(sectionOf(page, '## Errors'));
  expect(rows.map(([error]) => error).toSorted()).toEqual(OAUTH_ERRORS.map((error) => `\`${error}\``).toSorted());
  const told = new Map(
    rows.flatMap(([error = '', statuses = '', codes = '']) =>
      [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => [code!, { error: error.slice(1, -1), statuses }] as const),
    ),
  );
  for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
    const { error, status } = oauthErrorOf(code, errorCatalogue[code].status);
    expect([code, told.get(code)?.error ?? 'invalid_request']).toEqual([code, error]);
    if (error !== 'invalid_request') expect(told.get(code)?.statuses).toContain(String(status));
  }
});
