import type { ReactNode } from 'react';
import { AlarmIcon, CheckIcon, InfoIcon } from './icons.js';

export type Tone = 'calm' | 'good' | 'warning' | 'danger';

const ICONS = { calm: InfoIcon, good: CheckIcon, warning: AlarmIcon, danger: AlarmIcon };

interface NoticeProps {
  tone?: Tone;
  /** Read out at once by screen readers; what went wrong always is. */
  urgent?: boolean;
  children: ReactNode;
}

/** A sentence that belongs to the whole page or form. */
export function Notice({ tone = 'calm', urgent = tone === 'danger', children }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div className={`notice notice-${tone}`} role={urgent ? 'alert' : 'status'}>
      <Icon />
      <div className="notice-body">{children}</div>
    </div>
  );
}
