import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A process that logs, and ends as the service does when it is told to. */
function startLogging(): ChildProcess {
  const logger = pathToFileURL(join(process.env.TEST_COMPILED!, 'src/common/logging/logger.js'));
  const program = `
    import { createLogger, endLog } from '${logger}';
    const logger = createLogger('info');
    process.stdin.once('data', async (count) => {
      for (let line = 0; line < Number(count); line++) logger.info('last words');
      await endLog();
      process.exit(3);
    });
    logger.info('up');`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function endOf(child: ChildProcess, lines: number): Promise<unknown> {
  child.stdin!.write(`${lines}\n`);
  const [code] = await once(child, 'exit');
  return code;
}

test('all that was logged is written before the process ends', async () => {
  const child = startLogging();
  let output = '';
  child.stdout!.on('data', (chunk) => (output += chunk));
  const closed = once(child.stdout!, 'close');
  expect(await endOf(child, 5_000)).toBe(3);
  await closed;
  expect(output.split('last words')).toHaveLength(5_001);
});

test('a process whose log nobody reads any more ends all the same', async () => {
  const child = startLogging();
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  expect(await endOf(child, 5)).toBe(3);
});
