import type { OpenAPIObject } from '@nestjs/swagger';

import { FORM_TYPE } from '../common/http/form-body.js';
import { html, page, pathText, prose } from './html.js';
import type { Html } from './html.js';
import { operations } from './openapi.js';
import type { Answer, Operation } from './openapi.js';
import { fieldList, note, typeName } from './schema-fields.js';

interface Route {
  operation: Operation;
  path: string;
  method: string;
  anchor: string;
}

/** The API reference for people, from the same document that programs read at /openapi.json. */
export function referencePage(document: OpenAPIObject): Html {
  const sections = byTag(document);
  const navigation = html`${sections.map(
    ([tag, routes]) =>
      html`<h2>${tag}</h2>
        <ul>
          ${routes.map((route) => html`<li><a href="#${route.anchor}">${methodLabel(route)} ${pathText(route.path)}</a></li>`)}
        </ul>`,
  )}`;
  return page(
    'API',
    navigation,
    html`<h1>API</h1>
      <p>
        JSON in, JSON out. Times are ISO 8601 in UTC, durations seconds. Every route needs an access token (<code
          >Authorization: Bearer ...</code
        >, or the cookie of it with <code>X-CSRF-Token</code>) unless it says otherwise, and every error looks
        <a href="/docs/errors">the same</a>.
      </p>
      ${sections.map(
        ([tag, routes]) =>
          html`<section>
            <h2>${tag}</h2>
            ${routes.map(routeEntry)}
          </section>`,
      )}`,
  );
}

function byTag(document: OpenAPIObject): [string, Route[]][] {
  const sections = new Map<string, Route[]>();
  for (const [operation, path, method] of operations(document)) {
    const tag = operation.tags?.[0] ?? 'Other';
    const anchor = `${method}${path}`.replace(/[^a-z0-9]+/gi, '-').replace(/-$/, '');
    sections.set(tag, [...(sections.get(tag) ?? []), { operation, path, method, anchor }]);
  }
  return [...sections].toSorted(([a], [b]) => a.localeCompare(b));
}

function methodLabel({ method }: Route): Html {
  return html`<span class="method ${method}">${method.toUpperCase()}</span>`;
}

function routeEntry(route: Route): Html {
  const { operation, path, anchor } = route;
  const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  return html`<article id="${anchor}" class="entry">
    <h3>
      ${methodLabel(route)} <code>${pathText(path)}</code>
      <a class="anchor" href="#${anchor}" aria-label="Link to ${path}">#</a>
    </h3>
    <p>${prose(operation.summary ?? '')} ${prose(operation.description ?? '')}</p>
    <p class="facts">${access(operation).map((fact) => html`<span class="tag">${fact}</span> `)}</p>
    ${parameterList(operation)}
    ${
      body
        ? html`<h4>${type === FORM_TYPE ? 'Form' : 'Body'}</h4>
            ${fieldList(body.schema)}`
        : null
    }
    <h4>Answers</h4>
    ${Object.entries(operation.responses).map(([status, answer]) => answerEntry(status, answer))}
  </article>`;
}

const AUTHENTICATION = {
  refresh_token: 'refresh token, by cookie or body',
  application: 'id and secret of an application',
  client: 'id of an application, and secret of a back end',
};

function access(operation: Operation): string[] {
  const recent = operation['x-recent-authentication'];
  const by = operation['x-authentication'];
  return [
    by === undefined ? (operation.security?.length === 0 ? 'public' : 'access token') : AUTHENTICATION[by],
    ...(operation['x-required-roles'] ?? []).map((role) => `role ${role}`),
    ...(recent === undefined ? [] : [`signed in within ${Math.round(recent / 60)} minutes`]),
  ];
}

function parameterList({ parameters = [] }: Operation): Html | null {
  if (parameters.length === 0) return null;
  return html`<h4>Parameters</h4>
    <dl class="fields">
      ${parameters.map(
        ({ name, in: place, required, schema = {}, description }) =>
          html`<dt>
              <code>${name}</code>
              <span class="type">${typeName(schema)} in the ${place}${required ? '' : ', optional'}</span>
            </dt>
            <dd>${prose(note({ ...schema, ...(description !== undefined && { description }) }))}</dd>`,
      )}
    </dl>`;
}

function answerEntry(status: string, answer: Answer): Html {
  const badge = html`<span class="status s${status.charAt(0)}">${status}</span>`;
  const codes = answer['x-codes'];
  if (codes) {
    const links = codes.map((code) => html`<a href="/docs/errors#${code}"><code>${code}</code></a> `);
    return html`<p class="answer">${badge} ${links}</p>`;
  }
  const schema = Object.values(answer.content ?? {})[0]?.schema;
  return html`<p class="answer">${badge} ${answer.description}</p>
    ${schema ? fieldList(schema) : null}`;
}
