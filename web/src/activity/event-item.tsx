import type { Activity } from '@portcullis/client/react';
import { AlarmIcon, KeyIcon, PencilIcon, PersonIcon, SignInIcon, SignOutIcon } from '../ui/icons.js';
import { style, Time } from '../ui/time.js';
import { activitySentence, type KnownDevices } from '../words/activity-sentence.js';
import { clock } from '../words/times.js';

const ICONS = {
  'sign-in': SignInIcon,
  'sign-out': SignOutIcon,
  password: KeyIcon,
  account: PersonIcon,
  device: PencilIcon,
  alarm: AlarmIcon,
};

export function EventItem({ activity, devices }: { activity: Activity; devices: KnownDevices }) {
  const { topic, text, advice } = activitySentence(activity, devices);
  const Icon = ICONS[topic];
  return (
    <li className={topic === 'alarm' ? 'event event-alarm' : 'event'}>
      <span className="event-icon">
        <Icon />
      </span>
      <div className="event-text">
        <p>{text}</p>
        {advice !== undefined && <small className="event-advice">{advice}</small>}
        {activity.ip !== null && <small>From {activity.ip}</small>}
      </div>
      <Time moment={activity.createdAt}>{clock(Date.parse(activity.createdAt), style)}</Time>
    </li>
  );
}
