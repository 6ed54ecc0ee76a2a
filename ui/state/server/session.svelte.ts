import type { SignIn } from '../../../core/api/index.ts';
import { type Api, type Problem, problemOf } from './api.ts';

export type SessionState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** `ended`: we were in, and are not any more. */
  | { readonly kind: 'out'; readonly passwordSet: boolean; readonly ended: boolean }
  /** Signed in by the one-time code; a name and password for next time may be chosen. */
  | { readonly kind: 'choosing'; readonly user: string | null }
  | { readonly kind: 'in'; readonly user: string | null };

/** Who is looking. The address stays as it is while signing in, so that one is back where one was. */
export class Session {
  state = $state.raw<SessionState>({ kind: 'asking' });
  version = $state.raw('');
  #passwordSet = false;
  readonly #api: () => Api;

  constructor(api: () => Api) {
    this.#api = api;
  }

  async ask(): Promise<void> {
    try {
      const answer = await this.#api().session();
      this.version = answer.version;
      this.#passwordSet = answer.passwordSet;
      if (!answer.signedIn) this.state = { kind: 'out', passwordSet: answer.passwordSet, ended: this.#wasIn };
      else if (this.state.kind !== 'choosing') this.state = { kind: 'in', user: answer.user };
    } catch (error) {
      if (this.state.kind === 'asking' || this.state.kind === 'failed') {
        this.state = { kind: 'failed', problem: problemOf(error) };
      }
    }
  }

  /** Resolves to what was wrong, or to null. */
  async signIn(body: SignIn): Promise<Problem | null> {
    try {
      const answer = await this.#api().signIn(body);
      this.#passwordSet = answer.passwordSet;
      const offer = body.code !== undefined && !answer.passwordSet;
      this.state = { kind: offer ? 'choosing' : 'in', user: answer.user };
      return null;
    } catch (error) {
      return problemOf(error);
    }
  }

  async choosePassword(name: string, password: string): Promise<Problem | null> {
    try {
      await this.#api().setPassword({ name, password });
      this.#passwordSet = true;
      this.state = { kind: 'in', user: name };
      return null;
    } catch (error) {
      return problemOf(error);
    }
  }

  skipPassword(): void {
    if (this.state.kind === 'choosing') this.state = { kind: 'in', user: this.state.user };
  }

  async signOut(): Promise<Problem | null> {
    try {
      await this.#api().signOut();
      this.state = { kind: 'out', passwordSet: this.#passwordSet, ended: false };
      return null;
    } catch (error) {
      return problemOf(error);
    }
  }

  /** An answer was 401. */
  readonly ended = (): void => {
    if (this.#wasIn) this.state = { kind: 'out', passwordSet: this.#passwordSet, ended: true };
  };

  get #wasIn(): boolean {
    return this.state.kind === 'in' || this.state.kind === 'choosing';
  }
}
