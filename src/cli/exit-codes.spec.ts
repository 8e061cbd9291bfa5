import { readPage, sectionOf, tableRows } from '../../test/docs-pages.js';
import { errorCatalogue } from '../common/errors/error-catalogue.js';
import { EXIT } from './exit-codes.js';
import { OWN_CODES } from './own-codes.js';

test('the table of docs/operations.md has every exit code, and no other', () => {
  const told = tableRows(sectionOf(readPage('docs/operations.md'), '### Exit codes')).map(([code]) => Number(code));
  expect(told).toEqual(Object.values(EXIT));
});

test('the table of docs/operations.md has every code that only the command line has, and none is on the error page', () => {
  const rows = tableRows(sectionOf(readPage('docs/operations.md'), '### Codes of the command line'));
  expect(rows.map(([code]) => code)).toEqual(OWN_CODES.map((code) => `\`${code}\``));
  expect(OWN_CODES.filter((code) => code in errorCatalogue)).toEqual([]);
});
