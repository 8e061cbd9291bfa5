import { readPage, sectionOf, tableRows } from '../../test/docs-pages.js';
import { EXIT } from './exit-codes.js';

test('the table of docs/operations.md has every exit code, and no other', () => {
  const told = tableRows(sectionOf(readPage('docs/operations.md'), '### Exit codes')).map(([code]) => Number(code));
  expect(told).toEqual(Object.values(EXIT));
});
