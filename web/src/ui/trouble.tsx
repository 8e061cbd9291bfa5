import { NetworkError } from '@portcullis/client';
import { failureSentence } from '../words/failure.js';
import { Button } from './button.js';
import { AlarmIcon, OfflineIcon } from './icons.js';

/** In place of what could not be loaded. */
export function Trouble({ title, error, onRetry }: { title: string; error: unknown; onRetry: () => void }) {
  const Icon = error instanceof NetworkError ? OfflineIcon : AlarmIcon;
  return (
    <div className="card empty" role="alert">
      <Icon />
      <h2>{title}</h2>
      <p>{failureSentence(error)}</p>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}
