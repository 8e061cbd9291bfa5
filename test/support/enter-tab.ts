import { request } from 'node:http';
import type { Front } from './nginx.js';

/** What a script that refreshes is answered. */
type Refresh = (path: string, body: unknown) => Promise<{ status: number }>;

type Script = (location: object, fetch: object, sessionStorage: object) => Promise<void>;

const AsyncFunction = (async () => undefined).constructor as new (...words: string[]) => Script;

/** As a browser that follows a link. (fetch says itself that it is none.) */
export function navigate(
  { url }: Front,
  path: string,
  cookie: string,
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const headers = { 'sec-fetch-mode': 'navigate', ...(cookie && { cookie }) };
    request(url + path, { headers, agent: false }, (response) => {
      response.resume();
      resolve({ status: response.statusCode!, location: response.headers.location });
    })
      .once('error', reject)
      .end();
  });
}

/** A tab that comes to `/enter`, as much of it as the script there uses. */
export class EnterTab {
  private readonly stored = new Map<string, string>();

  constructor(
    private readonly front: Front,
    private readonly script?: string,
  ) {}

  static async scriptOf({ url }: Front): Promise<string> {
    return (await fetch(`${url}/enter.js`)).text();
  }

  /** Runs the script of the page. Where it leads to. */
  async enter(path: string, refresh: Refresh): Promise<string> {
    const script = this.script ?? (await EnterTab.scriptOf(this.front));
    let to = '';
    const location = { search: path.slice(path.indexOf('?')), replace: (next: string) => void (to = next) };
    const send = async (route: string, { body }: { body: string }) => {
      const { status } = await refresh(route, JSON.parse(body));
      return { ok: status >= 200 && status < 300 };
    };
    const sessionStorage = {
      getItem: (name: string) => this.stored.get(name) ?? null,
      setItem: (name: string, value: unknown) => void this.stored.set(name, String(value)),
    };
    await new AsyncFunction('location', 'fetch', 'sessionStorage', script)(location, send, sessionStorage);
    return to;
  }
}
