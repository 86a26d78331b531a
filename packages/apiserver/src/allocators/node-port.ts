import { SampanError } from '@sampan/base';
import { AllocationError, NumberPool } from './number-pool.ts';

export const DEFAULT_NODE_PORT_RANGE = '30000-32767';

const MIN_RESERVED = 16;
const MAX_RESERVED = 128;
const RESERVED_SHARE = 32;
const MAX_PORT = 65_535;

/**
 * Node ports of one range (`LOW-HIGH`), in memory; rebuilt from the stored Services at start. The lower band
 * is for ports that clients choose (KEP-3668).
 */
export class NodePortAllocator {
  readonly range: string;
  readonly #low: number;
  readonly #pool: NumberPool;

  /** Throws a SampanError `invalid-node-port-range` when `range` is not of that form. */
  constructor(range = DEFAULT_NODE_PORT_RANGE, random?: () => number) {
    const match = /^(\d{1,5})-(\d{1,5})$/.exec(range);
    const low = Number(match?.[1]);
    const high = Number(match?.[2]);
    if (!match || low < 1 || high > MAX_PORT || low > high) {
      throw new SampanError('invalid-node-port-range', `The range of node ports ${range} cannot be used.`, {
        hint: `Give two ports, the lower first, such as ${DEFAULT_NODE_PORT_RANGE}.`,
      });
    }
    this.range = range;
    this.#low = low;
    const size = high - low + 1;
    const reserved = Math.min(Math.max(MIN_RESERVED, Math.floor(size / RESERVED_SHARE)), MAX_RESERVED);
    this.#pool = new NumberPool({
      size,
      reserved: size > reserved ? reserved : 0,
      ...(random ? { random } : {}),
    });
  }

  get free(): number {
    return this.#pool.free;
  }

  /** Takes a port; throws an AllocationError when it is taken or not in the range. */
  reserve(port: number): void {
    if (!this.#pool.contains(port - this.#low)) {
      const message = `provided port is not in the valid range. The range of valid ports is ${this.range}`;
      throw new AllocationError('not-in-range', message);
    }
    if (!this.#pool.take(port - this.#low)) {
      throw new AllocationError('allocated', 'provided port is already allocated');
    }
  }

  /** Takes any port; throws an AllocationError when none is free. */
  allocateNext(): number {
    const number = this.#pool.takeAny();
    if (number === undefined) throw new AllocationError('full', 'range is full');
    return this.#low + number;
  }

  /** May be called for a port that is free or outside the range. */
  release(port: number): void {
    this.#pool.release(port - this.#low);
  }

  has(port: number): boolean {
    return this.#pool.has(port - this.#low);
  }

  /** Forgets all and takes the ports of `ports` that belong to the range. */
  rebuild(ports: Iterable<number>): void {
    this.#pool.clear();
    for (const port of ports) this.#pool.take(port - this.#low);
  }
}
