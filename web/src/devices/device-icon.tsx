import type { Device } from '@portcullis/client/react';
import { DesktopIcon, MobileIcon, TabletIcon, TerminalIcon } from '../ui/icons.js';

const ICONS = { desktop: DesktopIcon, mobile: MobileIcon, tablet: TabletIcon, other: TerminalIcon };
const NAMES = { desktop: 'Computer', mobile: 'Phone', tablet: 'Tablet', other: 'Other device' };

/** What kind of device it is, by its own account. */
export function DeviceIcon({ kind }: { kind: Device['device']['kind'] }) {
  const Icon = ICONS[kind] ?? TerminalIcon;
  return (
    <span className="device-icon">
      <Icon />
      <span className="visually-hidden">{NAMES[kind] ?? NAMES.other}: </span>
    </span>
  );
}
