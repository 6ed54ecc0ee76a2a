/** Turns a receiver's name into addresses, none of which is one that the channel must not reach. */
import dns from 'node:dns';
import { AppError } from '../../../../core/index.ts';
import { type AddressClass, addressClass } from './addresses.ts';

/** Answers with all addresses of a name, as `dns.lookup` with `all: true` does. */
export type ResolveName = (
  hostname: string,
  done: (error: Error | null, addresses: readonly dns.LookupAddress[]) => void,
) => void;

export const systemResolve: ResolveName = (hostname, done) => {
  dns.lookup(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []));
};

export type GuardedName = {
  /** As messages call it, with its port. */
  readonly host: string;
  readonly hostname: string;
  readonly allowInternal: boolean;
  readonly resolveName: ResolveName;
};

/** Calls back with addresses that may all be connected to, or with the refusal. */
export function resolveGuarded(name: GuardedName, done: Parameters<ResolveName>[1]): void {
  const { host, hostname, allowInternal, resolveName } = name;
  resolveName(hostname, (error, addresses) => {
    if (error) return done(error, []);
    try {
      // One bad address spoils the name: which of them is tried first is not ours to choose.
      for (const { address } of addresses) refuseAddress(host, addressClass(address), allowInternal);
    } catch (refusal) {
      return done(refusal instanceof Error ? refusal : new Error(String(refusal)), []);
    }
    done(null, addresses);
  });
}

/** Throws `DELIVERY_FAILED` for an address that a message must not go to. A name passes: its addresses are asked later. */
export function refuseAddress(host: string, kind: AddressClass, allowInternal: boolean): void {
  if (kind === 'never') {
    throw new AppError('DELIVERY_FAILED', `${host} is at an address that no message may go to`, {
      hint: "write the receiver's own address into the channel's url",
    });
  }
  if (kind === 'internal' && !allowInternal) {
    throw new AppError('DELIVERY_FAILED', `${host} is at an internal address, and the channel does not allow that`, {
      hint: 'add "allow_internal: true" to the channel if it is meant',
    });
  }
}
