/** A command of a page, and the lines it is said to print. */
export interface Step {
  command: string;
  expected: string[];
}

/** Each command of a block of shell, and the lines it is said to print. */
export function stepsOf(code: string): Step[] {
  const steps: Step[] = [];
  for (const line of code.trim().split('\n')) {
    if (line.startsWith('# ')) steps.at(-1)!.expected.push(line.slice(2));
    else steps.push({ command: line, expected: [] });
  }
  return steps;
}

/** What the page says is printed: `…` stands for anything in a line and, alone, for any number of lines. */
export function patternOf(lines: string[]): RegExp {
  const parts = lines.map((line) => {
    if (line === '…') return '(?:.*\\n)*';
    const quoted = line.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    return `${quoted.map((part) => part.replaceAll(/ {2,}/g, ' {2,}')).join('.*')}\\n`;
  });
  return new RegExp(`^${parts.join('')}$`);
}
