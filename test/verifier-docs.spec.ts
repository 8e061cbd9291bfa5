import { listFiles, projectFile, readPage, sectionOf, tableRows } from './docs-pages.js';

const page = readPage('packages/verifier/README.md');
const source = (file: string) => projectFile(`packages/verifier/src/${file}`);

/** The names in backticks of the first column of the tables there. */
function named(section: string): string[] {
  return tableRows(sectionOf(page, section)).flatMap(([first = '']) =>
    [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

const quoted = (text: string) => [...text.matchAll(/'([a-z_]+)'/g)].map(([, name]) => name!);

test('its page names every option of a verifier', () => {
  const [, options = ''] = /export interface VerifierOptions \{(.*?)\n\}/s.exec(source('verifier-options.ts')) ?? [];
  const known = [...options.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name!);
  const told = named('## `createVerifier(options)`').filter((name) => /^[a-z]\w*$/i.test(name));
  expect(known.length).toBeGreaterThan(10);
  expect(told.filter((name) => !/[._]/.test(name)).toSorted()).toEqual(expect.arrayContaining(known.toSorted()));
});

test('its page names every code of its two errors, and no other', () => {
  const verification = source('verification-error.ts');
  const codes = quoted(verification.slice(0, verification.indexOf('VerificationErrorCode')));
  const feed = source('follower/feed-error.ts');
  const feedCodes = quoted(feed.slice(0, feed.indexOf('export class')));
  const told = named('## `createVerifier(options)`').filter((name) =>
    /^[a-z]+(_[a-z]+)+$|^forbidden$|^unavailable$|^unreachable$/.test(name),
  );
  expect(feedCodes.length).toBeGreaterThan(4);
  expect(told.toSorted()).toEqual([...codes, ...feedCodes].toSorted());
});

test('its page names every reason for a refusal, and no other', () => {
  const sources = listFiles('packages/verifier/src', '.ts').filter((path) => !path.endsWith('.spec.ts'));
  const code = sources.map(projectFile).join('\n');
  const literals = code.matchAll(/(?:VerificationError\([\w']+, |UNKNOWN_KID = )(['`])(.+?)\1/g);
  const known = new Set([...literals].map(([, , reason = '']) => reason.replace(/\$\{.*?\}/, '…')));
  expect(known.size).toBeGreaterThan(20);
  expect(named('## When a good token is refused').toSorted()).toEqual([...known].toSorted());
});
