// Runs compiled commands one after the other, each as if it were a process of its own: the start of Node, which is most
// of the time that a command takes, is paid once. (Jest itself cannot load nest-commander, which requires ES modules.)
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const { runCommand } = await import(pathToFileURL(join(process.env.TEST_COMPILED, 'src/cli/cli.js')).href);

process.on('message', async ({ id, words, env, input }) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCommand(words, env, { stdin: Readable.from([input]), stdout, stderr });
  process.send({ id, code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') });
});
process.on('disconnect', () => process.exit());
