/**
 * Memory for the bytes of values. One buffer for each value would cost as much again in headers, so small
 * values share slabs, filled from the front and never written to twice. When less than three quarters of a
 * slab are live, its live values move to the newest slab, so that a few survivors never keep much memory;
 * the memory itself goes with the last reader of it.
 */
export interface Tenant {
  readonly length: number;
  /** Where the bytes are. Only the slabs move them. */
  data: Buffer;
  offset: number;
  /** The slab that counts the value as live, and its place there. */
  slab: Slab | undefined;
  slot: number;
}

const SMALLEST_SLAB = 4 << 10;
const LARGEST_SLAB = 128 << 10;
/** Values from this size have a buffer of their own. */
const LARGE_VALUE = 16 << 10;

export class Slab {
  readonly data: Buffer;
  used = 0;
  live = 0;
  readonly tenants: Tenant[] = [];

  constructor(data: Buffer) {
    this.data = data;
  }

  /** Copies the bytes to the slab. */
  add(tenant: Tenant): void {
    this.data.set(view(tenant), this.used);
    this.adopt(tenant, this.used);
  }

  /** Takes a tenant whose bytes are in the slab already. */
  adopt(tenant: Tenant, at: number): void {
    this.used += tenant.length;
    this.live += tenant.length;
    tenant.data = this.data;
    tenant.offset = at;
    tenant.slab = this;
    tenant.slot = this.tenants.push(tenant) - 1;
  }

  remove(tenant: Tenant): void {
    this.live -= tenant.length;
    const last = this.tenants.pop();
    if (last && last !== tenant) {
      this.tenants[tenant.slot] = last;
      last.slot = tenant.slot;
    }
    tenant.slab = undefined;
  }
}

/** The bytes of a value, without a copy. */
export function view(tenant: Tenant): Buffer {
  const { data, offset, length } = tenant;
  return offset === 0 && length === data.length ? data : data.subarray(offset, offset + length);
}

export class Slabs {
  #newest: Slab | undefined;
  #adopted: Slab | undefined;
  /** Sum of the live values in slabs; the size of the next slab follows it, so that small stores stay small. */
  #live = 0;

  /** Takes the bytes over from wherever the writer had them. */
  add(tenant: Tenant): void {
    this.#live += tenant.length;
    this.#place(tenant);
  }

  /**
   * Takes the bytes where they are, in a buffer of several values that come one after the other and that
   * nobody writes to: the buffer becomes a slab.
   */
  adopt(tenant: Tenant): void {
    const { buffer, byteOffset } = tenant.data;
    if (this.#adopted?.data.buffer !== buffer) this.#adopted = new Slab(Buffer.from(buffer));
    this.#live += tenant.length;
    this.#adopted.adopt(tenant, byteOffset + tenant.offset);
  }

  /** The store needs the value no more. A reader that holds it can go on reading. */
  release(tenant: Tenant): void {
    const slab = tenant.slab;
    if (!slab) return;
    this.#live -= tenant.length;
    slab.remove(tenant);
    this.#evacuate(slab);
  }

  #place(tenant: Tenant): void {
    if (tenant.length >= LARGE_VALUE) {
      new Slab(Buffer.allocUnsafeSlow(tenant.length)).add(tenant);
      return;
    }
    this.#roomFor(tenant.length).add(tenant);
  }

  #roomFor(length: number): Slab {
    for (;;) {
      const slab = this.#newest;
      if (slab && slab.data.length - slab.used >= length) return slab;
      this.#newest = new Slab(Buffer.allocUnsafeSlow(this.#nextSize(length)));
      // Takes room in the new slab, at times all of it.
      if (slab) this.#evacuate(slab);
    }
  }

  #nextSize(need: number): number {
    return Math.max(need, SMALLEST_SLAB, Math.min(LARGEST_SLAB, this.#live >> 3));
  }

  #evacuate(slab: Slab): void {
    if (slab === this.#newest || slab.live * 4 >= slab.used * 3) return;
    for (const tenant of slab.tenants.splice(0)) this.#place(tenant);
    slab.live = 0;
  }
}
