import { errorCatalogue, errorEntry } from '../common/errors/error-catalogue.js';
import type { ErrorAction, ErrorCode } from '../common/errors/error-catalogue.js';
import { html, page, prose } from './html.js';
import type { Html } from './html.js';

/** What a client does on each action, for people who write one. */
const actions: Record<ErrorAction, string> = {
  refresh: 'Refresh once, then repeat the request. Never in a loop.',
  sign_in: 'Show the sign-in page. Refreshing is of no use.',
  reauthenticate: 'Ask for the password, then repeat the request with the new token.',
  second_factor: 'Reserved; nothing asks for it yet.',
  retry: 'Wait as long as `Retry-After` says, then repeat the request.',
};

/** The page that `type` of every error points into. */
export function errorsPage(): Html {
  const codes = Object.keys(errorCatalogue) as ErrorCode[];
  const navigation = html`<ul>
    ${codes.map((code) => html`<li><a href="#${code}">${code}</a></li>`)}
  </ul>`;
  return page(
    'Errors',
    navigation,
    html`<h1>Errors</h1>
      <p>
        Every error is <code>application/problem+json</code> (RFC 9457) with a stable <code>code</code>. Programs decide
        by <code>code</code>, or just by <code>action</code>:
      </p>
      <dl class="fields">
        ${Object.entries(actions).map(
          ([action, text]) =>
            html`<dt><code>${action}</code></dt>
              <dd>${prose(text)}</dd>`,
        )}
        <dt>none</dt>
        <dd>Show <code>detail</code> to the person, or correct the request.</dd>
      </dl>
      ${codes.map(section)}`,
  );
}

function section(code: ErrorCode): Html {
  const entry = errorEntry(code);
  return html`<section id="${code}" class="entry">
    <h2><code>${code}</code> <a class="anchor" href="#${code}" aria-label="Link to ${code}">#</a></h2>
    <p class="facts">
      <span class="status s${Math.floor(entry.status / 100)}">${entry.status}</span>
      ${entry.action ? html`<span class="tag">action: ${entry.action}</span>` : null}
    </p>
    <p><strong>${entry.title}.</strong> ${entry.detail}</p>
    <p>${prose(entry.explanation)}</p>
  </section>`;
}
