/** A directive of an nginx configuration: its words, and what is in its braces. */
export interface Directive {
  name: string;
  args: string[];
  inner: Directive[];
}

/** The directives of a configuration, as nginx reads it: words, quoted texts, `#` to the end of the line. */
export function parseNginxConfig(text: string): Directive[] {
  const tokens = [...text.matchAll(/#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[{};]|[^\s{};"']+/g)]
    .filter(([token]) => !token.startsWith('#'))
    .map(([token, double, single]) => ({
      token,
      word: double ?? single ?? token,
      quoted: token !== (double ?? single ?? token),
    }));
  let at = 0;
  const block = (): Directive[] => {
    const directives: Directive[] = [];
    for (let words: string[] = []; at < tokens.length;) {
      const { token, word, quoted } = tokens[at++]!;
      if (quoted || !'{};'.includes(token)) words.push(word);
      else if (token === '}') return directives;
      else {
        const [name = '', ...args] = words;
        directives.push({ name, args, inner: token === '{' ? block() : [] });
        words = [];
      }
    }
    return directives;
  };
  return block();
}

/** Those of this name. */
export function named(directives: Directive[], name: string): Directive[] {
  return directives.filter((one) => one.name === name);
}

/** The arguments of the only one of this name; undefined when there is none. */
export function argsOf(directives: Directive[], name: string): string[] | undefined {
  return named(directives, name)[0]?.args;
}
