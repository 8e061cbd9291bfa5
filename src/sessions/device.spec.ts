import fc from 'fast-check';
import { describeDevice, parseDevice } from './device.js';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const IPAD =
  'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
const ANDROID =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36';
const MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
const LINUX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

test.each([
  [FIREFOX, 'Firefox on Windows', 'desktop'],
  [IPHONE, 'Safari on iOS', 'mobile'],
  [IPAD, 'Safari on iOS', 'tablet'],
  [ANDROID, 'Chrome on Android', 'mobile'],
  [MAC, 'Chrome on macOS', 'desktop'],
  [LINUX, 'Firefox on Linux', 'desktop'],
  ['curl/8.5.0', 'curl', 'other'],
  ['NotesApp/3.1 (build 12)', 'NotesApp', 'other'],
  ['node', 'node', 'other'],
])('%s', (userAgent, name, kind) => {
  const device = parseDevice(userAgent);
  expect(describeDevice(device)).toBe(name);
  expect(device.kind).toBe(kind);
});

test.each([[null], [''], ['   '], ['<script>alert(1)</script>'], ['\u0000'], ['x'.repeat(41)], ['{/ '], ['<b>/1 x']])(
  'what names no product is an unknown device: %j',
  (userAgent) => {
    expect(describeDevice(parseDevice(userAgent))).toBe('Unknown device');
  },
);

test('whatever a client writes becomes a short name of plain characters', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ maxLength: 4_000 })), (userAgent) => {
      const device = parseDevice(userAgent);
      expect(['desktop', 'mobile', 'tablet', 'other']).toContain(device.kind);
      expect(describeDevice(device)).toMatch(/^[\w .-]{1,80}$/);
    }),
  );
});

test('a long hostile user agent is read in no time', () => {
  const start = performance.now();
  for (const piece of ['(', ';', 'Mozilla/5.0 ', 'Android ', 'a/1 ', ' ', 'Version/']) parseDevice(piece.repeat(4_000));
  expect(performance.now() - start).toBeLessThan(1_000);
});
