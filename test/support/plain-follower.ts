import { askFeed, readFeed, type Backend, type FeedEvent, type FeedReader, type Item } from './feed.js';
import type { Service } from './service.js';

/**
 * A follower as the protocol's page describes one, in as few lines as it takes: the feed is tried by it, not by the
 * verifier that was written together with it.
 */
export class PlainFollower {
  readonly known = new Map<string, Item>();
  epoch = '';
  seq = -1;
  reloads = 0;
  private feed: FeedReader | null = null;
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly backend: Backend) {}

  /** Goes on from where it is, on this instance; loads the list when it is told to. */
  async connect(service: Service): Promise<void> {
    await this.disconnect();
    if (this.seq < 0) await this.load(service);
    this.feed = await readFeed(service, this.backend, `${this.epoch}:${this.seq}`);
    if (this.feed.code === 'cursor_gone') {
      await this.load(service);
      return this.connect(service);
    }
    if (this.feed.status !== 200) throw new Error(`${this.feed.status} ${this.feed.code}`);
    this.reading = this.read(this.feed);
  }

  async disconnect(): Promise<void> {
    await this.feed?.close();
    await this.reading;
    this.feed = null;
  }

  private async load(service: Service): Promise<void> {
    const { status, body } = await askFeed(service, this.backend);
    if (status !== 200) throw new Error(`list: ${status}`);
    this.known.clear();
    this.reloads += 1;
    for (const item of body.items) this.apply(item);
    [this.epoch, this.seq] = [body.epoch, body.head];
  }

  private async read(feed: FeedReader): Promise<void> {
    for (let event = await feed.next(); event; event = await feed.next()) this.take(event);
  }

  private take({ id, data }: FeedEvent): void {
    for (const item of data.items ?? []) this.apply(item);
    if (id === null) return;
    const [epoch, seq] = id.split(':');
    if (epoch !== this.epoch || data.after! > this.seq)
      throw new Error(`a gap: at ${this.seq}, told ${id} after ${data.after}`);
    this.seq = Number(seq);
  }

  private apply(item: Item): void {
    const name = `${item.kind} ${item.subject}`;
    const before = this.known.get(name);
    this.known.set(name, before ? merged(before, item) : item);
  }
}

/** The later word on a suspension, the higher version, the later end. */
function merged(one: Item, other: Item): Item {
  const [earlier, later] = one.seq <= other.seq ? [one, other] : [other, one];
  const minVersion = Math.max(one.minVersion ?? 0, other.minVersion ?? 0);
  const exp = Math.max(one.exp ?? Infinity, other.exp ?? Infinity);
  const { seq, kind, subject, suspended } = later.seq === earlier.seq ? one : later;
  return {
    seq,
    kind,
    subject,
    ...(minVersion > 0 && { minVersion }),
    ...(suspended && { suspended }),
    ...(Number.isFinite(exp) && { exp }),
  };
}
