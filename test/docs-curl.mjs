// As much of curl as the README uses, so that its commands also run where there is none: -s -X -H -d -o -w.
import { writeFileSync } from 'node:fs';

const TAKES_A_VALUE = { '-X': 'method', '-H': 'headers', '-d': 'body', '-o': 'file', '-w': 'format' };

const options = { headers: [] };
const words = process.argv.slice(2);
for (let word = words.shift(); word !== undefined; word = words.shift()) {
  const name = TAKES_A_VALUE[word];
  if (name === 'headers')
    options.headers.push(
      words
        .shift()
        .split(/: (.*)/s)
        .slice(0, 2),
    );
  else if (name) options[name] = words.shift();
  else if (word.startsWith('http')) options.url = word;
  else if (word !== '-s') throw new Error(`This curl does not know ${word}.`);
}
const { url, body, file, format, method = body === undefined ? 'GET' : 'POST' } = options;
const response = await fetch(url, { method, headers: options.headers, body });
const text = await response.text();
if (file) writeFileSync(file, text);
else process.stdout.write(text);
if (format) process.stdout.write(format.replace('%{http_code}', response.status).replaceAll(String.raw`\n`, '\n'));
