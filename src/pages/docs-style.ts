/** The style of the documentation. A file of its own to the browser: the content security policy allows nothing inline. */
export const docsStyle = `
:root {
  color-scheme: light dark;
  --text: #1c2430;
  --quiet: #596474;
  --line: #dde2e8;
  --page: #ffffff;
  --panel: #f5f7f9;
  --accent: #1756a9;
  --good: #17663a;
  --warn: #8a4b00;
  --bad: #a3242b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e4e8ee;
    --quiet: #9ba6b5;
    --line: #2d3541;
    --page: #13171d;
    --panel: #1b2129;
    --accent: #82b4f5;
    --good: #7fcf9d;
    --warn: #e9b26b;
    --bad: #f19a9e;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
main:focus { outline: none; }
code { font: 0.9em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; z-index: 2; background: var(--page); padding: 0.25rem 0.5rem; }
header {
  position: sticky;
  top: 0;
  z-index: 1;
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1.5rem;
  align-items: baseline;
  padding: 0.75rem clamp(1rem, 4vw, 2.5rem);
  background: var(--page);
  border-bottom: 1px solid var(--line);
}
header nav { display: flex; gap: 1rem; }
header a { text-decoration: none; }
header a:hover { text-decoration: underline; }
.brand { font-weight: 650; color: var(--text); }
.columns {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  max-width: 76rem;
  margin: 0 auto;
  padding: 0 clamp(1rem, 4vw, 2.5rem) 4rem;
}
.contents { font-size: 0.875rem; border-bottom: 1px solid var(--line); }
.contents summary { padding: 0.75rem 0; font-weight: 600; cursor: pointer; }
.contents h2 { margin: 1rem 0 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
.contents ul { margin: 0 0 1rem; padding: 0; list-style: none; }
.contents a { display: block; padding: 0.2rem 0; color: inherit; text-decoration: none; }
.contents a:hover { color: var(--accent); }
h1 { margin: 2rem 0 0.5rem; font-size: 1.875rem; line-height: 1.2; letter-spacing: -0.01em; }
main h2 { margin: 2.5rem 0 0.5rem; font-size: 1.25rem; }
h3 { margin: 0 0 0.25rem; font-size: 1rem; font-weight: 600; }
h4 { margin: 1rem 0 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
p { margin: 0.375rem 0; max-width: 44rem; }
.entry { padding: 1.5rem 0; border-top: 1px solid var(--line); }
.entry:target { border-top-color: var(--accent); box-shadow: 0 -1px 0 var(--accent); }
section.entry > h2 { margin: 0; font-size: 1.0625rem; }
.anchor { color: var(--quiet); text-decoration: none; font-weight: 400; opacity: 0.6; }
.anchor:hover, .anchor:focus-visible { opacity: 1; }
.method { font: 600 0.75rem/1 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; color: var(--quiet); }
.method.get { color: var(--accent); }
.method.post { color: var(--good); }
.method.patch, .method.put { color: var(--warn); }
.method.delete { color: var(--bad); }
.tag, .status {
  display: inline-block;
  padding: 0.0625rem 0.5rem;
  border: 1px solid var(--line);
  border-radius: 1rem;
  background: var(--panel);
  font-size: 0.8125rem;
}
.status { font-variant-numeric: tabular-nums; }
.s2 { color: var(--good); }
.s4 { color: var(--warn); }
.s5 { color: var(--bad); }
.fields { margin: 0.25rem 0 0.75rem; padding: 0.125rem 0.875rem; background: var(--panel); border-radius: 0.5rem; }
.fields dt { padding-top: 0.5rem; }
.fields dd { margin: 0; padding-bottom: 0.5rem; color: var(--quiet); font-size: 0.9375rem; }
.fields dd + dt { border-top: 1px solid var(--line); }
.fields dd:empty { padding-bottom: 0; }
.type { color: var(--quiet); font-size: 0.875rem; }
.or { color: var(--quiet); font-size: 0.875rem; }
.answer { max-width: none; }
.segment { white-space: nowrap; }
@media (min-width: 60rem) {
  .columns { grid-template-columns: 17rem minmax(0, 1fr); gap: 3rem; }
  .contents {
    position: sticky;
    top: 3.25rem;
    max-height: calc(100vh - 3.25rem);
    overflow-y: auto;
    border: 0;
    padding: 1.5rem 0 2rem;
  }
}
/* Beside the text the contents are open. A browser that cannot be told so keeps the button that opens them. */
@supports selector(::details-content) {
  @media (min-width: 60rem) {
    .contents summary { display: none; }
    .contents details::details-content { display: block; height: auto; content-visibility: visible; }
  }
}
`;
