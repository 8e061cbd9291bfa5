import { FROM_OWN_PAGE, send, type Answer, type RequestOptions } from './device.js';
import type { Service } from './service.js';

/** A browser with a page of the service itself: it keeps the cookies of the service and sends them along. */
export class Browser {
  private readonly jar = new Map<string, string>();

  constructor(
    readonly service: Service,
    /** What it says of where a request comes from. */
    private readonly from: Record<string, string> = FROM_OWN_PAGE,
  ) {}

  get cookies(): Record<string, string> {
    return Object.fromEntries(this.jar);
  }

  async send(path: string, options: RequestOptions = {}): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...this.from, ...(cookie && { cookie }), ...options.headers };
    const answer = await send(this.service, path, { ...options, headers });
    for (const { name, value, expires } of setCookies(answer)) {
      if (expires !== null && expires.getTime() <= Date.now()) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return answer;
  }

  post(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send(path, { method: 'POST', body, ...options });
  }
}

export interface SetCookie {
  name: string;
  value: string;
  /** The attributes by their names in lower case; those without a value are true. */
  attributes: Record<string, string | true>;
  expires: Date | null;
}

/** The cookies an answer sets (RFC 6265 §4.1). */
export function setCookies(answer: Answer): SetCookie[] {
  return answer.headers.getSetCookie().map((line) => {
    const [pair, ...rest] = line.split('; ').map((part) => part.split('=') as [string, string?]);
    const attributes: SetCookie['attributes'] = Object.fromEntries(
      rest.map(([name, value]) => [name.toLowerCase(), value ?? true]),
    );
    const { expires } = attributes;
    return {
      name: pair![0],
      value: pair![1] ?? '',
      attributes,
      expires: typeof expires === 'string' ? new Date(expires) : null,
    };
  });
}
