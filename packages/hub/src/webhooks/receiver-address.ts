import { isIP } from 'node:net';
import { type AddressKind, addressKind, isMachineAddress } from '@sampan/machinery';

/** Hosts that an administrator lets webhooks call although they are this machine. */
export interface WebhookHosts {
  /** As URLs have them, IPv6 without brackets. */
  list(): readonly string[];
  /** Calls `listener` when there are others; the returned function ends that. */
  follow(listener: () => void): () => void;
}

export const NO_HOSTS: WebhookHosts = { list: () => [], follow: () => () => undefined };

interface Rule {
  /** Follows on the address in a sentence. */
  readonly is: string;
  /** Whether an administrator may let it be called. */
  readonly allowable: boolean;
}

/**
 * Services of a machine trust who comes from it, and the registry does: whoever makes webhooks is not to go there by it
 * unasked. Others than these are called by whoever knows them.
 */
const RULES: Readonly<Record<AddressKind | 'own', Rule>> = {
  loopback: { is: 'this machine', allowable: true },
  own: { is: 'this machine', allowable: true },
  clusters: { is: 'in the network of the machine’s clusters', allowable: true },
  translated: { is: 'an IPv4 address in IPv6', allowable: true },
  'link-local': { is: 'link-local', allowable: false },
  multicast: { is: 'not one receiver', allowable: false },
};

/** A URL's host as `WebhookHosts` and names have it. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '');

/**
 * Why webhooks to `host` are not sent to this IP address; undefined: they are. `allowed`: an administrator lets that
 * host be called.
 */
export function refusalOf(host: string, address: string, allowed: boolean): string | undefined {
  const kind = addressKind(address) ?? (isMachineAddress(address) ? 'own' : undefined);
  if (kind === undefined) return undefined;
  const { is, allowable } = RULES[kind];
  if (allowable && allowed) return undefined;
  const where = host === address ? `${host} is ${is}` : `${host} leads to ${address}, which is ${is}`;
  if (!allowable) return `${where}: webhooks are not sent there`;
  return `${where}: an administrator must add "${host}" to webhookHosts in settings.json of Sampan's home`;
}

/** What is known before anything is sent: of addresses, and of the name that is this machine everywhere (RFC 6761). */
export function knownRefusal(url: string, allowed: boolean): string | undefined {
  const parsed = URL.parse(url);
  const host = parsed ? hostOf(parsed) : '';
  if (isIP(host) !== 0) return refusalOf(host, host, allowed);
  return /(^|\.)localhost\.?$/.test(host) ? refusalOf(host, '127.0.0.1', allowed) : undefined;
}

/** Whether the host that the URL names is one of these. */
export function isAllowed(url: string, hosts: readonly string[]): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && hosts.includes(hostOf(parsed));
}
