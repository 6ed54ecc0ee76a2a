import { once } from 'node:events';
import WebSocket from 'ws';
import type { LiveMessage, LiveRequest } from '../../core/index.ts';

/** A signed-in user of the API, as the browser would be one. */
export class Console {
  readonly url: string;
  readonly cookie: string;

  private constructor(url: string, cookie: string) {
    this.url = url;
    this.cookie = cookie;
  }

  static async signIn(url: string, code: string): Promise<Console> {
    const answer = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
    const cookie = answer.headers.get('set-cookie')?.split(';')[0];
    if (!answer.ok || cookie === undefined) throw new Error(`sign-in refused: ${answer.status} ${await answer.text()}`);
    return new Console(url, cookie);
  }

  async get<Answer>(path: string): Promise<Answer> {
    return parse(await fetch(`${this.url}${path}`, { headers: { cookie: this.cookie } }));
  }

  async post<Answer>(path: string, body: object): Promise<Answer> {
    const headers = { cookie: this.cookie, 'content-type': 'application/json' };
    return parse(await fetch(`${this.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  /** Opens the live stream with one subscription; messages go to `listener`. */
  async live(request: LiveRequest, listener: (message: LiveMessage) => void): Promise<WebSocket> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/api/v1/live`, { headers: { cookie: this.cookie } });
    socket.on('message', (data) => listener(JSON.parse(String(data))));
    await once(socket, 'open');
    socket.send(JSON.stringify(request));
    return socket;
  }
}

async function parse<Answer>(response: Response): Promise<Answer> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
