import type { Endpoint } from '../services/service-endpoints.ts';
import type { IngressBackend } from './ingress-backends.ts';

/**
 * Places for endpoints in a backend of the running proxy. An endpoint that goes leaves its place free, one that comes
 * takes a free one: so most changes are a command to the proxy, and no new configuration.
 */
export type Slots = readonly (Endpoint | undefined)[];

const LEAST_SLOTS = 4;

/**
 * The places of a backend after a change. Endpoints that stay keep theirs; there are more places than before only
 * when the free ones are not enough. Pure.
 */
export function assignSlots(present: Slots, endpoints: readonly Endpoint[]): Slots {
  const wanted = new Map(endpoints.map((endpoint) => [keyOf(endpoint), endpoint]));
  const slots: (Endpoint | undefined)[] = present.map((endpoint) => {
    if (!endpoint || !wanted.delete(keyOf(endpoint))) return undefined;
    return endpoint;
  });
  while (slots.length < Math.max(LEAST_SLOTS, roundUp(endpoints.length))) slots.push(undefined);
  for (const endpoint of wanted.values()) slots[slots.indexOf(undefined)] = endpoint;
  return slots;
}

/** A power of two, so that growing is rare. */
const roundUp = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, count)));

const keyOf = ({ ip, port }: Endpoint): string => `${ip}:${port}`;
const isSame = (a: Endpoint | undefined, b: Endpoint | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && keyOf(a) === keyOf(b));

/** The slots of all backends; those of backends that are gone are forgotten. Pure. */
export function assignAll(
  present: ReadonlyMap<string, Slots>,
  backends: Iterable<IngressBackend>,
): ReadonlyMap<string, Slots> {
  return new Map(
    [...backends].map(({ id, endpoints }) => [id, assignSlots(present.get(id) ?? [], endpoints)]),
  );
}

/** What to tell a running HAProxy (Management Guide, "Unix Socket commands"); first those that come. Pure. */
export function slotCommands(
  before: ReadonlyMap<string, Slots>,
  after: ReadonlyMap<string, Slots>,
): readonly string[] {
  const coming: string[] = [];
  const going: string[] = [];
  for (const [id, slots] of after)
    for (const [i, endpoint] of slots.entries()) {
      const old = before.get(id)?.[i];
      if (isSame(old, endpoint)) continue;
      const server = `${id}/${slotName(i)}`;
      if (endpoint) {
        coming.push(`set server ${server} addr ${endpoint.ip} port ${endpoint.port}`);
        coming.push(`set server ${server} state ready`);
      } else going.push(`set server ${server} state maint`);
    }
  return [...coming, ...going];
}

export const slotName = (index: number): string => `s${index}`;
