import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fronts } from '../support/nginx.js';
import { useStage } from './support/stage.js';
import { openTab, sees, signIn } from './support/visitor.js';

const stage = useStage();

/** A page of an application that is told who is asking. */
async function startApplication() {
  const server = createServer(({ url, headers }, response) => {
    const html = `<!doctype html><p>${url} of ${String(headers['x-portcullis-user'])}</p>`;
    response.setHeader('content-type', 'text/html').end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close().closeAllConnections() };
}

test.each(fronts)(
  'an application behind %s: a link leads to the sign-in or through it, also when the token has run out',
  async (_, start) => {
    const { site } = stage;
    const { service } = site;
    const application = await startApplication();
    const front = await start({ portcullis: service.url, orders: application.url });
    // All that the browser asks for goes through it.
    site.service = { ...service, url: front.url };
    try {
      const context = await stage.openBrowser();
      const tab = await openTab(context, '/orders/');
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
      await signIn(tab, await stage.newAccount());
      await tab.goto('/orders/?x=1&y=%2F');
      await sees(tab, /^\/orders\/\?x=1&y=%2F of [0-9a-f-]{36}$/);
      await service.advance(660);
      const later = await openTab(context, '/orders/later');
      await sees(later, /^\/orders\/later of [0-9a-f-]{36}$/);
    } finally {
      site.service = service;
      await Promise.all(stage.chromium.contexts().map((context) => context.close()));
      await front.stop();
      application.close();
    }
  },
);
