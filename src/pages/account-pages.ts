import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { AppError } from '../common/errors/app-error.js';

/** Where the build of `web` puts the pages, seen from the sources and from `dist` alike. */
export function builtPagesFolder(): string {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  return join(basename(root) === 'dist' ? dirname(root) : root, 'web', 'dist');
}

/** What of a request decides about its answer. */
export interface PageRequest {
  /** Below `/account/`, as it was sent: not decoded, without the query. */
  path: string;
  ifNoneMatch: string | undefined;
  acceptEncoding: string | undefined;
}

export interface PageAnswer {
  status: 200 | 304;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

interface PageFile {
  body: Buffer;
  gzipped: Buffer | null;
  headers: Record<string, string>;
}

const INDEX = 'index.html';

/** What the pages themselves route: words, without a dot. Nothing that is spelt in another way leads to a page. */
const VIEW = /^(?:(?!assets(?:\/|$))[\w-]+(?:\/[\w-]+)*\/?)?$/;

/** Vite names what is in this folder by its content, so that it never changes. */
const HASHED = /^assets\/.+-[\w-]{8}\.\w+$/;

const YEAR = 31_536_000;

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

const COMPRESSED = /^text\/|svg|json/;

/**
 * The files of the account pages, in memory. They are few and small, and this is less than setting up @fastify/static,
 * whose wildcard, 404s and own compression would have to be fitted to our 405s, problem documents and headers: a path is
 * looked up among the files there are, so none can lead out of the folder, and an answer costs no system call.
 */
export class AccountPages {
  private files: ReadonlyMap<string, PageFile> | null = null;

  /** Read at the first request, and not again: an instance serves one build, whatever is built beside it. */
  constructor(private readonly folder: string) {}

  /** Throws `not_found` for a file that is not there, and for any page before they are built. */
  answer({ path, ifNoneMatch, acceptEncoding }: PageRequest): PageAnswer {
    this.files ??= readFiles(this.folder);
    if (!this.files)
      throw new AppError('not_found', { detail: 'The account pages are not built yet. Run npm run build.' });
    const file = this.files.get(VIEW.test(path) ? INDEX : path);
    if (!file) throw new AppError('not_found');

    const { headers, body, gzipped } = file;
    if (matches(ifNoneMatch, headers['etag'])) return { status: 304, headers, body: undefined };
    if (gzipped && accepts(acceptEncoding))
      return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipped };
    return { status: 200, headers, body };
  }
}

/** Null before the first build. */
function readFiles(folder: string): Map<string, PageFile> | null {
  if (!existsSync(join(folder, INDEX))) return null;
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = relative(folder, file).split(sep).join('/');
      return [path, toPageFile(path, readFileSync(file))];
    }),
  );
}

function toPageFile(path: string, body: Buffer): PageFile {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  return {
    body,
    gzipped: COMPRESSED.test(type) ? gzipSync(body, { level: 9 }) : null,
    headers: {
      'content-type': type,
      'cache-control': HASHED.test(path) ? `public, max-age=${YEAR}, immutable` : 'no-cache',
      // Weak: compressed or not, it is the same file (RFC 9110 §8.8.1).
      etag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      vary: 'Origin, Accept-Encoding',
    },
  };
}

/** RFC 9110 §13.1.2: weak comparison with any of the list. */
function matches(ifNoneMatch: string | undefined, etag = ''): boolean {
  const tags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes('*') || tags.includes(etag.replace(/^W\//, ''));
}

/** Whether gzip is among them, and not refused by `q=0` (RFC 9110 §12.5.3). */
function accepts(acceptEncoding = ''): boolean {
  return /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))\s*(?:[;,]|$)/i.test(acceptEncoding);
}
