import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createEmptyDatabase } from './support/create-database.js';
import { codeBlocks, readPage } from './docs-pages.js';

/** Figures differ from run to run, and columns with them: a second figure before the point takes the place of a space. */
const formOf = (text: string) =>
  text
    .trim()
    .replaceAll(/\d[\d.]*/g, '#')
    .replaceAll(/ +/g, ' ')
    .split('\n')
    .map((line) => line.trim());

test('the picture at the top of the README is what npm run demo prints', async () => {
  const db = await createEmptyDatabase();
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join('examples', 'demo.mjs')], {
    env: { ...process.env, DEMO_DATABASE_URL: db.url },
  });
  await db.drop();
  expect(stderr).toBe('');
  const [picture] = codeBlocks(readPage('README.md').text);
  expect(formOf(stdout)).toEqual(formOf(picture!.code));

  const verdicts = (what: string) =>
    stdout
      .split('\n')
      .find((line) => line.includes(what))!
      .trim()
      .split(/ {2,}/)
      .slice(2, 5);
  expect(verdicts('signs in on three devices')).toEqual(['200', '200', '200']);
  expect(verdicts('ends the phone')).toEqual(['200', 'session_ended', '200']);
  expect(verdicts('changes her password')).toEqual(['token_outdated', 'session_ended', 'token_outdated']);
  expect(verdicts('and uses it: refresh_token_reused')[0]).toBe('session_ended');
  expect(verdicts('suspends the account')).toEqual(Array(3).fill('account_suspended'));
}, 60_000);
