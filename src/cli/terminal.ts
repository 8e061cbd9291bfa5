import { Writable, type Readable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { EXIT } from './exit-codes.js';

/** Where a command reads and writes: those of the process, or those of a test. */
export interface Streams {
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean };
}

/** What a command did, for people and for programs. */
export interface Outcome {
  lines: string[];
  /** What `--json` prints instead. */
  data: unknown;
  /** One of `EXIT`; done when left out. */
  exitCode?: number;
}

export class InputTooLong extends Error {
  override readonly name = 'InputTooLong';
}

/** Longer than any token, password or list of roles. */
const LARGEST_INPUT = 64 * 1024;

/** Sentences on standard output, faults and progress on standard error, answers from standard input. */
export class Terminal {
  /** Whether programs read what is printed. */
  json = false;
  /** What the process is to end with: one of `EXIT`. */
  exitCode: number = EXIT.done;

  constructor(private readonly streams: Streams) {}

  finish({ lines, data, exitCode = EXIT.done }: Outcome): void {
    this.exitCode = exitCode;
    const text = this.json ? JSON.stringify(data, null, 2) : lines.join('\n');
    if (text) this.streams.stdout.write(`${text}\n`);
  }

  complain(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  /** What people should know besides; programs get nothing but the document, or what refuses them. */
  note(text: string): void {
    if (!this.json) this.complain(text);
  }

  /** One line that is written over by the next, where somebody watches; nothing elsewhere. */
  progress(text: string): void {
    if (this.streams.stderr.isTTY) this.streams.stderr.write(`\r\u001b[K${text}`);
  }

  /** Whether there is somebody to ask. */
  get interactive(): boolean {
    return this.streams.stdin.isTTY === true && this.streams.stderr.isTTY === true;
  }

  ask(question: string): Promise<string> {
    return this.question(question, this.streams.stderr);
  }

  /** As `ask`, and what is typed is not shown. */
  async askHidden(question: string): Promise<string> {
    this.streams.stderr.write(question);
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    try {
      return await this.question('', nowhere);
    } finally {
      this.streams.stderr.write('\n');
    }
  }

  /** All of standard input without the line break at its end. Throws InputTooLong when it is longer than it can be. */
  async readInput(): Promise<string> {
    let text = '';
    for await (const chunk of this.streams.stdin) {
      text += String(chunk);
      if (text.length > LARGEST_INPUT)
        throw new InputTooLong('What was sent to standard input is too long to be what is asked for.');
    }
    return text.replace(/\r?\n$/, '');
  }

  private async question(question: string, output: Writable): Promise<string> {
    const lines = createInterface({ input: this.streams.stdin, output, terminal: true });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  }
}
