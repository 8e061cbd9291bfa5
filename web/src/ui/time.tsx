import { fullTime, pageStyle } from '../words/times.js';

export const style = pageStyle(navigator.languages);

/** A moment in words, and in full when pointed at. */
export function Time({ moment, children }: { moment: string; children: string }) {
  return (
    <time dateTime={moment} title={fullTime(Date.parse(moment), style)}>
      {children}
    </time>
  );
}
