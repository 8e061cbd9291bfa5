// As much of curl as the README uses, so that its commands also run where there is none: -s -X -H -d -o -u -w. Not by
// fetch: a page of documentation starts this thirty times, and loading that takes longer than all the rest.
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';

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
const body = data.length === 0 ? undefined : data.join('&');
const headers = {
  ...(body && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }),
  ...(user && { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
  ...Object.fromEntries(options.headers.map(([name, value]) => [name.toLowerCase(), value])),
};
const response = await new Promise((resolve, reject) =>
  request(url, { method, headers }, resolve).on('error', reject).end(body),
);
let text = '';
for await (const chunk of response.setEncoding('utf8')) text += chunk;
if (file) writeFileSync(file, text);
else process.stdout.write(text);
if (format) process.stdout.write(format.replace('%{http_code}', response.statusCode).replaceAll(String.raw`\n`, '\n'));
