/** Markup that needs no escaping any more. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | Html[] | string | number | false | null | undefined;

/** A template in which everything but `Html` is escaped. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + render(parts[index - 1]) + string));
}

function render(part: Part): string {
  if (part === false || part === null || part === undefined) return '';
  if (Array.isArray(part)) return part.map((item) => item.text).join('');
  return part instanceof Html ? part.text : escape(String(part));
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Our own sentences, in which `backticks` mark code. */
export function prose(text: string): Html {
  const pieces = text.split('`').map((piece, index) => (index % 2 ? html`<code>${piece}</code>` : html`${piece}`));
  return html`${pieces}`;
}

/** A path that a narrow column breaks before a slash, and nowhere else. */
export function pathText(path: string): Html {
  const segments = path.split(/(?=\/)/).map((segment) => html`<wbr /><span class="segment">${segment}</span>`);
  return html`${segments}`;
}

/** A whole page of the documentation. */
export function page(title: string, navigation: Html, main: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} - Portcullis</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header>
          <a class="brand" href="/docs">Portcullis</a>
          <nav aria-label="Documents">
            <a href="/docs">API</a> <a href="/docs/errors">Errors</a> <a href="/openapi.json">OpenAPI</a>
          </nav>
        </header>
        <div class="columns">
          <nav class="contents" aria-label="On this page">
            <details>
              <summary>On this page</summary>
              ${navigation}
            </details>
          </nav>
          <main id="main" tabindex="-1">${main}</main>
        </div>
      </body>
    </html>`;
}
