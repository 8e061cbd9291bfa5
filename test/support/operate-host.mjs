// Runs compiled commands one after the other, each as if it were a process of its own: the start of Node, which is most
// of the time that a command takes, is paid once. (Jest itself cannot load nest-commander, which requires ES modules.)
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const { runCommand } = await import(pathToFileURL(join(process.env.TEST_COMPILED, 'src/cli/cli.js')).href);

/** Somebody at a terminal, who types the next answer at each prompt. */
function typist(answers, stderr) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  Object.assign(stderr, { isTTY: true });
  const rest = [...answers];
  const write = stderr.write.bind(stderr);
  stderr.write = (chunk, ...more) => {
    if (/[:?] $/.test(String(chunk))) setTimeout(() => stdin.write(`${rest.shift() ?? ''}\n`), 20);
    return write(chunk, ...more);
  };
  return stdin;
}

process.on('message', async ({ id, words, env, input, answers }) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const stdin = answers ? typist(answers, stderr) : Readable.from([input]);
  const code = await runCommand(words, env, { stdin, stdout, stderr });
  process.send({ id, code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') });
});
process.on('disconnect', () => process.exit());
