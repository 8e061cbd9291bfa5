import {
  useActivity,
  useDevices,
  useServerNow,
  useSession,
  type Activity,
  type ActivityList,
} from '@portcullis/client/react';
import { useMemo } from 'react';
import { EventItem } from '../activity/event-item.js';
import { Button } from '../ui/button.js';
import { ActivityIcon } from '../ui/icons.js';
import { Notice } from '../ui/notice.js';
import { PageHeading } from '../ui/page.js';
import { Skeleton } from '../ui/skeleton.js';
import { style } from '../ui/time.js';
import { Trouble } from '../ui/trouble.js';

import type { KnownDevices } from '../words/activity-sentence.js';
import { failureSentence } from '../words/failure.js';
import { dayHeading } from '../words/times.js';

export function ActivityPage() {
  const list = useActivity();
  return (
    <>
      <PageHeading title="Activity">
        What has happened to your account. If something was not you, change your password.
      </PageHeading>
      <div className="section">
        <Content list={list} />
      </div>
    </>
  );
}

function Content({ list }: { list: ActivityList }) {
  if (list.items === null && list.error !== undefined) {
    return (
      <Trouble title="Your activity could not be loaded" error={list.error} onRetry={() => void list.loadMore()} />
    );
  }
  if (list.items === null) return <Skeleton label="Your activity is being loaded." rows={5} />;
  if (list.items.length === 0) return <Nothing />;
  return (
    <>
      <Days items={list.items} />
      {list.error !== undefined && <Notice tone="danger">{failureSentence(list.error)}</Notice>}
      {list.hasMore && (
        <div className="more">
          <Button busy={list.loading && 'Loading…'} onClick={() => void list.loadMore()}>
            Show earlier activity
          </Button>
        </div>
      )}
    </>
  );
}

function Days({ items }: { items: Activity[] }) {
  const now = useServerNow();
  const devices = useKnownDevices();
  const days = useMemo(() => byDay(items, now), [items, now]);
  return days.map(([heading, events]) => (
    <section className="day" key={heading}>
      <h2>{heading}</h2>
      <ol className="card">
        {events.map((event) => (
          <EventItem key={event.id} activity={event} devices={devices} />
        ))}
      </ol>
    </section>
  ));
}

function Nothing() {
  return (
    <div className="card empty">
      <ActivityIcon />
      <h2>Nothing has happened yet</h2>
      <p>Sign-ins, changes of the password and the like will be listed here.</p>
    </div>
  );
}

/** The names people gave their devices say more than what the devices are. */
function useKnownDevices(): KnownDevices {
  const session = useSession();
  const { devices } = useDevices();
  const current = session.state === 'signed_in' ? session.session.id : null;
  return useMemo(
    () => ({ current, names: new Map((devices ?? []).map(({ id, name }) => [id, name])) }),
    [current, devices],
  );
}

/** Under the headings of their days, in the order they come. */
function byDay(items: Activity[], now: number): [heading: string, events: Activity[]][] {
  const days = new Map<string, Activity[]>();
  for (const item of items) {
    const heading = dayHeading(Date.parse(item.createdAt), now, style);
    days.set(heading, [...(days.get(heading) ?? []), item]);
  }
  return [...days];
}
