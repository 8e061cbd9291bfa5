import type { Device } from '@portcullis/client/react';
import { useRef, useState } from 'react';
import { Button } from '../ui/button.js';
import { PencilIcon } from '../ui/icons.js';
import { style, Time } from '../ui/time.js';
import { ending } from '../words/ending.js';
import { ago } from '../words/times.js';
import { DeviceIcon } from './device-icon.js';
import { RenameForm } from './rename-form.js';

interface DeviceItemProps {
  device: Device;
  /** The server's time, in milliseconds. */
  now: number;
  /** Whether it appeared while the page was open. */
  arrived: boolean;
  onRename: (name: string) => Promise<void>;
  /** Absent for this device: that is what signing out is for. */
  onEnd?: () => void;
}

export function DeviceItem({ device, now, arrived, onRename, onEnd }: DeviceItemProps) {
  const classes = ['device', device.current && 'device-current', arrived && 'device-arrived'];
  return (
    <li className={classes.filter(Boolean).join(' ')}>
      <DeviceIcon kind={device.device.kind} />
      <div>
        <DeviceName device={device} arrived={arrived} onRename={onRename} />
        <DeviceFacts device={device} now={now} />
      </div>
      {onEnd && (
        <div className="device-actions">
          <Button small onClick={onEnd}>
            Sign out<span className="visually-hidden"> {device.name}</span>
          </Button>
        </div>
      )}
    </li>
  );
}

function DeviceName({ device, arrived, onRename }: Pick<DeviceItemProps, 'device' | 'arrived' | 'onRename'>) {
  const [renaming, setRenaming] = useState(false);
  const pencil = useRef<HTMLButtonElement>(null);
  const close = () => {
    setRenaming(false);
    // Once the form has gone and the pencil is back.
    setTimeout(() => pencil.current?.focus());
  };
  if (renaming) return <RenameForm name={device.name} onRename={onRename} onClose={close} />;
  return (
    <div className="device-title">
      <div className="device-name">
        <h3>{device.name}</h3>
        <button ref={pencil} type="button" className="button-icon" onClick={() => setRenaming(true)}>
          <PencilIcon />
          <span className="visually-hidden">Rename {device.name}</span>
        </button>
      </div>
      {device.application && (
        <span className="badge">
          <span className="visually-hidden">Signed in to </span>
          {device.application.name}
        </span>
      )}
      {device.current && <span className="badge">This device</span>}
      {arrived && !device.current && <span className="badge badge-good">New</span>}
    </div>
  );
}

function DeviceFacts({ device, now }: { device: Device; now: number }) {
  const { browser, os } = device.device;
  const kind = [browser, os].filter(Boolean).join(' on ');
  const active = ago(Date.parse(device.lastActiveAt), now, style);
  return (
    <dl className="device-facts">
      <div>
        <dt className="visually-hidden">Last active</dt>
        <dd>
          <Time moment={device.lastActiveAt}>{active === 'just now' ? 'Active now' : `Active ${active}`}</Time>
        </dd>
        {kind !== '' && kind !== device.name && (
          <>
            <dt className="visually-hidden">Browser and system</dt>
            <dd>{kind}</dd>
          </>
        )}
        {device.ip !== null && (
          <>
            <dt className="visually-hidden">IP address</dt>
            <dd>{device.ip}</dd>
          </>
        )}
      </div>
      <div className="device-ends">
        <dt className="visually-hidden">Ends</dt>
        <dd>{ending(Date.parse(device.idleExpiresAt), Date.parse(device.expiresAt), now, style)}</dd>
      </div>
    </dl>
  );
}
