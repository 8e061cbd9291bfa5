import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { poll } from '../support/poll.js';
import { useStage } from './support/stage.js';
import { openViewer, VIEWS } from './support/views.js';
import { openTab, signIn } from './support/visitor.js';

/** Where the last run left pictures of all pages, to be looked at. */
const SCREENSHOTS =
  process.env['SCREENSHOTS'] ?? join(process.cwd(), 'node_modules', '.cache', 'portcullis-screenshots');

const stage = useStage({ env: { SESSION_IDLE: '30m', RECENT_AUTH_MAX_AGE: '2m' } });

let axe: string;

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await mkdir(SCREENSHOTS, { recursive: true });
});

/** What the content security policy stopped, and what no script caught. */
async function listenForFaults(context: BrowserContext): Promise<string[]> {
  const faults: string[] = [];
  await context.exposeBinding('report', (_source, fault: string) => faults.push(fault));
  await context.addInitScript(`addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
    report(['policy', violatedDirective, blockedURI, sample].join(' ')))`);
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('console', (message) => {
    // The browser itself reports each refusal of the service and each lost connection.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  return faults;
}

/** What axe-core finds fault with, in words. */
async function accessibilityFaults(tab: Page): Promise<string[]> {
  if (!(await tab.evaluate('"axe" in window'))) await tab.evaluate(axe);
  const { violations } = (await tab.evaluate('axe.run()')) as {
    violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`),
  );
}

/**
 * What sticks out to the right; what moves though the person asked for no motion, all but what turns slowly to say "wait";
 * a page that is darkened twice; a message over a field.
 */
const LAYOUT_FAULTS = `(() => {
  const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the window: ' + document.documentElement.scrollWidth] : [];
  const moving = document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().duration > 1 && effect.target.className !== 'spinner')
    .map(({ effect }) => 'moves: ' + effect.target.className);
  const shades = [...document.querySelectorAll('dialog[open]')]
    .map((dialog) => getComputedStyle(dialog, '::backdrop').backgroundColor)
    .filter((colour) => colour !== 'rgba(0, 0, 0, 0)');
  const toast = document.querySelector('.toast p')?.getBoundingClientRect();
  const covered = [...document.querySelectorAll('input')]
    .filter((field) => {
      const { top, bottom } = field.getBoundingClientRect();
      return toast && top < toast.bottom && bottom > toast.top;
    })
    .map(({ name }) => 'covered: ' + name);
  return [...wide, ...moving, ...(shades.length > 1 ? ['darkened twice'] : []), ...covered];
})()`;

test.each([
  ['light', { viewport: { width: 1280, height: 800 } }],
  ['dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
  ['narrow', { viewport: { width: 320, height: 640 }, hasTouch: true }],
])(
  'every page, %s: usable by all, within its policy and its window, and without motion',
  async (look, options) => {
    const viewer = await openViewer(stage, options);
    const { account, context, tab } = viewer;
    const faults = await listenForFaults(context);
    await tab.reload();
    await signIn(tab, account);
    const found: Record<string, string[]> = {};
    for (const [name, open] of VIEWS) {
      await open(viewer);
      const layout = (await tab.evaluate(LAYOUT_FAULTS)) as string[];
      const all = [...(await accessibilityFaults(tab)), ...layout, ...faults.splice(0)];
      if (all.length > 0) found[name] = all;
      await tab.screenshot({ path: join(SCREENSHOTS, `${name}.${look}.png`), fullPage: true });
    }
    expect(found).toEqual({});
  },
  120_000,
);

test('an inline script or style would be stopped, and would be heard of here', async () => {
  const context = await stage.openBrowser();
  const faults = await listenForFaults(context);
  const tab = await openTab(context);
  await tab.evaluate(`
    document.head.append(Object.assign(document.createElement('script'), { text: 'window.injected = true' }));
    document.head.append(Object.assign(document.createElement('style'), { textContent: '* { color: red }' }));
    document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="window.injected = true" style="color: red">');
  `);
  const directives = ['script-src-elem', 'style-src-elem', 'script-src-attr', 'style-src-attr'];
  // Each report comes by a message of its own.
  await poll(() => directives.every((directive) => faults.join('\n').includes(directive)));
  expect(await tab.evaluate('window.injected')).toBeUndefined();
});
