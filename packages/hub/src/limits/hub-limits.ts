/** How much may be asked of the registry. */
export interface HubLimits {
  /** Most bytes of one blob. */
  readonly maxBlobBytes: number;
  /** Uploads that one account has begun and neither finished nor cancelled. */
  readonly uploads: number;
  /** Requests of one account. */
  readonly account: Rate;
  /** Requests without an account from one address; addresses of the machine itself have no limit. */
  readonly address: Rate;
  /** Wrong passwords for one name from one address. */
  readonly failedLogins: Rate;
}

/** As many at once as `burst`, and from then on `perSecond`. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * A build farm does not come near them. What one account may have all the time is about half of what the process can
 * answer, so that a loop that went wild leaves the registry to others.
 */
export const DEFAULT_LIMITS: HubLimits = {
  maxBlobBytes: 2 ** 40,
  uploads: 5000,
  account: { perSecond: 5000, burst: 100_000 },
  address: { perSecond: 200, burst: 12_000 },
  failedLogins: { perSecond: 0.2, burst: 10 },
};
