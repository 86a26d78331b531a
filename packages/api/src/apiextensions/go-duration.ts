const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const MAX = 2n ** 63n;

/** Go's time.ParseDuration in nanoseconds, or undefined when the text is none or overflows. */
export function parseGoDuration(text: string): bigint | undefined {
  if (text.length > 256) return undefined;
  const match = /^([+-]?)(.*)$/s.exec(text);
  const body = match?.[2] ?? '';
  if (body === '0') return 0n;
  if (body === '' || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0n;
  for (const part of body.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const unit = UNITS[part[3] ?? ''] ?? 0n;
    total += BigInt(part[1] === '' ? '0' : (part[1] ?? '0')) * unit;
    const fraction = part[2] ?? '';
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    if (total > MAX) return undefined;
  }
  if (match?.[1] === '-') return -total;
  return total === MAX ? undefined : total;
}

const LOOSE_UNITS: readonly (readonly [readonly string[], bigint])[] = [
  [['ns', 'nano'], 1n],
  [['us', 'µs', 'micro'], 1_000n],
  [['ms', 'milli'], 1_000_000n],
  [['s', 'sec'], 1_000_000_000n],
  [['m', 'min'], 60_000_000_000n],
  [['h', 'hr', 'hour'], 3_600_000_000_000n],
  [['d', 'day'], 86_400_000_000_000n],
  [['w', 'wk', 'week'], 604_800_000_000_000n],
];

/** strfmt's duration: Go's, or Scala-like words such as `3 days`. Nanoseconds or undefined. */
export function parseLooseDuration(text: string): bigint | undefined {
  const strict = parseGoDuration(text);
  if (strict !== undefined) return strict;
  if (text.length > 1_024) return undefined;
  let total = 0n;
  let found = false;
  for (const match of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const factor = BigInt(match[1] ?? '0');
    if (factor >= MAX) return undefined;
    const unit = (match[2] ?? '').toLowerCase();
    for (const [variants, multiplier] of LOOSE_UNITS) {
      variants.forEach((variant, i) => {
        if ((i === variants.length - 1 && unit.startsWith(variant)) || variant === unit) {
          found = true;
          total += factor * multiplier;
        }
      });
    }
  }
  return found ? BigInt.asIntN(64, total) : undefined;
}

/** Go's Duration.String(). */
export function formatGoDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const value = nanos < 0n ? -nanos : nanos;
  const decimal = (v: bigint, unit: bigint): string => {
    const rest = v % unit;
    const digits = String(unit).length - 1;
    const fraction = rest === 0n ? '' : `.${String(rest).padStart(digits, '0').replace(/0+$/, '')}`;
    return `${v / unit}${fraction}`;
  };
  if (value < 1_000n) return `${sign}${value}ns`;
  if (value < 1_000_000n) return `${sign}${decimal(value, 1_000n)}µs`;
  if (value < 1_000_000_000n) return `${sign}${decimal(value, 1_000_000n)}ms`;
  const hours = value / 3_600_000_000_000n;
  const minutes = (value / 60_000_000_000n) % 60n;
  const seconds = decimal(value % 60_000_000_000n, 1_000_000_000n);
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}
