import { html, prose } from './html.js';
import type { Html } from './html.js';
import type { JsonSchema } from './json-schema.js';

/** The fields of a schema as a list, those of inner objects under their own heading of dots. */
export function fieldList(schema: JsonSchema): Html {
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) {
    return html`${forms.map((form, index) => html`${index > 0 ? html`<p class="or">or</p>` : null}${fieldList(form)}`)}`;
  }
  const rows = [...fields(schema, '')];
  if (rows.length === 0) return html`<p>${typeName(schema)}</p>`;
  return html`<dl class="fields">
    ${rows.map(
      ({ name, field, required }) =>
        html`<dt><code>${name}</code> <span class="type">${typeName(field)}${required ? '' : ', optional'}</span></dt>
          <dd>${prose(note(field))}</dd>`,
    )}
  </dl>`;
}

interface Field {
  name: string;
  field: JsonSchema;
  required: boolean;
}

function* fields(schema: JsonSchema, prefix: string): Generator<Field> {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const name = `${prefix}${key}`;
    yield { name, field, required: schema.required?.includes(key) ?? false };
    if (field.properties) yield* fields(field, `${name}.`);
    if (field.items?.properties) yield* fields(field.items, `${name}[].`);
  }
}

export function typeName(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return [...new Set(forms.map(typeName))].join(' or ');
  const suffix = schema.nullable ? ' or null' : '';
  if (schema.type === 'array') return `array of ${schema.items ? typeName(schema.items) : 'values'}${suffix}`;
  return `${schema.format ?? schema.type ?? 'any'}${suffix}`;
}

/** What a schema says of itself, with lengths, ranges and defaults in words. */
export function note(schema: JsonSchema): string {
  return `${schema.description ?? ''} ${limits(schema)}`.trim();
}

function limits(schema: JsonSchema): string {
  const said = [
    schema.minLength !== undefined && schema.minLength > 1 && `at least ${schema.minLength} characters`,
    schema.maxLength !== undefined && `at most ${schema.maxLength} characters`,
    schema.minimum !== undefined && `at least ${schema.minimum}`,
    schema.maximum !== undefined && `at most ${schema.maximum}`,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ].filter((part) => part !== false);
  return said.length === 0 ? '' : `(${said.join(', ')})`;
}
