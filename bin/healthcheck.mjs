// node bin/healthcheck.mjs live|ready: ends with 0 when the instance on this machine says so. For images without curl.
const [what = 'ready'] = process.argv.slice(2);
const url = `http://127.0.0.1:${process.env.PORT || 3000}/health/${what}`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  if (!answer.ok) console.error(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
