import { useDevices, useServerNow, type Device, type Devices } from '@portcullis/client/react';
import { useRef, useState, type RefObject } from 'react';
import { useGuard } from '../account/reauthentication.js';
import { DeviceItem } from '../devices/device-item.js';
import { useComingsAndGoings } from '../devices/use-comings-and-goings.js';
import { Button } from '../ui/button.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';
import { ShieldIcon } from '../ui/icons.js';
import { Notice } from '../ui/notice.js';
import { PageHeading } from '../ui/page.js';
import { Skeleton } from '../ui/skeleton.js';
import { Trouble } from '../ui/trouble.js';

import { failureSentence } from '../words/failure.js';
import { plural } from '../words/times.js';

export function DevicesPage() {
  const list = useDevices();
  return (
    <>
      <PageHeading title="Devices">
        Everywhere you are signed in. Sign out what you do not know or no longer use.
      </PageHeading>
      {list.devices ? <DeviceLists list={list} devices={list.devices} /> : <Waiting list={list} />}
    </>
  );
}

function Waiting({ list }: { list: Devices }) {
  return (
    <div className="section">
      {list.error === undefined ? (
        <Skeleton label="Your devices are being loaded." rows={3} />
      ) : (
        <Trouble title="Your devices could not be loaded" error={list.error} onRetry={() => void list.reload()} />
      )}
    </div>
  );
}

function DeviceLists({ list, devices }: { list: Devices; devices: Device[] }) {
  const now = useServerNow();
  const arrived = useComingsAndGoings(devices);
  const [ending, setEnding] = useState<Device | 'others' | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const others = devices.filter((device) => !device.current);
  const itemOf = (device: Device) => ({
    device,
    now,
    arrived: arrived.has(device.id),
    onRename: (name: string) => list.rename(device.id, name),
  });
  return (
    <>
      {list.error !== undefined && (
        <div className="section">
          <Notice tone="warning">The list may be out of date. {failureSentence(list.error)}</Notice>
        </div>
      )}
      <section className="section" aria-labelledby="here">
        <h2 id="here" className="visually-hidden">
          This device
        </h2>
        <ul className="card device-list">
          {devices
            .filter((device) => device.current)
            .map((device) => (
              <DeviceItem key={device.id} {...itemOf(device)} />
            ))}
        </ul>
      </section>
      <section className="section" aria-labelledby="others">
        <div className="section-head">
          <h2 id="others" ref={heading} tabIndex={-1}>
            {others.length === 0 ? 'Other devices' : plural(others.length, 'other device')}
          </h2>
          {others.length > 1 && (
            <Button small look="quiet-danger" onClick={() => setEnding('others')}>
              Sign out all others
            </Button>
          )}
        </div>
        {others.length === 0 ? (
          <NoOthers />
        ) : (
          <ul className="card device-list">
            {others.map((device) => (
              <DeviceItem key={device.id} {...itemOf(device)} onEnd={() => setEnding(device)} />
            ))}
          </ul>
        )}
      </section>
      {ending && <EndDialog ending={ending} list={list} heading={heading} onClose={() => setEnding(null)} />}
    </>
  );
}

function NoOthers() {
  return (
    <div className="card empty">
      <ShieldIcon />
      <h3>You are signed in nowhere else</h3>
      <p>When you sign in on another device, it appears here by itself.</p>
    </div>
  );
}

interface EndDialogProps {
  ending: Device | 'others';
  list: Devices;
  heading: RefObject<HTMLHeadingElement | null>;
  onClose: () => void;
}

function EndDialog({ ending, list, heading, onClose }: EndDialogProps) {
  const guard = useGuard();
  const end = async () => {
    await guard(() => (ending === 'others' ? list.endOthers() : list.end(ending.id)));
    onClose();
    // The button that opened the dialog has gone with its device.
    setTimeout(() => heading.current?.focus());
  };
  const title = ending === 'others' ? 'Sign out all other devices?' : `Sign out “${ending.name}”?`;
  return (
    <ConfirmDialog title={title} action="Sign out" busy="Signing out…" onConfirm={end} onClose={onClose}>
      <p className="quiet">
        {ending === 'others' ? 'They are signed out at once. Only this device stays.' : 'It is signed out at once.'} To
        come back, the password is needed.
      </p>
    </ConfirmDialog>
  );
}
