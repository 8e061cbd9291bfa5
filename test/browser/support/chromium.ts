import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

/** Where the browser of the npm package is unpacked to, once. */
const CACHE = join(process.cwd(), 'node_modules', '.cache', 'portcullis-chromium');

/** The package unpacks the libraries that Chromium needs only where it takes the machine for one of these. */
const WITH_LIBRARIES = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };

/** The package's own looks for them in fixed folders. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${CACHE}/fonts/fonts</dir><cachedir>${CACHE}/fonts-cache</cachedir></fontconfig>
`;

const ARGUMENTS = [
  // No request to anybody but the test's own servers: every host is this machine.
  '--host-resolver-rules=MAP * 127.0.0.1',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-gpu',
];

interface Installation {
  executablePath?: string;
  channel?: string;
  env?: Record<string, string>;
}

/** A real Chromium: the one CHROME_PATH names, on x64 Linux the one that comes with npm, elsewhere the person's Chrome. */
export async function openChromium(): Promise<Browser> {
  return chromium.launch({
    ...(await installation()),
    // Most containers do not allow it its own sandbox, and all it loads are our own pages.
    chromiumSandbox: false,
    // Playwright switches it off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: ARGUMENTS,
  });
}

async function installation(): Promise<Installation> {
  const { CHROME_PATH } = process.env;
  if (CHROME_PATH) return { executablePath: CHROME_PATH };
  if (process.platform !== 'linux' || process.arch !== 'x64') return { channel: 'chrome' };
  if (!existsSync(CACHE)) await unpack();
  const env = {
    ...(process.env as Record<string, string>),
    LD_LIBRARY_PATH: join(CACHE, 'al2023', 'lib'),
    // On a machine that has no fonts at all, those of the package.
    ...(!existsSync('/etc/fonts/fonts.conf') && { FONTCONFIG_PATH: join(CACHE, 'fonts') }),
  };
  return { executablePath: join(CACHE, 'chromium'), env };
}

/** In a folder of its own that is then given its name: two workers may do so at the same time. */
async function unpack(): Promise<void> {
  await mkdir(join(CACHE, '..'), { recursive: true });
  const folder = await mkdtemp(`${CACHE}-`);
  const script = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;
  const env = { ...process.env, ...WITH_LIBRARIES, TMPDIR: folder };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  await writeFile(join(folder, 'fonts', 'fonts.conf'), FONTS);
  await rename(folder, CACHE).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    if (!existsSync(CACHE)) throw error;
  });
}
