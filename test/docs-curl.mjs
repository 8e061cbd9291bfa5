// As much of curl as the README uses, so that its commands also run where there is none: -s -X -H -d -o -u -w.
import { writeFileSync } from 'node:fs';

const TAKES_A_VALUE = { '-X': 'method', '-H': 'headers', '-d': 'data', '-o': 'file', '-u': 'user', '-w': 'format' };

const options = { headers: [], data: [] };
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
  else if (name === 'data') options.data.push(words.shift());
  else if (name) options[name] = words.shift();
  else if (word.startsWith('http')) options.url = word;
  else if (word !== '-s') throw new Error(`This curl does not know ${word}.`);
}
const { url, data, file, format, user, method = data.length === 0 ? 'GET' : 'POST' } = options;
const headers = new Headers(options.headers);
if (data.length > 0 && !headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded');
if (user) headers.set('authorization', `Basic ${Buffer.from(user).toString('base64')}`);
const response = await fetch(url, { method, headers, body: data.length === 0 ? undefined : data.join('&') });
const text = await response.text();
if (file) writeFileSync(file, text);
else process.stdout.write(text);
if (format) process.stdout.write(format.replace('%{http_code}', response.status).replaceAll(String.raw`\n`, '\n'));
