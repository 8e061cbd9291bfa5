import { readOptions } from './verifier-options.js';

const options = {
  issuer: 'https://id.example.test',
  audience: 'shop',
  credentials: { id: 'shop', secret: 'a secret' },
};

test.each(['onError', 'onRefused'] as const)('an %s that fails, at once or later, ends nothing', async (name) => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const fail = () => {
    throw new Error('a fault of the log');
  };
  for (const listener of [fail, async () => fail()]) {
    const tell = readOptions({ ...options, [name]: listener })[name] as () => void;
    tell();
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});
