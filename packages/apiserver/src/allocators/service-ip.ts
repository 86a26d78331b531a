import { cidrNumber, formatIpNumber, inRange, ipNumber, rangeSize } from '@sampan/api';
import { SampanError } from '@sampan/base';
import { AllocationError, NumberPool } from './number-pool.ts';

export const DEFAULT_SERVICE_RANGE = '10.96.0.0/12';

const MIN_RESERVED = 16;
const MAX_RESERVED = 256;
const RESERVED_SHARE = 16;
/** IPv6 ranges have no end in practice; so many addresses of one are used. */
const MAX_ADDRESSES = 2 ** 32;

/**
 * Cluster IPs of one range (a CIDR), in memory; rebuilt from the stored Services at start. The lower band of
 * the range is for addresses that clients choose (KEP-3070).
 */
export class ServiceIpAllocator {
  readonly range: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly #first: bigint;
  readonly #cidr: NonNullable<ReturnType<typeof cidrNumber>>;
  readonly #pool: NumberPool;

  /** Throws a SampanError `invalid-service-range` when `range` is no CIDR or has fewer than four addresses. */
  constructor(range = DEFAULT_SERVICE_RANGE, random?: () => number) {
    const cidr = cidrNumber(range);
    const addresses = cidr ? rangeSize(cidr) : 0n;
    if (!cidr || addresses < 4n) {
      throw new SampanError(
        'invalid-service-range',
        `The range of Service addresses ${range} cannot be used.`,
        {
          hint: `Give a CIDR with four addresses or more, such as ${DEFAULT_SERVICE_RANGE}.`,
        },
      );
    }
    this.range = range;
    this.family = cidr.family === 4 ? 'IPv4' : 'IPv6';
    this.#cidr = cidr;
    this.#first = cidr.value;
    const size = Number(addresses > MAX_ADDRESSES ? MAX_ADDRESSES : addresses);
    this.#pool = new NumberPool({
      size,
      reserved: Math.min(Math.max(MIN_RESERVED, Math.floor(size / RESERVED_SHARE)), MAX_RESERVED, size - 1),
      // The network's own address, and for IPv4 the broadcast address.
      excluded: cidr.family === 4 ? [0, size - 1] : [0],
      ...(random ? { random } : {}),
    });
  }

  /** The range's first address: that of the Service `default/kubernetes`. */
  get first(): string {
    return this.#text(1);
  }

  get free(): number {
    return this.#pool.free;
  }

  /** Takes an address; throws an AllocationError when it is taken or not in the range. */
  reserve(ip: string): void {
    const number = this.#number(ip);
    if (number === undefined || !this.#pool.contains(number)) {
      const message = `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${this.range}`;
      throw new AllocationError('not-in-range', message);
    }
    if (!this.#pool.take(number)) throw new AllocationError('allocated', 'provided IP is already allocated');
  }

  /** Takes any address; throws an AllocationError when none is free. */
  allocateNext(): string {
    const number = this.#pool.takeAny();
    if (number === undefined) throw new AllocationError('full', 'range is full');
    return this.#text(number);
  }

  /** May be called for an address that is free or of another range. */
  release(ip: string): void {
    const number = this.#number(ip);
    if (number !== undefined) this.#pool.release(number);
  }

  has(ip: string): boolean {
    const number = this.#number(ip);
    return number !== undefined && this.#pool.has(number);
  }

  /** Forgets all and takes the addresses of `ips` that belong to the range. */
  rebuild(ips: Iterable<string>): void {
    this.#pool.clear();
    for (const ip of ips) {
      const number = this.#number(ip);
      if (number !== undefined) this.#pool.take(number);
    }
  }

  #number(text: string): number | undefined {
    const ip = ipNumber(text);
    return ip && inRange(ip, this.#cidr) ? Number(ip.value - this.#first) : undefined;
  }

  #text(number: number): string {
    return formatIpNumber({ family: this.#cidr.family, value: this.#first + BigInt(number) });
  }
}
