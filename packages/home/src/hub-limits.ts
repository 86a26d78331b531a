/** Requests: as many at once as `burst`, and from then on `perSecond`. */
export interface RateSetting {
  readonly perSecond: number;
  readonly burst: number;
}

/** How much may be asked of the registry, where it is not the usual. */
export interface HubLimitSettings {
  /** Most bytes of one blob. */
  readonly maxBlobBytes?: number;
  /** Uploads that one account has begun and neither finished nor cancelled. */
  readonly uploads?: number;
  /** Requests of one account, and of one address without an account. */
  readonly account?: RateSetting;
  readonly address?: RateSetting;
  /** Wrong passwords for one name from one address. */
  readonly failedLogins?: RateSetting;
}

const CHECKS: Readonly<Record<keyof HubLimitSettings, (value: unknown) => boolean>> = {
  maxBlobBytes: isCount,
  uploads: isCount,
  account: isRate,
  address: isRate,
  failedLogins: isRate,
};

export function isHubLimits(value: unknown): value is HubLimitSettings {
  if (!isObject(value)) return false;
  return Object.entries(value).every(([name, found]) => {
    const is = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof HubLimitSettings] : undefined;
    return is?.(found) ?? false;
  });
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

function isRate(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { perSecond, burst, ...others } = value;
  const atLeast = (number: unknown, least: number) => typeof number === 'number' && number >= least;
  return Object.keys(others).length === 0 && atLeast(perSecond, 0.001) && atLeast(burst, 1);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
