import { readFile } from 'node:fs/promises';

import { Body, Controller, Delete, Get, Global, HttpCode, Module, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';

import { Public, RequireRecentAuth, Roles } from '../src/common/access.js';
import { ApiRoute } from '../src/common/http/api-route.js';
import { errorCatalogue, errorEntry } from '../src/common/errors/error-catalogue.js';
import type { ErrorCode } from '../src/common/errors/error-catalogue.js';
import { Config } from '../src/config.js';
import { HealthModule } from '../src/health/health.module.js';
import { ApiReference } from '../src/pages/api-reference.js';
import { PagesModule } from '../src/pages/pages.module.js';
import { startFixture } from './http-fixture.js';
import type { RunningApp } from './http-fixture.js';
import { listFiles, projectFile } from './docs-pages.js';

const Order = z.strictObject({
  product: z.string().min(2).max(40).describe('Its <name>, as in `list`.'),
  kind: z.enum(['gift', 'own']).default('own'),
});
const Receipt = z.object({ id: z.uuid(), product: z.string(), paidAt: z.iso.datetime().nullable() });

@ApiTags('Orders')
@Controller('v1/orders')
class OrdersController {
  @Public()
  @Get()
  @ApiRoute({ summary: 'The orders.', answers: z.object({ items: z.array(Receipt) }) })
  list(@Query({ schema: z.strictObject({ limit: z.coerce.number().int().max(100).default(20) }) }) _query: unknown) {}

  @Post()
  @HttpCode(200)
  @ApiRoute({ summary: 'Places an order.', answers: Receipt, problems: ['email_unverified'] })
  place(@Body({ schema: Order }) _body: unknown) {}

  @Delete(':id')
  @HttpCode(204)
  @Roles('admin')
  @RequireRecentAuth('1h')
  @ApiRoute({ summary: 'Takes an order back.' })
  delete(@Param('id', { schema: z.uuid() }) _id: string) {}
}

@Global()
@Module({
  providers: [{ provide: Config, useValue: { publicUrl: 'https://id.example.test' } }],
  exports: [Config],
})
class ConfigModule {}

@Module({ imports: [ConfigModule, PagesModule, HealthModule], controllers: [OrdersController] })
class DocumentedModule {}

let running: RunningApp;
let openapi: {
  paths: Record<
    string,
    Record<string, { security: unknown; requestBody?: unknown; responses: Record<string, unknown> }>
  >;
};
beforeAll(async () => {
  running = await startFixture({}, DocumentedModule);
  running.app.get(ApiReference, { strict: false }).describe(running.app);
  openapi = (await (await fetch(`${running.url}/openapi.json`)).json()) as typeof openapi;
});
afterAll(() => running.close());

const page = async (path: string) => (await fetch(running.url + path)).text();
const codes = Object.keys(errorCatalogue);

describe('/openapi.json', () => {
  test('a body, a query and an answer are those of the schemas', () => {
    expect(openapi.paths['/v1/orders']).toMatchObject({
      get: {
        summary: 'The orders.',
        security: [],
        parameters: [
          { name: 'limit', in: 'query', required: false, schema: { type: 'integer', maximum: 100, default: 20 } },
        ],
        responses: {
          200: { content: { 'application/json': { schema: { properties: { items: { type: 'array' } } } } } },
        },
      },
      post: {
        security: [{ accessToken: [] }],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                required: ['product'],
                additionalProperties: false,
                properties: { product: { maxLength: 40 } },
              },
            },
          },
        },
        responses: { 200: { content: { 'application/json': { schema: { properties: { id: { format: 'uuid' } } } } } } },
      },
    });
  });

  test('the errors of a route follow from what it takes and who may call it', () => {
    const answers = openapi.paths['/v1/orders/{id}']?.['delete']?.responses;
    const place = openapi.paths['/v1/orders']?.['post']?.responses;

    expect(answers).toMatchObject({
      204: {},
      401: { 'x-codes': expect.arrayContaining(['token_missing', 'token_outdated', 'reauthentication_required']) },
      403: { 'x-codes': expect.arrayContaining(['forbidden', 'account_suspended']) },
      404: { 'x-codes': ['not_found'] },
    });
    expect(place).toMatchObject({
      400: { 'x-codes': ['validation_failed', 'credentials_ambiguous'] },
      413: {},
      415: {},
    });
    expect(place?.['403']).toMatchObject({
      'x-codes': expect.arrayContaining(['cross_site_refused', 'email_unverified']),
    });
    expect(Object.keys(openapi.paths['/v1/orders']?.['get']?.responses ?? {})).toEqual(['200', '400']);
  });
});

describe('/docs', () => {
  test('tells every route of the document, its fields and its errors', async () => {
    const text = await page('/docs');

    const plain = text.replaceAll(/<wbr[^>]*>|<\/?span[^>]*>/g, '');
    for (const path of Object.keys(openapi.paths)) expect(plain).toContain(`<code>${path}</code>`);
    expect(text).toContain('Places an order.');
    expect(text).toContain('at most 40 characters');
    expect(text).toContain('href="/docs/errors#email_unverified"');
  });

  test('text of schemas is escaped, and what it marks as code is code', async () => {
    expect(await page('/docs')).toContain('Its &#60;name&#62;, as in <code>list</code>.');
  });

  test.each(['/docs', '/docs/errors'])(
    '%s has nothing inline that the policy would refuse, and no dead link',
    async (path) => {
      const text = await page(path);

      expect(text).not.toMatch(/<script|<style|\sstyle=|\son\w+=|javascript:/i);
      for (const [, anchor] of text.matchAll(/href="#([^"]*)"/g)) expect(text).toContain(`id="${anchor}"`);
      for (const [, target] of text.matchAll(/href="(\/[^"#]*)/g))
        expect((await fetch(running.url + target)).status).toBe(200);
    },
  );

  test.each([
    ['/docs', 'text/html; charset=utf-8'],
    ['/docs/errors', 'text/html; charset=utf-8'],
    ['/docs/style.css', 'text/css; charset=utf-8'],
    ['/openapi.json', 'application/json; charset=utf-8'],
  ])('%s is public, cacheable and of its type', async (path, type) => {
    const { status, headers } = await fetch(running.url + path);

    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
      200,
      type,
      'public, max-age=300',
    ]);
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
  });
});

describe('Every error code is documented, and nothing else', () => {
  test('/docs/errors has the anchor that `type` points to', async () => {
    const anchors = [...(await page('/docs/errors')).matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id);

    expect(anchors).toEqual(codes);
  });

  test('docs/errors.md has a section for each, with its status, its action and what to do', async () => {
    const file = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8');
    const sections = file.split(/^## /m).slice(1);

    expect(sections.map((section) => section.split('\n')[0])).toEqual(codes);
    for (const [index, code] of codes.entries()) {
      const { status, title, detail, action, explanation } = errorEntry(code as ErrorCode);
      const text = sections[index]?.replaceAll('\\_', '_');
      expect(text).toContain(`${status}${action ? `, action \`${action}\`` : ''}. **${title}.** ${detail}`);
      expect(text).toContain(explanation);
    }
  });

  test('an explanation begins with "Reserved" where nothing in the source answers the code, and nowhere else', () => {
    const source = ['src', 'packages/verifier/src']
      .flatMap((folder) => listFiles(folder, '.ts'))
      .filter((path) => !path.endsWith('error-catalogue.ts'))
      .map(projectFile)
      .join('\n');
    const unused = codes.filter((code) => !new RegExp(`['"\`]${code}['"\`]|\\b${code}:`).test(source));
    const reserved = codes.filter((code) =>
      errorEntry(code as ErrorCode).explanation.startsWith('Reserved; nothing answers it yet.'),
    );

    expect(reserved).toEqual(unused);
  });
});
