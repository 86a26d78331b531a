/** Both ends are in it; IPv4 addresses as numbers. */
export type Range = readonly [from: number, to: number];

export const ipNumberOf = (ip: string): number =>
  ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);

export const formatIp = (ip: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(ip / 2 ** shift) % 256).join('.');

/** undefined when it is not an IPv4 range. Bits beyond the prefix are ignored. */
export function rangeOf(cidr: string): Range | undefined {
  const match = /^(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\/(\d{1,2})$/.exec(cidr.trim());
  const [, ip = '', bits = ''] = match ?? [];
  if (!match || Number(bits) > 32 || ip.split('.').some((byte) => Number(byte) > 255)) return undefined;
  const size = 2 ** (32 - Number(bits));
  const from = Math.floor(ipNumberOf(ip) / size) * size;
  return [from, from + size - 1];
}

/** Sorted, with those that overlap or touch made one. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** What of `range` is in none of `holes`. */
export function withoutRanges(range: Range, holes: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let [from] = range;
  for (const hole of mergeRanges(holes)) {
    if (hole[1] < from || hole[0] > range[1]) continue;
    if (hole[0] > from) rest.push([from, hole[0] - 1]);
    from = hole[1] + 1;
  }
  if (from <= range[1]) rest.push([from, range[1]]);
  return rest;
}

export const contains = (ranges: readonly Range[], ip: number): boolean =>
  ranges.some(([from, to]) => from <= ip && ip <= to);

/** As nftables writes an interval. */
export const rangeText = ([from, to]: Range): string =>
  from === to ? formatIp(from) : `${formatIp(from)}-${formatIp(to)}`;
